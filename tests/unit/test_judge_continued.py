"""Going on from an earlier run's counts is looking longer at the same stream."""

import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.judge import (
    CALIBRATION_WINDOWS,
    FAILED,
    LoadKpi,
    LoadResult,
    LoadSession,
    PairedCounts,
    PairedObjective,
    RateCounts,
    Tally,
)
from tests.unit.test_judge_session import ERRORS, FIVE, LATENCY, MS, shape

PAIRED = LoadKpi(PairedObjective(FIVE, FIVE, FIVE))
REPORT = replace(ERRORS, is_gate=False)
KPIS = (ERRORS, LATENCY, PAIRED, REPORT)
WARM_UP = 15
Stream = list[tuple[int, int]]


def a_stream(seed: int, share: float, requests: int) -> Stream:
    """Latencies of candidate and stable: good, slow or failed, in stretches."""
    rng, bad = random.Random(seed), False
    stream = []
    for _ in range(requests):
        bad = rng.random() < (0.5 if bad else share)
        ours = rng.choice([FAILED, 300 * MS]) if bad else MS
        stream.append((ours, FAILED if rng.random() < share else MS))
    return stream


def play(session: LoadSession, stream: Stream) -> list[LoadResult]:
    """Feed a session until it has finished."""
    for request, latencies in enumerate(stream):
        if session.finished:
            break
        session.record(request, *latencies)
    return session.results()


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    share=st.sampled_from([0.0, 0.005, 0.02, 0.05, 0.2]),
    first=st.integers(0, 80),
    later=st.integers(0, 80),
)
def test_a_run_that_was_interrupted_at_any_window_comes_to_what_it_would_have_come_to(
    seed: int, share: float, first: int, later: int
) -> None:
    whole = shape(windows=first + later, warm_up=WARM_UP)
    stream = a_stream(seed, share, whole.requests)
    went_on = play(LoadSession(whole, KPIS), stream)

    interrupted = LoadSession(shape(windows=first, warm_up=WARM_UP), KPIS)
    before = play(interrupted, stream)
    if interrupted.gate_failed or any(result.counts.requests == 0 for result in before):
        return  # without evidence of each KPI there is nothing to go on from
    kpis = tuple(replace(k, start=b.counts) for k, b in zip(KPIS, before, strict=True))
    continued = LoadSession(shape(windows=later, warm_up=WARM_UP), kpis)
    measured = WARM_UP + 10 * (CALIBRATION_WINDOWS + first)
    after = play(continued, stream[:WARM_UP] + stream[measured:])
    assert [(r.outcome, r.counts) for r in after] == [(r.outcome, r.counts) for r in went_on]
    assert continued.calibration_windows == 0


def test_a_kpi_that_had_its_verdict_keeps_it_and_counts_no_further() -> None:
    passed = RateCounts(60, 1_000, Tally(125, 0))
    open_ = RateCounts(60, 20, Tally(125, 1))
    kpis = (replace(ERRORS, start=passed), replace(REPORT, start=open_))
    first, second = play(LoadSession(shape(windows=3), kpis), [(MS, MS)] * 30)
    assert first == LoadResult("Pass", passed)
    assert second.counts.requests == 20 + 30


def test_a_session_whose_kpis_all_had_their_verdict_needs_no_request() -> None:
    session = LoadSession(shape(), (replace(ERRORS, start=RateCounts(60, 1_000, Tally(125, 0))),))
    assert session.finished


def test_beside_a_kpi_that_begins_anew_no_request_of_its_calibration_is_evidence() -> None:
    start = RateCounts(60, 20, Tally(125, 1))
    session = LoadSession(shape(windows=2), (replace(ERRORS, start=start), LATENCY))
    went_on, anew = play(session, [(MS, MS)] * 620)
    assert went_on.counts.requests == 20 + 20
    assert (anew.counts.requests, anew.counts.windows) == (20, CALIBRATION_WINDOWS)
    assert session.calibration_windows == CALIBRATION_WINDOWS
    assert session.quantile(Fraction(1, 2), 60, 20) == MS


def test_counts_of_another_kind_are_no_start() -> None:
    with pytest.raises(ValueError, match="PairedCounts don't go on as RateCounts"):
        replace(ERRORS, start=PairedCounts(60, 125, 5_000))
