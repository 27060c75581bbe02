"""The pass over all rows: what it refuses, however rows are ordered, and what it leaves."""

import json
import threading
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.benchmark.records import JsonLines, RowsError
from modelward.protocols import dialogue
from modelward.runner.form import RowForm
from modelward.runner.index import Index, build


def index(
    rows: list[tuple[str, object, object]], *, is_exam: bool = True, scratch: Path | None = None
) -> Index:
    members = ("id", "inputs", "expected")
    text = "\n\n".join(json.dumps(dict(zip(members, row, strict=True))) for row in rows)
    records = JsonLines(BytesIO(text.encode()))
    form = RowForm(None, numbered=False)
    return build(
        records, form, "key", ask=str, is_exam=is_exam, scratch=scratch, stop=threading.Event()
    )


def test_an_id_that_occurs_twice_is_told_with_both_lines() -> None:
    with pytest.raises(RowsError, match='line 5: id "a" is already that of line 1'):
        index([("a", 1, 1), ("b", 2, 2), ("a", 3, 3)])


def test_an_exam_that_contradicts_itself_is_refused_and_a_sample_is_not() -> None:
    rows: list[tuple[str, object, object]] = [("a", {"x": 1, "y": 2}, 1), ("b", 0, 1)]
    rows.append(("c", {"y": 2, "x": 1}, 2))
    with pytest.raises(RowsError, match='rows "a" and "c" have the same inputs'):
        index(rows)
    assert len(index(rows, is_exam=False).lines) == 3
    assert len(index([*rows[:2], ("c", {"y": 2, "x": 1}, 1.0)]).lines) == 3


@given(st.lists(st.integers(0, 12), min_size=1, max_size=30), st.booleans())
def test_the_first_pass_finds_exactly_what_comparing_all_rows_would(
    answers: list[int], in_memory: bool
) -> None:
    rows: list[tuple[str, object, object]] = [
        (f"row-{i}", answer % 4, answer // 4) for i, answer in enumerate(answers)
    ]
    contradicted = len({a % 4 for a in answers}) < len(set(answers))
    scratch = None if in_memory else Path("/tmp")
    if contradicted:
        with pytest.raises(RowsError, match="expect different answers"):
            index(rows, scratch=scratch)
    else:
        assert sorted(index(rows, scratch=scratch).lines) == [2 * i + 1 for i in range(len(rows))]


def test_the_pass_ends_when_it_is_told_to() -> None:
    stop = threading.Event()
    stop.set()
    records = JsonLines(BytesIO(b'{"id": "a", "inputs": 1, "expected": 1}'))
    with pytest.raises(InterruptedError):
        build(
            records,
            RowForm(None, numbered=False),
            "",
            ask=str,
            is_exam=True,
            scratch=None,
            stop=stop,
        )


def test_a_row_that_its_protocol_cannot_send_is_told_with_its_line() -> None:
    content = b'{"id": "a", "inputs": [], "expected": 1}\n{"id": "b", "inputs": 7, "expected": 1}\n'
    asks = dialogue("v2", "m", {}).ask
    with pytest.raises(RowsError, match="line 2: protocol v2 takes a list of tensors"):
        build(
            JsonLines(BytesIO(content)),
            RowForm(None, numbered=False),
            "",
            ask=asks,
            is_exam=False,
            scratch=None,
            stop=threading.Event(),
        )
