import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.judge import (
    CALIBRATION_WINDOWS,
    FAILED,
    LoadKpi,
    LoadSession,
    LoadShape,
    RateCounts,
    RateObjective,
    errors_objective,
    latency_objective,
    rate_verdict,
)

FIVE = Fraction(5, 100)
MS = 1_000_000
ERRORS_OBJECTIVE = errors_objective(FIVE, FIVE / 2, FIVE, FIVE)
ERRORS = LoadKpi(ERRORS_OBJECTIVE)
LATENCY = LoadKpi(
    latency_objective(Fraction(95, 100), True, FIVE, FIVE), limit=250 * MS, expected=150 * MS
)


def shape(windows: int = 100, warm_up: int = 0, window: int = 10) -> LoadShape:
    return LoadShape(Fraction(40), warm_up, window, windows)


def feed(session: LoadSession, latencies: list[int], start: int = 0) -> None:
    for i, latency in enumerate(latencies, start):
        session.record(i, latency)


def rates(session: LoadSession) -> list[RateCounts]:
    """Return the counts of a session whose KPIs are all rates."""
    return [result.counts for result in session.results() if isinstance(result.counts, RateCounts)]


@pytest.mark.parametrize(
    ("rate", "window", "seconds"),
    [("10", 10, "60"), ("40", 10, "15"), ("50", 13, "15.6"), ("400", 100, "15"), ("0.5", 10, 1200)],
)
def test_a_window_is_the_time_of_ten_requests_and_at_least_a_quarter_of_a_second(
    rate: str, window: int, seconds: str
) -> None:
    load = LoadShape.of(Fraction(rate), Fraction(0), Fraction(0))
    assert load.window == window
    assert load.seconds == Fraction(seconds)


def test_load_is_warm_up_then_calibration_then_evidence() -> None:
    load = LoadShape.of(Fraction(20), Fraction(120), Fraction(10))
    assert (load.warm_up, load.window, load.evidence_windows) == (200, 10, 240)
    assert load.seconds == 10 + 30 + 120
    assert [load.window_of(i) for i in (0, 199, 200, 209, 210)] == [-20, -1, 0, 0, 1]
    assert [load.due(i) for i in (0, 1, 20)] == [0, 50 * MS, 1000 * MS]


def test_a_load_without_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="sends nothing"):
        LoadShape.of(Fraction(0), Fraction(1), Fraction(1))


def test_requests_of_warm_up_and_calibration_are_no_evidence() -> None:
    session = LoadSession(shape(warm_up=30), (ERRORS,))
    feed(session, [FAILED] * 30 + [MS] * 600)
    assert session.calibration_windows == CALIBRATION_WINDOWS
    assert session.results()[0].counts.requests == 0
    feed(session, [MS] * 10, start=630)
    assert session.results()[0].counts.requests == 10


def test_a_window_waits_for_its_last_request_and_for_the_windows_before_it() -> None:
    session = LoadSession(shape(), (ERRORS,))
    feed(session, [MS] * 600)
    feed(session, [MS] * 10, start=610)
    feed(session, [MS] * 9, start=600)
    assert session.results()[0].counts.requests == 0
    session.record(609, FAILED)
    assert session.results()[0].counts.requests == 20
    assert rates(session)[0].limit.bad == 1


def test_a_failed_request_is_an_answer_that_came_too_late() -> None:
    session = LoadSession(shape(), (ERRORS, LATENCY))
    feed(session, [MS] * 600 + [FAILED, 200 * MS, 300 * MS] + [MS] * 7)
    errors, latency = rates(session)
    assert (errors.limit.bad, errors.expected) == (1, None)
    assert latency.expected is not None
    assert (latency.limit.bad, latency.expected.bad) == (2, 3)


def test_each_kpi_keeps_its_first_verdict_and_the_session_ends_with_the_last() -> None:
    session = LoadSession(shape(), (ERRORS, LATENCY))
    feed(session, [MS] * 600)
    feed(session, [MS] * 1000, start=600)
    first, second = session.results()
    assert session.finished
    assert (first.outcome, second.outcome) == ("Pass", "Pass")
    assert first.counts.requests == second.counts.requests < 1000


def test_a_failed_gate_ends_the_session_and_a_failed_report_does_not() -> None:
    report = LoadKpi(ERRORS.objective, is_gate=False)
    slow = LoadKpi(LATENCY.objective, limit=FAILED, expected=FAILED)
    for kpi, ended in ((ERRORS, True), (report, False)):
        session = LoadSession(shape(), (kpi, slow))
        feed(session, ([MS] * 9 + [FAILED]) * 60 + [MS, FAILED] * 20)
        assert session.results()[0].outcome == "Fail"
        assert (session.finished, session.gate_failed) == (ended, ended)


def test_evidence_ends_with_the_last_window_and_leaves_undecided_what_is() -> None:
    session = LoadSession(shape(windows=2), (ERRORS,))
    feed(session, [MS] * 640)
    assert session.finished
    assert session.results()[0].outcome == "Inconclusive"
    assert session.results()[0].counts.requests == 20


def test_without_time_for_evidence_the_session_ends_after_calibration() -> None:
    session = LoadSession(shape(windows=0), (ERRORS,))
    feed(session, [MS] * 600)
    assert session.finished
    assert rate_verdict(rates(session)[0], ERRORS_OBJECTIVE).reason == "Uncalibrated"


def test_the_quantile_is_the_nearest_rank_of_the_evidence() -> None:
    session = LoadSession(shape(windows=2), (ERRORS,))
    feed(session, [900 * MS] * 600 + [i * MS for i in range(1, 21)])
    assert session.quantile(Fraction(1, 2), 60, 20) == 10 * MS
    assert session.quantile(Fraction(95, 100), 60, 20) == 19 * MS
    assert session.quantile(Fraction(1, 2), 60, 10) == 5 * MS
    assert session.quantile(Fraction(1, 2), 60, 0) == 0


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.01, 0.04, 0.2]))
def test_the_verdict_is_that_of_the_final_counts_in_whatever_order_requests_end(
    seed: int, share: float
) -> None:
    rng = random.Random(seed)
    load = shape(windows=60)
    requests = [(i, FAILED if rng.random() < share else MS) for i in range(load.requests)]
    in_order, shuffled = (LoadSession(load, (ERRORS, LATENCY)) for _ in range(2))
    for request in requests:
        in_order.record(*request)
    for request in sorted(requests, key=lambda r: r[0] + rng.uniform(0, 200)):
        shuffled.record(*request)
    assert in_order.results() == shuffled.results()
    for kpi, result in zip((ERRORS, LATENCY), shuffled.results(), strict=True):
        assert isinstance(result.counts, RateCounts)
        assert isinstance(kpi.objective, RateObjective)
        if result.counts.requests:
            assert rate_verdict(result.counts, kpi.objective).verdict == result.outcome
