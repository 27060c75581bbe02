"""What a JSON Schema of a user's says of answers that a hostile server may have made."""

from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.benchmark.rows import same_json
from modelward.runner.metrics.schemas import validator
from modelward.strictjson import Json

UNIQUE: dict[str, Json] = {"uniqueItems": True}
SCALARS: list[Json] = [None, False, True, 0, 1, -1, "", "1", "true"]
SCALARS += map(Decimal, ("1.0", "0.5", "-0.0"))
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(st.lists(VALUES, max_size=5))
def test_items_are_unique_where_no_two_are_the_same_json(items: list[Json]) -> None:
    unique = not any(same_json(one, other) for one, other in combinations(items, 2))
    assert validator(UNIQUE)(items) == unique


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ({"a": 1}, True),
        ("[1, true]", True),
        ("[1, 1.0]", False),
        ("[[1], [true], [1]]", False),
        ('[{"a": 1, "b": 2}, {"b": 2, "a": 1}]', False),
    ],
)
def test_only_lists_have_items_and_texts_are_read_as_json(value: Json, valid: bool) -> None:
    assert validator(UNIQUE)(value) == valid


@pytest.mark.parametrize("draft", ["draft-07", "draft/2019-09", "draft/2020-12"])
def test_a_list_that_cannot_be_sorted_is_checked_however_long_it_is(draft: str) -> None:
    """Comparing all pairs of these would take an hour; also where a schema refers to itself."""
    items: list[Json] = [{"a": number} for number in range(60_000)]
    ending = "#" if draft == "draft-07" else ""
    named: Json = f"http{'' if ending else 's'}://json-schema.org/{draft}/schema{ending}"
    itself: dict[str, Json] = {"$schema": named, "items": {"$ref": "#"}, "uniqueItems": True}
    for schema in (UNIQUE, itself):
        assert validator(schema)([items])
        assert validator(schema)(items)
        assert not validator(schema)([*items, {"a": 7}])
    assert not validator(itself)([[*items, {"a": 7}]])


def test_who_does_not_ask_for_unique_items_gets_any() -> None:
    assert validator({"uniqueItems": False})([1, 1])
