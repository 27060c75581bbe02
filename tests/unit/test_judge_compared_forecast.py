"""How comparisons of latencies would end, beside those that the judge itself judges."""

import math
import random
from dataclasses import replace
from fractions import Fraction
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.judge import ComparedKpi, ComparisonSession, LoadShape, QuantileObjective
from modelward.judge.budget import estimate
from modelward.judge.chances import Chances
from modelward.judge.comparedforecast import Latencies, compared_chances, speeds
from modelward.judge.quantiles import QuantileCounts, quantile_decision

FIVE = Fraction(5, 100)
TENTH = QuantileObjective(Fraction(95, 100), Fraction(1, 10), True, FIVE, FIVE)
BY_20MS = replace(TENTH, margin=Fraction(20, 1000), relative=False)
STABLE = Latencies(0.08, 0.1)
SHAPE = LoadShape(Fraction(40), 0, 10, 300)


def chances(
    objective: QuantileObjective, label: str, shape: LoadShape = SHAPE, stable: Latencies = STABLE
) -> Chances:
    (speed,) = (each for each in speeds(objective, stable) if each.label == label)
    return compared_chances(objective, speed, stable, shape)


def judged(times: float, seed: int) -> tuple[str, int]:
    """Let the judge judge lognormal latencies; return the outcome and pairs of evidence."""
    rng, run = random.Random(seed), ComparisonSession(SHAPE, (ComparedKpi(TENTH),))
    spread = math.log(STABLE.p95 / STABLE.median) / 1.6448536
    request = 0
    while not run.finished:
        ours, stables = (STABLE.median * rng.lognormvariate(0, spread) for _ in range(2))
        run.record(request, int(times * ours * 1e9), int(stables * 1e9))
        request += 1
    return run.results()[0].outcome, request - SHAPE.calibration_windows * SHAPE.window


@pytest.mark.parametrize(("label", "times"), [("like stable", 1), ("twice the margin slower", 1.2)])
def test_what_is_forecast_is_what_the_judge_comes_to(label: str, times: float) -> None:
    seen = [judged(times, seed) for seed in range(60)]
    forecast = chances(TENTH, label)
    passed = mean(outcome == "Pass" for outcome, _ in seen)
    assert passed == pytest.approx(forecast.promoted, abs=0.1)
    assert mean(pairs for _, pairs in seen) == pytest.approx(forecast.mean, rel=0.3)


@pytest.mark.parametrize("objective", [TENTH, BY_20MS], ids=["a tenth", "20ms"])
def test_at_the_margin_hardly_any_version_is_promoted_or_rolled_back(
    objective: QuantileObjective,
) -> None:
    at_the_margin = chances(objective, "the margin slower")
    # Five of a hundred at most, and three standard errors of so many benchmarks.
    assert at_the_margin.promoted <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 240)
    assert at_the_margin.rolled_back <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 240)
    assert chances(objective, "like stable").promoted > 0.9
    assert chances(objective, "twice the margin slower").rolled_back > 0.9


def test_a_version_like_stable_takes_longer_where_latencies_have_long_tails() -> None:
    long_tails = chances(TENTH, "like stable", stable=Latencies(0.05, 0.1))
    assert long_tails.mean > 2 * chances(TENTH, "like stable").mean


def test_a_load_too_short_for_its_calibration_comes_to_no_verdict() -> None:
    rare = replace(TENTH, quantile=Fraction(99, 100))
    short = chances(rare, "like stable", replace(SHAPE, evidence_windows=20))
    assert short.undecided == pytest.approx(1, abs=0.05)


def test_a_dispersion_that_is_taken_for_granted_costs_its_multiple() -> None:
    speed, shape = speeds(TENTH, STABLE)[0], replace(SHAPE, calibration_windows=0)
    quiet, loud = (
        compared_chances(TENTH, speed, STABLE, shape, hundredths) for hundredths in (130, 520)
    )
    assert loud.mean > 2 * quiet.mean


@given(st.floats(0.01, 10), st.floats(1.01, 20), st.floats(0.5, 0.999))
def test_a_share_beyond_a_quantile_is_what_the_quantile_leaves(
    median: float, ratio: float, share: float
) -> None:
    latencies = Latencies(median, ratio * median)
    assert latencies.beyond(latencies.quantile(share)) == pytest.approx(1 - share, abs=1e-6)
    assert latencies.quantile(0.95) == pytest.approx(latencies.p95)


def test_latencies_that_nobody_has_are_refused() -> None:
    for median, p95 in ((0.0, 1.0), (0.2, 0.1), (0.1, 0.1)):
        with pytest.raises(ValueError, match="is not above a median"):
            Latencies(median, p95)


@given(st.integers(0, 60), st.sampled_from([Fraction(9, 10), Fraction(95, 100)]))
def test_even_a_version_that_is_never_slow_needs_the_pairs_that_are_estimated(
    fewer: int, quantile: Fraction
) -> None:
    objective = replace(TENTH, quantile=quantile)
    found = estimate(objective, 1_000)
    assert found is not None
    assert found.at_least
    needed = round(found.requests * float(1 - quantile))
    for won in (needed - 1 - fewer, needed + fewer):
        counts = QuantileCounts(60, 126, 100, requests=1_000, won=max(won, 0))
        outcome, _ = quantile_decision(counts, objective)
        assert (outcome == "Pass") == (won >= needed)


@pytest.mark.parametrize(("budget", "likely"), [(8, False), (100, False), (400, True)])
def test_a_budget_without_that_many_slow_requests_of_stables_decides_nothing(
    budget: int, likely: bool
) -> None:
    found = estimate(TENTH, budget)
    assert found is not None
    assert (found.undecided < 0.5) == likely
    assert 0 <= found.undecided <= 1
