"""Verdicts about an error rate as a multiple of that of stable."""

import random
from collections import Counter
from fractions import Fraction

import pytest

from modelward.judge import (
    FAILED,
    UNMEASURED,
    LoadKpi,
    LoadSession,
    LoadShape,
    PairedWindow,
    RelativeCounts,
    RelativeObjective,
    relative_verdict,
    share_of_errors,
)

FIVE = Fraction(5, 100)
HALF_MORE = RelativeObjective(Fraction(3, 2), FIVE, FIVE)
QUIET = RelativeObjective(Fraction(3, 2), FIVE, FIVE, Fraction(1, 1000))
MS = 1_000_000


def counts(requests: int, bad: int, baseline_bad: int, phi: int = 100) -> RelativeCounts:
    return RelativeCounts(60, phi, phi, requests, bad, baseline_bad)


@pytest.mark.parametrize(
    ("ratio", "weight", "share"),
    [("1", "1/2", "1/2"), ("2", "1/2", "2/3"), ("1", "1/10", "1/10"), ("2", "1/10", "2/11")],
)
def test_the_share_of_errors_follows_from_the_realised_share_of_requests(
    ratio: str, weight: str, share: str
) -> None:
    assert share_of_errors(Fraction(ratio), Fraction(weight)) == Fraction(share)


@pytest.mark.parametrize("weight", ["0", "1"])
def test_without_requests_to_both_nothing_is_compared(weight: str) -> None:
    with pytest.raises(ValueError, match="share of requests"):
        share_of_errors(Fraction(1), Fraction(weight))


@pytest.mark.parametrize(
    ("bad", "baseline_bad", "verdict"),
    [(15, 15, "Inconclusive"), (200, 200, "Pass"), (200, 100, "Inconclusive"), (300, 120, "Fail"),
     (0, 20, "Pass"), (20, 0, "Fail"), (2, 0, "Inconclusive")],
)  # fmt: skip
def test_errors_are_judged_by_whose_they_are(bad: int, baseline_bad: int, verdict: str) -> None:
    result = relative_verdict(counts(100_000, bad, baseline_bad), HALF_MORE)
    assert result.verdict == verdict
    assert result.reason == {"Pass": "", "Fail": "WorseThanStable"}.get(verdict, "Undecided")


def test_ratios_of_tiny_counts_stay_quiet_below_the_named_rate() -> None:
    """Twenty errors against none in a million requests: 0.002%."""
    tiny = counts(1_000_000, 20, 0)
    assert relative_verdict(tiny, HALF_MORE).verdict == "Fail"
    assert relative_verdict(tiny, QUIET).verdict == "Pass"
    assert relative_verdict(counts(10_000, 60, 0), QUIET).verdict == "Fail"


@pytest.mark.parametrize(
    ("bad", "verdict"), [(800, "Pass"), (2_000, "Inconclusive"), (4_000, "Fail")]
)
def test_intervals_of_large_multiples_agree_with_the_verdict(bad: int, verdict: str) -> None:
    ten_times = RelativeObjective(Fraction(10), FIVE, FIVE)
    result = relative_verdict(counts(100_000, bad, 200), ten_times)
    assert result.verdict == verdict
    assert (result.high <= Fraction(10, 11)) == (verdict == "Pass")
    assert (result.low >= Fraction(10, 11)) == (verdict == "Fail")


def test_calibration_without_evidence_is_said() -> None:
    result = relative_verdict(counts(0, 0, 0), QUIET)
    assert (result.verdict, result.reason, result.value) == ("Inconclusive", "Uncalibrated", None)


def test_outages_of_both_temper_nothing_and_own_bursts_do() -> None:
    quiet = PairedWindow(10, 0, 0, 0)
    own = [PairedWindow(10, 5, 0, 0), PairedWindow(10, 0, 5, 0), *[quiet] * 8] * 6
    common = [PairedWindow(10, 1, 1, 5), *[quiet] * 9] * 6
    assert RelativeCounts.calibrated(own).dispersion > 500
    assert RelativeCounts.calibrated(common).dispersion == UNMEASURED + 1


def test_what_was_tested_is_named() -> None:
    assert QUIET.describe() == (
        "promote: below 1.5 times stable's error rate or below 0.1%, roll back: above both"
    )
    assert HALF_MORE.describe() == (
        "promote: below 1.5 times stable's error rate, roll back: above it"
    )


@pytest.mark.parametrize(
    "changes", [(99, 100, 1, 0, 0), (100, 99, 1, 0, 0), (100, 100, 1, 2, 0), (100, 100, 1, 0, -1)]
)
def test_counts_that_cannot_have_been_counted_are_refused(
    changes: tuple[int, int, int, int, int],
) -> None:
    with pytest.raises(ValueError, match=r"dispersion|failed"):
        RelativeCounts(60, *changes)


def test_a_ratio_of_one_or_less_is_refused() -> None:
    with pytest.raises(ValueError, match="not above 1"):
        RelativeObjective(Fraction(1), FIVE, FIVE)


@pytest.mark.parametrize(("ratio", "verdict"), [(1.5, "Pass"), (1.0, "Fail")])
def test_whole_runs_at_the_ratio_and_like_stable_err_seldom(ratio: float, verdict: str) -> None:
    shape = LoadShape(Fraction(40), 0, 10, 250)
    came: Counter[str] = Counter()
    for seed in range(60):
        rng = random.Random(seed)
        session = LoadSession(shape, (LoadKpi(HALF_MORE),))
        for request in range(shape.requests):
            ours, stables = rng.random() < 0.1 * ratio, rng.random() < 0.1
            session.record(request, FAILED if ours else MS, FAILED if stables else MS)
            if session.finished:
                break
        came[session.results()[0].outcome] += 1
    assert came[verdict] <= 5
