"""What must hold of every verdict, whatever was observed."""

import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.judge import (
    Boundary,
    ExamObjective,
    RateCounts,
    RateStream,
    RowCounts,
    ShareTest,
    Tally,
    errors_objective,
    evidence,
    exam_decision,
    exam_verdict,
    latency_objective,
    rate_verdict,
)
from modelward.judge.rates import RateLooks, decision

FIVE = Fraction(5, 100)
ERRORS = errors_objective(Fraction(10, 100), FIVE, FIVE, FIVE)
ONLY_LIMIT = errors_objective(Fraction(10, 100), None, FIVE, FIVE)
LATENCY = latency_objective(Fraction(95, 100), True, FIVE, FIVE)
OBJECTIVES = st.sampled_from([ERRORS, ONLY_LIMIT])
EXAM = ExamObjective(Fraction(92, 100), FIVE, FIVE)
NONE_YET = RateCounts(60, 0, Tally(126))

requests = st.lists(st.booleans(), max_size=400)
windows = st.lists(st.integers(0, 10), min_size=1, max_size=60)


@settings(max_examples=100, deadline=None)
@given(windows, st.randoms(use_true_random=False))
def test_the_order_of_windows_does_not_matter(bad_ones: list[int], rng: random.Random) -> None:
    shuffled = rng.sample(bad_ones, len(bad_ones))
    one, other = NONE_YET, NONE_YET
    for first, second in zip(bad_ones, shuffled, strict=True):
        one, other = one.with_window(10, first, 0), other.with_window(10, second, 0)
    assert rate_verdict(one, ERRORS) == rate_verdict(other, ERRORS)


@settings(max_examples=100, deadline=None)
@given(windows, windows)
def test_counts_of_two_pods_add_up_to_those_of_one(ours: list[int], theirs: list[int]) -> None:
    parts = []
    for part in (ours, theirs, ours + theirs):
        counts = NONE_YET
        for bad in part:
            counts = counts.with_window(10, bad, 0)
        parts.append(counts)
    assert parts[0] + parts[1] == parts[2]


def test_pods_together_are_no_surer_than_the_least_sure_of_them() -> None:
    steady, bursty = RateCounts(60, 10, Tally(125, 1)), RateCounts(12, 10, Tally(400, 1))
    for both in (steady + bursty, bursty + steady):
        assert both == RateCounts(12, 20, Tally(400, 2))


def test_a_sample_is_not_certain_when_as_many_were_drawn_as_there_are_rows() -> None:
    assert exam_decision(RowCounts(30, 30, 30), EXAM)[0] == "Pass"
    assert exam_decision(RowCounts(30, 30, 30, sampled=True), EXAM)[0] == "Inconclusive"


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_rows_that_count_as_draws_from_a_sample_never_decide_more_than_they_do_as_an_exam(
    data: st.DataObject,
) -> None:
    """So that calling an exam a sample makes no verdict easier, nor another one."""
    rows = data.draw(st.one_of(st.integers(1, 3_000), st.sampled_from([1, 25, 1_000])))
    read = rows if rows < 1_000 else data.draw(st.integers(1, rows))
    correct = data.draw(st.integers(0, read))
    limit, alpha = Fraction(data.draw(st.integers(1, 99)), 100), data.draw(st.sampled_from([1, 20]))
    objective = ExamObjective(limit, Fraction(alpha, 100), Fraction(alpha, 100))
    as_sample = exam_decision(RowCounts(rows, read, correct, sampled=True), objective)[0]
    as_exam = exam_decision(RowCounts(rows, read, correct), objective)[0]
    assert as_sample in ("Inconclusive", as_exam)


@settings(max_examples=100, deadline=None)
@given(requests, st.integers(0, 400), OBJECTIVES, st.sampled_from([100, 250]))
def test_a_stream_that_is_resumed_comes_to_what_it_would_have_come_to(
    bad_ones: list[bool], cut: int, objective: object, phi: int
) -> None:
    assert isinstance(objective, type(ERRORS))
    whole = RateStream(objective, RateCounts(60, 0, Tally(phi)))
    part = RateStream(objective, RateCounts(60, 0, Tally(phi)))
    for i, bad in enumerate(bad_ones):
        whole.observe(bad)
        if i == cut and part.outcome == "Inconclusive":
            part = RateStream(objective, part.counts)
        part.observe(bad)
    assert (part.outcome, part.counts) == (whole.outcome, whole.counts)


@settings(max_examples=100, deadline=None)
@given(requests, OBJECTIVES, st.sampled_from([100, 250]))
def test_a_stream_reaches_its_verdict_at_the_very_request_that_decides(
    bad_ones: list[bool], objective: object, phi: int
) -> None:
    """What it skips are looks that could not have decided."""
    assert isinstance(objective, type(ERRORS))
    stream = RateStream(objective, RateCounts(60, 0, Tally(phi)))
    counts = stream.counts
    for bad in bad_ones:
        counts = counts.with_window(1, bad, 0)
        stream.observe(bad)
        expected, _ = decision(counts, objective)
        assert stream.outcome == expected
        if expected != "Inconclusive":
            break


