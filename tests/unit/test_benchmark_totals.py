"""What was counted on top of what a run began with."""

import pytest

from modelward.benchmark.bounds import CountsError
from modelward.benchmark.counts import (
    Counts,
    ErrorCounts,
    LatencyCounts,
    PairedErrorCounts,
)
from modelward.benchmark.totals import added


def test_counts_of_the_same_calibration_are_taken_off() -> None:
    before, after = ErrorCounts(300, 200, 9), ErrorCounts(300, 500, 20)
    assert added(before, after) == ErrorCounts(300, 300, 11)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ErrorCounts(125, 200, 9), ErrorCounts(310, 20, 1)),
        (ErrorCounts(125, 200, 9), ErrorCounts(125, 0, 0)),
        (LatencyCounts(300, 200, 1, 10, 125, 9), LatencyCounts(300, 20, 1, 10, 200, 9)),
        (PairedErrorCounts(125, 5_000, 200, 9, 0, 0), PairedErrorCounts(400, 90, 20, 1, 0, 0)),
    ],
)
def test_what_was_only_assumed_may_have_been_measured_since(before: Counts, after: Counts) -> None:
    assert added(before, after) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ErrorCounts(300, 200, 9), ErrorCounts(310, 500, 20)),
        (ErrorCounts(300, 200, 9), ErrorCounts(300, 0, 0)),
        (ErrorCounts(125, 200, 9), ErrorCounts(125, 100, 9)),
        (ErrorCounts(125, 200, 9), LatencyCounts(125, 200, 9, 1)),
    ],
)
def test_what_was_measured_does_not_change_on_the_way(before: Counts, after: Counts) -> None:
    with pytest.raises(CountsError):
        added(before, after)
