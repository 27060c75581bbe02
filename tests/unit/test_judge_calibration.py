"""How much dependent requests are worth, and how long it takes to know."""

import itertools
import random
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.judge import (
    UNMEASURED,
    PairedCounts,
    PairedObjective,
    PairedWindow,
    RateCounts,
    RelativeCounts,
    RelativeObjective,
    Tally,
    errors_objective,
    latency_objective,
    paired_verdict,
    rate_verdict,
    relative_verdict,
)
from modelward.judge.calibration import ENOUGH, STRETCHES, scatter
from modelward.judge.windows import LoadObjective, RateWindow, Window, WindowJudge

FIVE = Fraction(5, 100)
ERRORS = errors_objective(FIVE, FIVE / 2, FIVE, FIVE)
LATENCY = latency_objective(Fraction(95, 100), True, FIVE, FIVE)
PAIRED = PairedObjective(Fraction(2, 100), FIVE, FIVE)
RELATIVE = RelativeObjective(Fraction(3, 2), FIVE, FIVE)
QUIET, LOUD = RateWindow(10, 0), RateWindow(10, 5, 5)


def judged(windows: Sequence[Window], objective: LoadObjective = ERRORS) -> WindowJudge:
    judge = WindowJudge(objective)
    for window in windows:
        judge.add(window)
    return judge


def bursts(every: int, windows: int) -> list[Window]:
    """Five bad requests at once, every so many windows."""
    return [LOUD if i % every == 0 else QUIET for i in range(windows)]


@pytest.mark.parametrize(
    ("per_window", "hundredths"),
    [
        ([0] * 60, UNMEASURED),  # no bad request: nothing was measured, the margin stays
        (([1] + [0] * 5) * 9 + [0] * 6, UNMEASURED),  # nine single ones: too few to measure
        ([1] * 60, UNMEASURED + 1),  # more even than chance: never below 1
        ([5] + [0] * 59, 750),  # one burst of five
        ([0, 0, 4, 1] + [0] * 56, 750),  # the same, cut by a window's end
        ([0, 2, 2, 1] + [0] * 56, 750),  # the same, over three windows
        ([2, 1, 0, 0] * 15, 233),
        ([], UNMEASURED),
        ([10_000] + [0] * 59, 99_999),
    ],
)
def test_dispersion_is_the_largest_variance_over_mean_with_a_margin(
    per_window: list[int], hundredths: int
) -> None:
    assert scatter(per_window).dispersion == hundredths


def test_a_stretch_that_is_longer_than_a_window_is_seen_by_batches_of_windows() -> None:
    slow = ([1] * 16 + [0] * 112) * 8
    assert scatter(slow).ratio > 14
    assert scatter([1] + [0] * 1023).ratio == 1


@given(st.lists(st.integers(0, 10), min_size=60, max_size=300), st.randoms())
def test_a_measured_dispersion_is_above_what_is_assumed_and_above_that_of_windows_alone(
    bad_ones: list[int], rng: random.Random
) -> None:
    found = scatter(bad_ones)
    mean = Fraction(sum(bad_ones), len(bad_ones))
    if mean:
        variance = sum((bad - mean) ** 2 for bad in bad_ones) / (len(bad_ones) - 1)
        assert found.ratio >= variance / mean
    if found.is_measured:
        assert found.dispersion > UNMEASURED
        assert found.dispersion >= 125 * found.ratio
    assert found.is_known == (found.ratio < STRETCHES or found.events >= ENOUGH * found.ratio)


@pytest.mark.parametrize(
    ("windows", "calibration"),
    [
        ([QUIET] * 70, 60),  # nothing to measure
        ([RateWindow(10, i % 2) for i in range(70)], 60),  # independent ones, and enough of them
        (bursts(every=5, windows=80), 60),  # twelve bursts of five in sixty windows are enough
        (bursts(every=10, windows=130), 120),  # six are not
        (bursts(every=20, windows=250), 240),  # a burst now and then: until ten are measured
    ],
)
def test_calibration_goes_on_until_it_has_seen_ten_stretches(
    windows: list[Window], calibration: int
) -> None:
    judge = judged(windows)
    assert judge.evidence_from == calibration
    assert judge.counts.requests == 10 * (len(windows) - calibration)


