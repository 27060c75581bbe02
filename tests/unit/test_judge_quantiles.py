"""A latency quantile beside stable's: what is counted, what it comes to, how often it errs."""

import random
from collections import defaultdict
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.judge import (
    CALIBRATION_WINDOWS,
    FAILED,
    UNANSWERED,
    Boundary,
    ComparedKpi,
    ComparisonSession,
    LoadShape,
    QuantileCounts,
    QuantileObjective,
    quantile_verdict,
)
from modelward.judge.quantiles import MAX_THRESHOLD, quantile_decision

MS = 1_000_000
FIVE = Fraction(5, 100)
TENTH = QuantileObjective(Fraction(95, 100), Fraction(1, 10), True, FIVE, FIVE)
BY_50MS = replace(TENTH, margin=Fraction(50, 1000), relative=False)
CALIBRATED = QuantileCounts(windows=CALIBRATION_WINDOWS, dispersion=126, threshold=100_000)


def counts(lost: int, won: int, both: int = 0, requests: int = 2_000) -> QuantileCounts:
    return replace(CALIBRATED, requests=requests, lost=lost, won=won, both=both)


@pytest.mark.parametrize(
    ("what", "seen", "verdict"),
    [
        ("pairs that differ are mostly won", counts(20, 80), ("Pass", "")),
        ("pairs that differ are mostly lost", counts(80, 20), ("Fail", "WorseThanStable")),
        ("as many are lost as won", counts(50, 50), ("Inconclusive", "Undecided")),
        ("no pair differs", counts(0, 0, both=1_000), ("Inconclusive", "Undecided")),
        ("nothing was measured", counts(0, 0, requests=0), ("Inconclusive", "NotMeasured")),
        ("few pairs differ", counts(0, 5), ("Inconclusive", "Undecided")),
        (
            "no threshold is known",
            replace(counts(80, 20), windows=59),
            ("Inconclusive", "Uncalibrated"),
        ),
        (
            "slowness comes in stretches",
            replace(counts(80, 20), dispersion=2_000),
            ("Inconclusive", "Undecided"),
        ),
    ],
)
def test_a_verdict_follows_from_the_pairs_that_differ(
    what: str, seen: QuantileCounts, verdict: tuple[str, str]
) -> None:
    assert quantile_decision(seen, TENTH) == verdict, what


def test_a_request_of_the_candidates_is_slow_beyond_threshold_and_margin() -> None:
    pairs = [(109 * MS, 99 * MS), (111 * MS, 99 * MS), (109 * MS, 101 * MS), (111 * MS, 101 * MS)]
    window = CALIBRATED.window(pairs, TENTH)
    assert (window.requests, window.lost, window.won, window.both) == (4, 1, 1, 1)
    window = CALIBRATED.window([(149 * MS, 0), (151 * MS, 0)], BY_50MS)
    assert (window.lost, window.won) == (1, 0)


def test_a_failed_request_is_slow_and_one_that_stable_never_got_says_nothing() -> None:
    window = CALIBRATED.window([(FAILED, 1), (1, FAILED), (FAILED, UNANSWERED)], TENTH)
    assert (window.requests, window.lost, window.won, window.both) == (3, 1, 1, 0)


def calibrated(
    windows: list[list[tuple[int, int]]], objective: QuantileObjective
) -> QuantileCounts:
    found = QuantileCounts.calibrated(windows, objective)
    assert found is not None
    return found


def test_where_hardly_any_pair_differs_calibration_goes_on() -> None:
    windows = [[(5 * MS, 5 * MS)] * 10] * 59
    assert QuantileCounts.calibrated([*windows, [(5 * MS, 9 * MS)] * 10], TENTH) is None
    run = session()
    for request in range(20 + 1_200):
        run.record(request, 5 * MS, (9 if request % 90 == 0 else 5) * MS)
        assert (run.results()[0].counts is None) == (request < 20 + 1_199)


