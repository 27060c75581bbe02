"""JSON as it is read here: whatever it holds, walking through it exhausts nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.benchmark.rows import same_json
from modelward.runner.form import exact
from modelward.strictjson import MAX_DEPTH, Json, StrictJsonError, loads_exact, loads_floats

scalars = st.none() | st.booleans() | st.integers() | st.text()
documents = st.recursive(scalars, lambda some: st.lists(some) | st.dictionaries(st.text(), some))


def nested(kinds: list[str]) -> str:
    """Return a document of lists and objects within each other, the first one outermost."""
    text = "1"
    for kind in reversed(kinds):
        text = f"[{text}]" if kind == "list" else f'{{"a": {text}}}'
    return text


@given(documents)
def test_what_is_written_is_read_again(document: Json) -> None:
    assert loads_floats(json.dumps(document)) == document


@given(st.lists(st.sampled_from(["list", "object"]), min_size=1, max_size=MAX_DEPTH))
def test_a_document_that_is_not_too_deep_can_be_walked_through(kinds: list[str]) -> None:
    text = nested(kinds)
    assert same_json(exact(loads_floats(text)), loads_exact(text))


@pytest.mark.parametrize("kind", ["list", "object"])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 500, 900, 100_000])
def test_a_document_that_is_too_deep_is_none(kind: str, depth: int) -> None:
    with pytest.raises(StrictJsonError, match="nested too deep"):
        loads_floats(nested([kind] * depth))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": }', "Expecting value (column 7)"),
        ('{"a": }\n', "Expecting value (column 7)"),
        ('{\n"a": }', "Expecting value (line 2, column 6)"),
    ],
)
def test_where_text_is_not_json_is_told_without_lines_where_it_is_one(text: str, told: str) -> None:
    with pytest.raises(StrictJsonError) as raised:
        loads_floats(text)
    assert str(raised.value) == told


def test_many_brackets_are_not_deep() -> None:
    assert loads_floats("[" + ", ".join(["[]"] * 1_000) + "]") == [[]] * 1_000
    assert loads_floats(json.dumps("[" * 1_000)) == "[" * 1_000