def test_while_it_calibrates_there_is_neither_evidence_nor_a_verdict() -> None:
    judge = judged(bursts(every=20, windows=239))
    assert isinstance(judge.counts, RateCounts)
    verdict = rate_verdict(judge.counts, ERRORS)
    assert (verdict.verdict, verdict.reason) == ("Inconclusive", "Uncalibrated")
    assert (judge.counts.requests, judge.windows, judge.requests) == (0, 239, 2390)


@pytest.mark.parametrize(
    "verdict",
    [
        rate_verdict(RateCounts(60, 1_000, Tally(UNMEASURED, 200)), ERRORS),
        rate_verdict(RateCounts(60, 1_000, Tally(300, 90), Tally(UNMEASURED, 200)), LATENCY),
        paired_verdict(PairedCounts(60, UNMEASURED, 5_000, requests=1_000, lost=200), PAIRED),
        relative_verdict(RelativeCounts(60, UNMEASURED, 300, 1_000, 200, 20), RELATIVE),
    ],
)
def test_a_dispersion_that_is_only_assumed_rolls_nothing_back(verdict: object) -> None:
    assert (getattr(verdict, "verdict"), getattr(verdict, "reason")) == (  # noqa: B009
        "Inconclusive",
        "Uncalibrated",
    )


def test_a_dispersion_that_is_only_assumed_promotes() -> None:
    assert rate_verdict(RateCounts(60, 1_000, Tally(UNMEASURED, 5)), ERRORS).verdict == "Pass"


def test_a_burst_after_a_quiet_calibration_is_measured_before_it_rolls_back() -> None:
    judge = judged([QUIET] * 60 + [LOUD])
    assert (judge.outcome, judge.counts.requests) == ("Inconclusive", 0)
    assert judge.calibrated_anew
    for _ in range(70):
        judge.add(QUIET)
    assert judge.counts.requests == 0  # a quiet minute does not do any more


@pytest.mark.parametrize(
    ("objective", "good", "bad"),
    [
        (ERRORS, QUIET, RateWindow(10, 10)),
        (LATENCY, QUIET, RateWindow(10, 0, 10)),
        (PAIRED, PairedWindow(10, 0, 0, 0), PairedWindow(10, 10, 0, 0)),
        (RELATIVE, PairedWindow(10, 0, 0, 0), PairedWindow(10, 10, 0, 0)),
    ],
)
def test_a_version_that_breaks_after_a_quiet_calibration_is_rolled_back_all_the_same(
    objective: LoadObjective, good: Window, bad: Window
) -> None:
    judge = judged([good] * 61 + [bad] * 100, objective)
    assert judge.outcome == "Fail"
    assert judge.verdict().verdict == "Fail"


def drawn(seed: int, share: float, stays: float) -> list[Window]:
    """Windows of requests that are bad in stretches."""
    rng, bad, windows = random.Random(seed), False, []
    for _ in range(300):
        counted = 0
        for _ in range(10):
            bad = rng.random() < (stays if bad else share)
            counted += bad
        windows.append(RateWindow(10, counted, counted))
    return list(windows)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    share=st.sampled_from([0.001, 0.005, 0.02, 0.1]),
    stays=st.sampled_from([0.0, 0.6, 0.9]),
    quiet=st.booleans(),
    cut=st.integers(60, 290),
)
def test_going_on_from_counts_at_any_window_comes_to_the_same(
    seed: int, share: float, stays: float, quiet: bool, cut: int
) -> None:
    stream = drawn(seed, share, stays)
    if quiet:
        stream[:62] = [QUIET] * 62
    for objective in (ERRORS, LATENCY):
        whole = judged(stream, objective)
        before = judged(stream[:cut], objective)
        if before.outcome != "Inconclusive" or before.counts.requests == 0:
            continue
        after = WindowJudge(objective, before.counts)
        for window in stream[cut:]:
            after.add(window)
        assert (after.outcome, after.counts) == (whole.outcome, whole.counts)
        assert after.counts.windows >= 60


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), stays=st.sampled_from([0.0, 0.6, 0.9]))
def test_no_verdict_rests_on_a_request_of_calibration(seed: int, stays: float) -> None:
    stream = drawn(seed, 0.02, stays)
    judge = judged(stream)
    used = itertools.islice(stream, judge.evidence_from, judge.windows)
    counts = judge.counts
    assert isinstance(counts, RateCounts)
    if counts.requests:
        assert counts.requests == 10 * (judge.windows - judge.evidence_from)
        assert counts.limit.bad == sum(w.beyond_limit for w in used if isinstance(w, RateWindow))
    assert judge.outcome != "Fail" or counts.limit.is_measured
