"""What is to be expected of a judgement: exact chances, drawn benchmarks, the cheap estimate."""

import itertools
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.judge import (
    FAILED,
    UNMEASURED,
    LoadKpi,
    LoadObjective,
    LoadSession,
    LoadShape,
    PairedObjective,
    RelativeObjective,
    errors_objective,
    latency_objective,
)
from modelward.judge.budget import DISPERSION, estimate
from modelward.judge.chances import (
    Chances,
    binomial,
    exam_chances,
    judged_again,
    mixed,
    rate_chances,
    stopped,
)
from modelward.judge.exams import ExamObjective, RowCounts, exam_decision
from modelward.judge.forecast import Quality, forecast, qualities
from modelward.judge.pairs import PairedWindow
from modelward.judge.windows import RateWindow, WindowJudge
from tests.unit.judge_exact import exact

FIVE = Fraction(5, 100)
ERRORS = errors_objective(Fraction(10, 100), Fraction(5, 100), FIVE, FIVE)
SHAPE = LoadShape.of(Fraction(20), Fraction(60), Fraction(10))


@pytest.mark.parametrize("share", ["0.02", "0.05", "0.1", "0.2"])
def test_chances_are_those_of_weighing_every_outcome(share: str) -> None:
    weighed = exact(ERRORS, Fraction(share), 2_000)
    found = rate_chances(ERRORS, Fraction(share), 2_000)
    assert found.promoted == pytest.approx(weighed.promoted, abs=1e-7)
    assert found.rolled_back == pytest.approx(weighed.rolled_back, abs=1e-7)
    assert found.mean == pytest.approx(weighed.requests, rel=1e-5)