@settings(max_examples=60, deadline=None)
@given(windows, st.integers(100, 600), st.sampled_from([59, 60]))
def test_looks_at_growing_counts_say_what_a_fresh_look_says(
    bad_ones: list[int], phi: int, calibration: int
) -> None:
    counts = RateCounts(calibration, 0, Tally(phi), Tally(phi))
    looks = RateLooks(LATENCY, counts)
    for bad in bad_ones:
        counts = counts.with_window(10, bad // 3, bad)
        outcome, _ = decision(counts, LATENCY)
        assert looks.decide(counts) == decision(counts, LATENCY)
        if outcome != "Inconclusive":
            break


@pytest.mark.parametrize("test", [ERRORS.promote, ERRORS.rollback])
def test_boundaries_are_where_the_answer_turns(test: ShareTest) -> None:
    boundary = Boundary(test)
    for bad in range(40):
        good = boundary.good(bad)
        turned = good >= 0 and evidence.is_rejected(test, good + bad, Tally(100, bad))
        before = good - 1 if boundary.promotes else good + 1
        assert turned or good < 0
        if good >= 0 and before >= 0:
            assert not evidence.is_rejected(test, before + bad, Tally(100, bad))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**7), st.data())
def test_no_counts_crash_and_none_pass_wrongly(total: int, data: st.DataObject) -> None:
    """Extreme counts: nothing passes that is itself beyond its limit, or fails within."""
    bad = data.draw(st.one_of(st.integers(0, total), st.sampled_from([0, total])))
    phi = data.draw(st.sampled_from([100, 125, 99_999]))
    for objective in (ERRORS, ONLY_LIMIT):
        counts = RateCounts(60, total, Tally(phi, bad))
        outcome, _ = decision(counts, objective)
        if outcome == "Pass":
            assert bad < total * objective.promote.null
        if outcome == "Fail":
            assert bad > total * objective.rollback.null
    slow = RateCounts(59, total, Tally(phi, bad), Tally(phi, bad))
    assert decision(slow, LATENCY)[0] == "Inconclusive"


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_rows_pass_or_fail_only_on_the_side_on_which_they_are(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 5_000))
    sampled = data.draw(st.booleans())
    read = data.draw(st.integers(0, 50_000 if sampled else rows))
    correct = data.draw(st.one_of(st.integers(0, read), st.sampled_from([0, read])))
    counts = RowCounts(rows, read, correct, sampled)
    outcome, reason = exam_decision(counts, EXAM)
    right = counts.correct >= EXAM.limit * counts.read
    assert outcome in (("Pass", "Inconclusive") if right else ("Fail", "Inconclusive"))
    assert (outcome == "Pass") == (reason == "")
    if read == rows and not sampled:
        assert outcome == ("Pass" if right else "Fail")
    if read < rows < 1_000 and not sampled:
        assert outcome == "Inconclusive"


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3_000), st.data())
def test_the_interval_for_traffic_holds_the_value_and_never_contradicts_the_verdict(
    rows: int, data: st.DataObject
) -> None:
    sampled = data.draw(st.booleans())
    read = data.draw(st.integers(1, 3 * rows if sampled else rows))
    baseline = data.draw(st.integers(0, read))
    correct = data.draw(st.integers(0, read))
    lost = data.draw(st.integers(max(0, baseline - correct), min(baseline, read - correct)))
    alone = RowCounts(rows, read, correct, sampled)
    paired = replace(alone, baseline=baseline, lost=lost)
    for counts, limit in ((alone, EXAM.limit), (paired, Fraction(2, 100))):
        verdict = exam_verdict(counts, replace(EXAM, limit=limit))
        assert verdict.value is not None
        value = verdict.value - (verdict.baseline or 0)
        tolerance = Fraction(3, read + 2) if counts is paired else Fraction(0)
        assert verdict.low - tolerance <= value <= verdict.high + tolerance
        threshold = limit if counts is alone else -limit
        assert not (verdict.verdict == "Pass" and verdict.high < threshold)
        assert not (verdict.verdict == "Fail" and verdict.low > threshold)


@given(st.integers(1, 500), st.data())
def test_rows_of_two_pods_add_up(rows: int, data: st.DataObject) -> None:
    read = data.draw(st.integers(0, rows))
    rest = data.draw(st.integers(0, rows - read))
    right, right_of_rest = data.draw(st.integers(0, read)), data.draw(st.integers(0, rest))
    both = RowCounts(rows, read, right) + RowCounts(rows, rest, right_of_rest)
    assert both == RowCounts(rows, read + rest, right + right_of_rest)


def test_a_repeated_row_of_a_sample_is_worth_little_for_traffic() -> None:
    asked_often = exam_verdict(RowCounts(200, 100_000, 95_000, sampled=True), EXAM)
    assert asked_often.verdict == "Pass"
    assert asked_often.effective_samples == 199
    assert float(asked_often.low) == pytest.approx(0.910, abs=0.002)
