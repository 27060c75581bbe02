"""Verdicts about a revision compared with stable."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.judge import (
    FAILED,
    UNMEASURED,
    ExamObjective,
    LoadKpi,
    LoadSession,
    LoadShape,
    PairedCounts,
    PairedObjective,
    PairedWindow,
    RowCounts,
    Verdict,
    exam_verdict,
    paired_verdict,
)
from tests.unit.test_judge_simulated_clock import bursts_of_five, independent

MS = 1_000_000
FIVE = Fraction(5, 100)
MARGIN = Fraction(2, 100)
OBJECTIVE = PairedObjective(MARGIN, FIVE, FIVE)
QUIET = PairedWindow(10, 0, 0, 0)
Faults = Callable[[random.Random, float], Iterator[bool]]


def counts(
    requests: int, lost: int, won: int, both: int = 0, bet: int = 5_000, phi: int = UNMEASURED
) -> PairedCounts:
    return PairedCounts(60, phi, bet, requests=requests, lost=lost, won=won, both=both)


def paired_exam(
    rows: int, read: int, correct: int, baseline: int, lost: int, margin: Fraction
) -> Verdict:
    counts = RowCounts(rows, read, correct, baseline=baseline, lost=lost)
    return exam_verdict(counts, ExamObjective(margin, FIVE, FIVE))


def outcomes(
    faults: Faults,
    worse: float,
    common: float = 0.0,
    stable: float = 0.01,
    runs: int = 300,
    windows: int = 250,
) -> Counter[str]:
    """Count the outcomes of seeded runs against a stable revision that fails now and then.

    `common` is the share of requests that an outage of something both need fails, in bursts.
    """
    shape = LoadShape(rate=Fraction(40), warm_up=0, window=10, evidence_windows=windows)
    counter: Counter[str] = Counter()
    for seed in range(runs):
        rng = random.Random(seed)
        ours, stables = faults(rng, stable + worse), faults(rng, stable)
        outage = bursts_of_five(rng, common)
        session = LoadSession(shape, (LoadKpi(OBJECTIVE),))
        for request in range(shape.requests):
            out, one, other = next(outage), next(ours), next(stables)
            latency, baseline = (FAILED if out or failed else MS for failed in (one, other))
            session.record(request, latency, baseline)
            if session.finished:
                break
        counter[session.results()[0].outcome] += 1
    return counter


@pytest.mark.parametrize("faults", [independent, bursts_of_five])
def test_of_versions_worse_by_exactly_the_margin_at_most_8_percent_are_promoted(
    faults: Faults,
) -> None:
    assert outcomes(faults, float(MARGIN))["Pass"] <= 24


@pytest.mark.parametrize(
    ("faults", "runs", "windows"), [(independent, 100, 250), (bursts_of_five, 40, 1_000)]
)
def test_of_versions_like_stable_at_most_8_percent_are_rolled_back(
    faults: Faults, runs: int, windows: int
) -> None:
    counted = outcomes(faults, 0.0, runs=runs, windows=windows)
    assert counted["Fail"] <= 0.08 * runs
    assert counted["Pass"] >= 0.5 * runs


def test_versions_worse_by_three_times_the_margin_are_rolled_back() -> None:
    assert outcomes(independent, 3 * float(MARGIN), runs=100)["Fail"] >= 98


def test_outages_of_what_both_need_cancel() -> None:
    counted = outcomes(independent, 0.0, common=0.2, runs=100)
    assert counted["Fail"] <= 8
    assert counted["Pass"] >= 95


def test_quiet_pairs_need_as_many_as_a_limit_against_half_of_it() -> None:
    # 377 is the least n for which n times ln(1 + 0.02 / 2) is 1.25 times ln(20).
    assert paired_verdict(counts(376, 0, 0), OBJECTIVE).verdict == "Inconclusive"
    assert paired_verdict(counts(377, 0, 0), OBJECTIVE).verdict == "Pass"


def test_pairs_that_failed_for_both_say_no_more_than_quiet_ones() -> None:
    quiet, noisy = (paired_verdict(counts(400, 2, 1, both), OBJECTIVE) for both in (0, 200))
    assert (quiet.low, quiet.high, quiet.verdict) == (noisy.low, noisy.high, noisy.verdict)
    assert (noisy.value, noisy.baseline) == (Fraction(202, 400), Fraction(201, 400))


@given(st.integers(1, 2_000), st.data())
def test_the_interval_agrees_with_the_verdict(requests: int, data: st.DataObject) -> None:
    lost = data.draw(st.integers(0, requests))
    won = data.draw(st.integers(0, requests - lost))
    bet = data.draw(st.integers(1, 5_000))
    verdict = paired_verdict(counts(requests, lost, won, bet=bet, phi=126), OBJECTIVE)
    tolerance = Fraction(1, 100_000)
    assert -1 <= verdict.low <= Fraction(lost - won, requests) <= verdict.high <= 1
    assert (verdict.verdict == "Fail") <= (verdict.low >= MARGIN - tolerance)
    assert (verdict.verdict == "Pass") <= (verdict.high <= MARGIN + tolerance)
    assert (verdict.verdict == "Inconclusive") <= (verdict.low <= MARGIN <= verdict.high)


def test_the_bet_is_the_margin_over_the_variance_and_at_most_a_half() -> None:
    noisy = PairedWindow(10, 1, 1, 0)
    assert PairedCounts.calibrated([QUIET] * 60, MARGIN).bet == 5_000
    assert PairedCounts.calibrated([noisy] * 60, MARGIN).bet == 1_000
    assert PairedCounts.calibrated([], MARGIN).bet == 5_000


def test_bursts_are_tempered_and_common_ones_are_not() -> None:
    bursts = [PairedWindow(10, 5, 0, 0), PairedWindow(10, 0, 5, 0), *[QUIET] * 8] * 6
    common = [PairedWindow(10, 0, 0, 5), *[QUIET] * 9] * 6
    assert PairedCounts.calibrated(bursts, MARGIN).dispersion > 500
    assert PairedCounts.calibrated(common, MARGIN).dispersion == 125


def test_what_was_tested_is_named() -> None:
    assert OBJECTIVE.describe() == (
        "promote: not 2pp worse than stable, roll back: more than 2pp worse"
    )


@pytest.mark.parametrize("margin", ["0", "1"])
def test_a_margin_that_no_number_of_requests_shows_is_refused(margin: str) -> None:
    with pytest.raises(ValueError, match="worseByAtMost"):
        PairedObjective(Fraction(margin), FIVE, FIVE)


@pytest.mark.parametrize(
    ("correct", "margin", "verdict"),
    [(92, "0.02", "Pass"), (91, "0.02", "Fail"), (94, "0", "Pass"), (93, "0", "Fail")],
)
def test_an_exam_versus_stable_is_exact(correct: int, margin: str, verdict: str) -> None:
    lost = max(0, 94 - correct)
    result = paired_exam(100, 100, correct, 94, lost, Fraction(margin))
    assert (result.verdict, result.baseline) == (verdict, Fraction(94, 100))
    assert result.reason == ("" if verdict == "Pass" else "WorseThanStable")


def test_the_margin_is_compared_without_binary_floats() -> None:
    # 0.28 x 25 rows is 7; as floats it is a little more.
    assert paired_exam(25, 25, 10, 17, 7, Fraction("0.28")).verdict == "Pass"


def test_an_exam_that_was_not_read_whole_is_undecided() -> None:
    result = paired_exam(100, 99, 99, 99, 0, Fraction("0.5"))
    assert (result.verdict, result.reason) == ("Inconclusive", "NotMeasured")
    assert paired_exam(100, 0, 0, 0, 0, Fraction("0.5")).value is None


def test_the_interval_beside_an_exam_is_for_the_difference_in_traffic() -> None:
    # 20 won, 30 lost of 200: 21/202 - 31/202, and 1.96 * sqrt((52/202 - (10/202)^2) / 202).
    result = paired_exam(200, 200, 150, 160, 30, Fraction("0.1"))
    assert float(result.low) == pytest.approx(-0.11914, abs=5e-5)
    assert float(result.high) == pytest.approx(0.02013, abs=5e-5)


@pytest.mark.parametrize(
    "ints", [(10, 10, 5, 5, 6), (10, 10, 9, 5, 4), (10, 10, 5, 9, 3), (10, 11, 5, 5, 0)]
)
def test_rows_that_cannot_have_been_counted_are_refused(
    ints: tuple[int, int, int, int, int],
) -> None:
    with pytest.raises(ValueError, match="rows"):
        paired_exam(*ints, Fraction("0.5"))


@pytest.mark.parametrize(
    "changes",
    [{"dispersion": 99}, {"bet": 0}, {"bet": 5_001}, {"lost": 11}, {"lost": 6, "won": 5}],
)
def test_pairs_that_cannot_have_been_counted_are_refused(changes: dict[str, int]) -> None:
    good = {"windows": 60, "dispersion": 125, "bet": 1, "requests": 10}
    with pytest.raises(ValueError, match=r"dispersion|bet|bad"):
        PairedCounts(**(good | changes))