@given(
    st.fractions(0, 1, max_denominator=50), st.integers(1, 12), st.integers(1, 30),
    st.sampled_from([100, 137, 900]),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_something_always_happens(share: Fraction, window: int, windows: int, phi: int) -> None:
    found = rate_chances(ERRORS, share, windows, window, phi)
    assert found.promoted + found.rolled_back + found.undecided == pytest.approx(1)
    assert found.mean <= found.budget + 1e-6
    assert sum(chance for _, chance in found.ends) == pytest.approx(1 - found.undecided)


def test_a_binomial_distribution_is_that_of_counting_all_draws() -> None:
    counted = [0.0] * 5
    for draws in itertools.product((0, 1), repeat=4):
        counted[sum(draws)] += 0.3 ** sum(draws) * 0.7 ** (4 - sum(draws))
    assert binomial(4, 0.3) == pytest.approx(counted)
    assert binomial(3, 0.0) == [1.0]
    assert binomial(3, 1.0) == [0.0, 0.0, 0.0, 1.0]


def test_a_test_of_a_fixed_size_ends_at_its_size() -> None:
    found = stopped(lambda _: (1, 2), Fraction(1, 2), 1, 3)
    assert (found.promoted, found.rolled_back, found.mean) == pytest.approx((0.5, 0.5, 3))
    assert found.within(0.95) == 3


def test_what_is_not_reached_within_the_budget_has_no_number() -> None:
    chances = Chances(0.4, 0.1, 0.5, ((10, 0.3), (20, 0.2)), 30)
    assert chances.within(0.3) == 10
    assert chances.within(0.95) is None
    assert chances.mean == 3 + 4 + 15


def test_parts_are_mixed_in_equal_shares() -> None:
    one = Chances(1.0, 0.0, 0.0, ((10, 1.0),), 30)
    other = Chances(0.0, 0.0, 1.0, (), 30)
    assert mixed([one, other]) == Chances(0.5, 0.0, 0.5, ((10, 0.5),), 30)


def test_a_rollback_that_is_not_licensed_only_begins_a_second_judgement() -> None:
    first = Chances(0.4, 0.2, 0.4, ((10, 0.5), (50, 0.1)), 100, ((10, 0.1), (50, 0.1)))
    second = Chances(0.2, 0.8, 0.0, ((30, 0.5), (60, 0.5)), 100, ((30, 0.5), (60, 0.3)))
    both = judged_again(first, 20, second)
    # From 10 on there is time for all of the second one, from 50 on only for its first half.
    assert both.rolled_back == pytest.approx(0.1 * 0.8 + 0.1 * 0.5)
    assert both.promoted == pytest.approx(0.4 + 0.1 * 0.2)
    assert both.undecided == pytest.approx(0.4 + 0.1 * 0.5)
    assert dict(both.ends) == pytest.approx({10: 0.4, 60: 0.05, 90: 0.05, 100: 0.05})


@pytest.mark.parametrize(("right", "draws"), [(14, None), (15, None), (11, 12)])
def test_rows_are_weighed_over_all_orders(right: int, draws: int | None) -> None:
    """Sixteen rows that are read on, though so few would be read whole."""
    objective = ExamObjective(Fraction(7, 10), FIVE, FIVE)
    found = exam_chances(objective, 16, right, draws)
    total = found.promoted + found.rolled_back + found.undecided
    assert total == pytest.approx(1)
    if draws is None:
        assert found.promoted == pytest.approx(1)
        assert found.mean == pytest.approx(16)


def test_of_a_long_exam_a_drawn_order_ends_as_often_as_the_chances_say() -> None:
    objective = ExamObjective(Fraction(92, 100), FIVE, FIVE)
    found = exam_chances(objective, 1_000, 950)
    rng, read = random.Random(1), []
    for _ in range(60):
        rows = [True] * 950 + [False] * 50
        rng.shuffle(rows)
        correct = 0
        for n, is_right in enumerate(rows, start=1):
            correct += is_right
            if exam_decision(RowCounts(1_000, n, correct), objective)[0] != "Inconclusive":
                read.append(n)
                break
    assert sum(read) / 60 == pytest.approx(found.mean, rel=0.25)


@pytest.mark.parametrize(
    ("expected", "limit"), [("0.01", "0.02"), ("0.001", "0.003"), ("0.05", "0.1")]
)
@pytest.mark.parametrize("times", [1, 2])
def test_the_estimate_is_near_the_exact_chances(expected: str, limit: str, times: int) -> None:
    """Within a quarter, and never much too hopeful about the budget."""
    objective = errors_objective(Fraction(limit), Fraction(expected), FIVE, FIVE)
    phi = int(100 * DISPERSION)
    exactly = rate_chances(objective, Fraction(expected), 4_000, 10, phi)
    budget = times * round(exactly.mean / 10) * 10
    guessed = estimate(objective, budget)
    assert guessed is not None
    assert guessed.requests == pytest.approx(exactly.mean, rel=0.25)
    within = rate_chances(objective, Fraction(expected), budget // 10, 10, phi)
    assert guessed.undecided == pytest.approx(within.undecided, abs=0.2)


def test_no_load_decides_nothing() -> None:
    guessed = estimate(ERRORS, 0)
    assert guessed is not None
    assert guessed.undecided == 1


def test_a_comparison_with_stable_is_estimated_for_versions_that_fail_nothing_alone() -> None:
    quiet = PairedObjective(Fraction(1, 100), FIVE, FIVE)
    guessed = estimate(quiet, 1_000)
    assert guessed is not None
    judge = WindowJudge(quiet)
    while judge.add(PairedWindow(10, 0, 0, 0)) == "Inconclusive":
        pass
    assert guessed.requests == pytest.approx(judge.counts.requests, abs=10)
    assert estimate(quiet, judge.counts.requests).undecided == 0  # type: ignore[union-attr]


def test_a_ratio_is_only_estimated_where_a_rate_is_good_enough() -> None:
    assert estimate(RelativeObjective(Fraction(3, 2), FIVE, FIVE), 1_000) is None
    below = RelativeObjective(Fraction(3, 2), FIVE, FIVE, Fraction(1, 100))
    assert estimate(below, 1_000) is not None


@pytest.mark.parametrize(
    "objective",
    [
        ERRORS,
        errors_objective(Fraction(1, 10), None, FIVE, FIVE),
        latency_objective(Fraction(90, 100), True, FIVE, FIVE),
        PairedObjective(Fraction(5, 100), FIVE, FIVE),
        RelativeObjective(Fraction(3), FIVE, FIVE, Fraction(2, 100)),
    ],
)
def test_forecasts_say_the_same_each_time_and_prefer_the_better_version(
    objective: LoadObjective,
) -> None:
    shown = qualities(objective, Fraction(1, 100))
    best, worst = forecast(objective, shown[0], SHAPE), forecast(objective, shown[-1], SHAPE)
    assert best == forecast(objective, shown[0], SHAPE)
    assert best.chances.promoted > worst.chances.promoted
    assert best.chances.rolled_back <= worst.chances.rolled_back


def test_at_a_rare_limit_a_rollback_waits_for_a_calibration_that_measures() -> None:
    objective = errors_objective(Fraction("0.003"), Fraction("0.001"), FIVE, FIVE)
    shape = LoadShape(Fraction(40), 0, 10, 900)
    found = forecast(objective, Quality("", Fraction("0.006")), shape)
    # Sixty windows hold three or four bad requests, which measure nothing.
    assert found.dispersions[0] == UNMEASURED
    assert sum(chance for n, chance in found.chances.ends if n <= 600) < 0.01
    assert found.chances.rolled_back > 0.8


def test_an_assumed_dispersion_takes_the_place_of_calibration() -> None:
    quality = qualities(ERRORS, Fraction(0))[1]
    at_one, at_five = (forecast(ERRORS, quality, SHAPE, phi) for phi in (100, 500))
    assert at_one.dispersions == (100,)
    assert at_one.chances.mean < at_five.chances.mean
    assert at_one.chances == rate_chances(ERRORS, quality.share, 120, 10)


def test_windows_of_counts_are_judged_as_the_requests_they_stand_for() -> None:
    rng = random.Random(5)
    shape = LoadShape(Fraction(40), 0, 10, 300)
    for share in (0.02, 0.05, 0.1, 0.2):
        session, judge = LoadSession(shape, (LoadKpi(ERRORS),)), WindowJudge(ERRORS)
        for number in itertools.count():
            bad = [rng.random() < share for _ in range(10)]
            judge.add(RateWindow(10, sum(bad)))
            for i, is_bad in enumerate(bad):
                session.record(10 * number + i, FAILED if is_bad else 1)
            if session.finished:
                break
        (result,) = session.results()
        assert (judge.outcome, judge.counts) == (result.outcome, result.counts)
        assert judge.verdict().verdict == result.outcome


def test_a_window_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="PairedWindow where a RateWindow"):
        WindowJudge(ERRORS).add(PairedWindow(10, 1, 0, 0))
    with pytest.raises(ValueError, match="11 bad ones of 10"):
        RateWindow(10, 11)