def test_the_threshold_is_stables_quantile_in_the_calibration() -> None:
    windows = [[(5 * MS, (60 * i + w) * MS) for i in range(10)] for w in range(60)]
    assert calibrated(windows, TENTH).threshold == 569_000
    assert calibrated(windows, replace(TENTH, quantile=Fraction(1, 2))).threshold == 299_000


def test_where_stable_mostly_fails_only_failures_are_slow() -> None:
    start = replace(CALIBRATED, threshold=MAX_THRESHOLD)
    window = start.window([(90_000 * MS, FAILED), (FAILED, 5)], TENTH)
    assert (window.lost, window.won) == (1, 1)


def test_the_interval_agrees_with_the_verdict() -> None:
    for lost in range(101):
        verdict = quantile_verdict(counts(lost, 100 - lost), TENTH)
        assert (verdict.high <= Fraction(1, 2)) == (verdict.verdict == "Pass")
        assert (verdict.low >= Fraction(1, 2)) == (verdict.verdict == "Fail")


def test_an_objective_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="margin"):
        replace(TENTH, margin=Fraction(0))
    with pytest.raises(ValueError, match="quantile"):
        replace(TENTH, quantile=Fraction(1))


def test_what_is_tested_is_told() -> None:
    assert TENTH.describe() == (
        "promote: p95 less than 1.1 times stable's, roll back: more; as pairs in which only one is "
        "slow"
    )
    assert "p95 less than 50ms above stable's" in BY_50MS.describe()
    assert len(BY_50MS.describe()) <= 128


pairs_of_latencies = st.lists(
    st.tuples(st.integers(0, 300 * MS) | st.just(FAILED), st.integers(0, 300 * MS)), max_size=40
)


@given(pairs=pairs_of_latencies, seed=st.integers(0, 99))
def test_the_order_of_pairs_does_not_matter(pairs: list[tuple[int, int]], seed: int) -> None:
    shuffled = random.Random(seed).sample(pairs, len(pairs))
    seen, again = (CALIBRATED.with_window(CALIBRATED.window(p, TENTH)) for p in (pairs, shuffled))
    assert seen == again


@given(lost=st.integers(0, 60), won=st.integers(0, 60), both=st.integers(0, 500))
def test_what_slows_both_changes_no_verdict(lost: int, won: int, both: int) -> None:
    alone, together = counts(lost, won), counts(lost, won, both)
    assert quantile_decision(alone, TENTH) == quantile_decision(together, TENTH)


@given(lost=st.integers(0, 80), won=st.integers(0, 80))
def test_losing_one_more_pair_never_helps_and_winning_one_never_harms(lost: int, won: int) -> None:
    order = ["Fail", "Inconclusive", "Pass"]
    before, _ = quantile_decision(counts(lost, won), TENTH)
    worse, _ = quantile_decision(counts(lost + 1, won), TENTH)
    better, _ = quantile_decision(counts(lost, won + 1), TENTH)
    if before != "Fail":
        assert order.index(worse) <= order.index(before)
    if before != "Pass":
        assert order.index(better) >= order.index(before)


def errors_at(share: Fraction, most: int = 3_000) -> tuple[float, float]:
    """Return the exact chances of Pass and Fail with a look at each pair that differs."""
    promote, rollback = Boundary(TENTH.promote), Boundary(TENTH.rollback)
    going, passed, failed, p = {0: 1.0}, 0.0, 0.0, float(share)
    for n in range(1, most + 1):
        after: defaultdict[int, float] = defaultdict(float)
        for lost, chance in going.items():
            after[lost + 1] += chance * p
            after[lost] += chance * (1 - p)
        going = {}
        for lost, chance in after.items():
            if n - lost <= rollback.good(lost):
                failed += chance
            elif n - lost >= promote.good(lost):
                passed += chance
            elif chance > 1e-13:
                going[lost] = chance
    return passed, failed


def test_neither_error_is_more_probable_than_declared_exactly_at_the_margin() -> None:
    passed, failed = errors_at(Fraction(1, 2))
    assert passed <= float(FIVE) + 1e-9
    assert failed <= float(FIVE) + 1e-9
    assert min(passed, failed) > 0.02  # what is declared is used


