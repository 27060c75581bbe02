"""However many rows there are, and in whatever order they stand: memory and errors stay.

`make bench-rows` shows the same for a million rows, with the real runner.
"""

import functools
import math
import random
import threading
import tracemalloc
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import pytest

from modelward.benchmark.records import JsonLines
from modelward.judge import ExamObjective, RowCounts, exam_decision
from modelward.runner.form import RowForm
from modelward.runner.index import Index, build, place
from tests.unit.runner_plans import golden

ROWS, REVISIONS, LOOK_EVERY = 1_500, 300, 10
OBJECTIVE = ExamObjective(Fraction(92, 100), Fraction(1, 20), Fraction(1, 20))
LEAST = math.ceil(ROWS * OBJECTIVE.limit)
MOST = 0.05 + 3 * math.sqrt(0.05 * 0.95 / REVISIONS)
"""What 300 revisions show of a probability of 5%, with three standard errors."""


@functools.cache
def outcome(read: int, right: int) -> str:
    return exam_decision(RowCounts(ROWS, read, right), OBJECTIVE)[0]


def ends(answers: list[bool], key: str) -> tuple[str, int]:
    """Return the verdict about rows that are read in their order, and how many were read."""
    right = 0
    order = sorted(range(ROWS), key=lambda number: place(number, key))
    for read, number in enumerate(order, start=1):
        right += answers[number]
        if read % LOOK_EVERY == 0 or read == ROWS:
            found = outcome(read, right)
            if found != "Inconclusive":
                return found, read
    raise AssertionError("all rows were read without a verdict")


@pytest.mark.parametrize(("correct", "full_pass"), [(LEAST - 1, "Fail"), (LEAST, "Pass")])
@pytest.mark.parametrize("shuffled", [False, True])
def test_a_sorted_file_misleads_as_seldom_as_a_shuffled_one(
    correct: int, full_pass: str, shuffled: bool
) -> None:
    answers = [number < correct for number in range(ROWS)]
    if shuffled:
        random.Random(1).shuffle(answers)
    verdicts = [ends(answers, f"digest/{revision}")[0] for revision in range(REVISIONS)]
    assert sum(verdict != full_pass for verdict in verdicts) / REVISIONS <= MOST


def test_a_sorted_file_is_judged_by_a_part_of_its_rows() -> None:
    answers = [number < ROWS * 0.98 for number in range(ROWS)]
    found = [ends(answers, f"digest/{revision}") for revision in range(30)]
    assert {verdict for verdict, _ in found} == {"Pass"}
    assert sum(read for _, read in found) / len(found) < ROWS / 2


def indexed(rows: int, scratch: Path) -> tuple[Index, int]:
    """Return the index of so many rows, and the most memory that making it took."""
    records, form = JsonLines(BytesIO(golden(rows))), RowForm(None, numbered=False)
    tracemalloc.start()
    index = build(
        records, form, "key", ask=str, is_exam=True, scratch=scratch, stop=threading.Event()
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return index, peak


def test_a_row_takes_sixteen_bytes_of_memory(tmp_path: Path) -> None:
    few, at_first = indexed(500, tmp_path)
    many, in_the_end = indexed(4_500, tmp_path)
    assert many.offsets.itemsize + many.lines.itemsize == 16
    assert len(many.offsets) - len(few.offsets) == 4_000
    # Arrays grow by an eighth at a time, and are copied then.
    assert in_the_end - at_first < 4_000 * 16 * 2.5
