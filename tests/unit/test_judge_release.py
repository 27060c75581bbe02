"""Evidence across the steps of a release."""

import functools
from collections import defaultdict
from fractions import Fraction

import pytest

from modelward.judge import RateCounts, Tally, errors_objective
from modelward.judge.release import StepCounts, is_rolled_back, step_verdict

FIVE = Fraction(5, 100)
OBJECTIVE = errors_objective(Fraction(2, 100), Fraction(1, 100), FIVE, FIVE)
COARSE = errors_objective(Fraction(2, 5), Fraction(1, 5), FIVE, FIVE)
STEP = 30


def counts(requests: int, bad: int) -> RateCounts:
    return RateCounts(60, requests, Tally(100, bad))


def test_promotion_evidence_begins_anew_at_each_step() -> None:
    good_so_far = StepCounts(3, (counts(3_000, 20),))
    assert step_verdict(good_so_far, OBJECTIVE) == ("Pass", "")
    begun = StepCounts(3, (*good_so_far.counts, counts(0, 0)))
    assert step_verdict(begun, OBJECTIVE) == ("Inconclusive", "NotMeasured")
    going_on = StepCounts(3, (*good_so_far.counts, counts(100, 1)))
    assert step_verdict(going_on, OBJECTIVE)[1] == "Undecided"


def test_a_version_that_turns_bad_late_is_rolled_back_though_it_was_good_for_long() -> None:
    turned = StepCounts(3, (counts(3_000, 15), counts(3_000, 15), counts(250, 10)))
    whole = StepCounts(1, (counts(6_250, 40),))
    assert step_verdict(turned, OBJECTIVE) == ("Fail", "WorseThanExpected")
    assert step_verdict(whole, OBJECTIVE)[0] == "Pass"


def test_slow_harm_over_all_steps_is_rolled_back_too() -> None:
    slow = StepCounts(2, (counts(1_000, 18), counts(1_000, 18)))
    alone = StepCounts(2, (counts(1_000, 18), counts(0, 0)))
    assert is_rolled_back(slow, OBJECTIVE)
    assert not is_rolled_back(alone, OBJECTIVE)


@pytest.mark.parametrize("begun", [0, 3])
def test_steps_that_the_release_does_not_have_are_refused(begun: int) -> None:
    with pytest.raises(ValueError, match="have begun"):
        StepCounts(2, (counts(1, 0),) * begun)


def test_a_healthy_release_of_two_steps_is_rolled_back_as_seldom_as_declared() -> None:
    """Exactly: every outcome of two steps of thirty requests at what is expected."""
    share, going, rolled_back = 0.2, {(0, 0): 1.0}, 0.0

    @functools.cache
    def fails(first: int, read: int, second: int) -> bool:
        begun = [counts(min(read, STEP), first)]
        if read > STEP:
            begun.append(counts(read - STEP, second))
        return is_rolled_back(StepCounts(2, tuple(begun)), COARSE)

    for read in range(1, 2 * STEP + 1):
        after: defaultdict[tuple[int, int], float] = defaultdict(float)
        for (first, second), chance in going.items():
            more = (first + 1, second) if read <= STEP else (first, second + 1)
            after[first, second] += chance * (1 - share)
            after[more] += chance * share
        going = {}
        for (first, second), chance in after.items():
            if fails(first, read, second):
                rolled_back += chance
            else:
                going[first, second] = chance
    assert 0.005 < rolled_back <= FIVE + Fraction("1e-9")