@pytest.mark.parametrize("share", [Fraction(1, 10), Fraction(1, 3), Fraction(9, 20)])
def test_a_version_within_the_margin_is_rolled_back_more_rarely_still(share: Fraction) -> None:
    passed, failed = errors_at(share)
    assert failed < float(FIVE)
    assert passed > 1 - float(FIVE)


SHAPE = LoadShape(Fraction(40), 20, 10, 600)


def session(*kpis: ComparedKpi, shape: LoadShape = SHAPE) -> ComparisonSession:
    return ComparisonSession(shape, kpis or (ComparedKpi(TENTH),))


def feed(run: ComparisonSession, seed: int, times: float, requests: range | None = None) -> None:
    """Send pairs of latencies, the candidate's `times` as long as those like stable's."""
    rng = random.Random(seed)
    for request in requests or range(run.shape.requests):
        ours, stables = (rng.lognormvariate(4, 0.3) * MS for _ in range(2))
        run.record(request, int(times * ours), int(stables))


@pytest.mark.parametrize(("times", "outcome"), [(1.0, "Pass"), (0.5, "Pass"), (1.4, "Fail")])
def test_whole_comparisons_come_to_what_is_true(times: float, outcome: str) -> None:
    found: list[str] = []
    for seed in range(5):
        run = session()
        feed(run, seed, times)
        found.append(run.results()[0].outcome)
    assert found.count(outcome) >= 4


def test_nothing_is_evidence_before_the_threshold_is_known() -> None:
    run = session()
    feed(run, 1, 3.0, range(20 + 599))
    assert run.results()[0].counts is None
    feed(run, 2, 3.0, range(20 + 599, 20 + 600))
    started = run.results()[0].counts
    assert started is not None
    assert (started.requests, started.windows) == (0, CALIBRATION_WINDOWS)


def test_the_threshold_stays_as_it_was_whatever_the_evidence_is() -> None:
    thresholds = set()
    for times in (0.5, 1.0, 9.0):
        run = session(ComparedKpi(TENTH, is_gate=False))
        feed(run, 1, 1.0, range(620))
        for request in range(620, 1_000):
            run.record(request, int(times * 50 * MS), int(times * 50 * MS))
        (result,) = run.results()
        assert result.counts is not None
        thresholds.add(result.counts.threshold)
    assert len(thresholds) == 1


def test_a_comparison_that_goes_on_keeps_its_threshold_and_is_not_calibrated_again() -> None:
    short = session(shape=replace(SHAPE, evidence_windows=3))
    feed(short, 1, 1.05)
    (before,) = short.results()
    assert before.counts is not None
    later = session(ComparedKpi(TENTH, start=before.counts))
    assert later.shape.calibration_windows == 0
    feed(later, 2, 1.4)
    (after,) = later.results()
    assert after.counts is not None
    assert after.counts.threshold == before.counts.threshold
    assert after.counts.requests > before.counts.requests


def test_a_report_is_measured_on_and_a_failed_gate_ends_the_load() -> None:
    report = session(ComparedKpi(TENTH, is_gate=False), ComparedKpi(BY_50MS))
    feed(report, 1, 2.0)
    assert report.gate_failed
    assert report.finished


@given(seed=st.integers(0, 50), lag=st.integers(1, 300))
def test_pairs_may_end_in_any_order(seed: int, lag: int) -> None:
    rng = random.Random(seed)
    ended = [(rng.randrange(60 * MS), rng.randrange(60 * MS)) for _ in range(900)]
    in_order, jumbled = session(ComparedKpi(TENTH, False)), session(ComparedKpi(TENTH, False))
    for request, pair in enumerate(ended):
        in_order.record(request, *pair)
    for request in sorted(range(900), key=lambda i: i + rng.randrange(lag)):
        jumbled.record(request, *ended[request])
    assert in_order.results() == jumbled.results()
