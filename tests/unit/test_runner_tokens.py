"""Times of tokens and throughput, from answers whose chunks came at known times."""

import json
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.benchmark.counts import ThroughputCounts
from modelward.benchmark.plankpi import PlanKpi, PlanWithin
from modelward.judge import FAILED, LoadKpi, LoadSession, LoadShape, latency_objective
from modelward.protocols import dialogue
from modelward.protocols.base import Arrival, Good, Reply, TokenTimes
from modelward.runner import tokentimes
from modelward.runner.client import Answer
from modelward.runner.throughput import Throughput, keeps
from modelward.runner.tokentimes import column, measures, times_of
from modelward.strictjson import Json

MS = 1_000_000
SECOND = 1000 * MS
FIVE = Fraction(5, 100)


def kpi(metric: str, **more: Json) -> PlanKpi:
    said: dict[str, Json] = {"name": metric, "metric": metric, "limit": "1", "direction": "atMost",
                             "effect": "report"}  # fmt: skip
    return PlanKpi.model_validate_json(json.dumps(said | more))


TTFT = kpi("timeToFirstToken", quantile="0.95")
ITL = kpi("interTokenLatency", quantile="0.9")
TPOT = kpi("timePerOutputToken", quantile="0.95")


def answer(*arrivals: int, tokens: int | None = None, ended: int | None = None) -> Answer:
    """Return an answer whose texts came at these times in ms."""
    times = tuple(at * MS for at in arrivals)
    last = times[-1] if times else 0
    found = TokenTimes(times, len(times) if tokens is None else tokens) if times else None
    return Answer(document={}, ended=last if ended is None else ended * MS, tokens=found)


def times(asked: PlanKpi, of: Answer, due: int = 0) -> float:
    """Return the time that a KPI is about, in ms."""
    measured = measures([asked])
    return times_of(of, due * MS, measured)[column(asked, measured) - 1] / MS


def test_the_first_token_counts_from_when_the_request_was_due() -> None:
    assert times(TTFT, answer(250, 300), due=100) == 150


def test_the_time_for_each_token_is_the_mean_of_those_after_the_first() -> None:
    assert times(TPOT, answer(250, 300, 450)) == 100


def test_a_text_of_several_tokens_counts_as_so_many() -> None:
    assert times(TPOT, answer(250, 300, 450, tokens=5)) == 50


def test_an_answer_of_one_token_has_no_time_between_tokens() -> None:
    assert times(TPOT, answer(250)) == 0
    assert times(ITL, answer(250)) == 0


def test_an_answers_gaps_are_its_own_and_their_quantile_is_the_kpis() -> None:
    ten_gaps = answer(0, 10, 20, 30, 40, 50, 60, 70, 80, 120, 200)
    assert times(ITL, ten_gaps) == 40
    median = kpi("interTokenLatency", quantile="0.5")
    assert times(median, ten_gaps) == 10


def test_one_long_pause_in_many_gaps_is_no_matter_of_p90_but_of_p99() -> None:
    paused = answer(*range(0, 1000, 10), 5000)
    assert times(ITL, paused) == 10
    assert times(kpi("interTokenLatency", quantile="0.999"), paused) == 4010


@pytest.mark.parametrize("asked", [TTFT, ITL, TPOT])
@pytest.mark.parametrize("of", [Answer(problem="status 500"), Answer(document={})])
def test_a_request_without_tokens_has_failed(asked: PlanKpi, of: Answer) -> None:
    assert times(asked, of) == FAILED / MS


def test_kpis_of_the_same_time_share_a_column_and_a_latency_needs_none() -> None:
    latency = kpi("latency", quantile="0.95")
    same = kpi("timeToFirstToken", quantile="0.5")
    other = kpi("interTokenLatency", quantile="0.5")
    measured = measures([latency, TTFT, same, ITL, other])
    assert len(measured) == 3
    assert [column(each, measured) for each in (latency, TTFT, same, ITL, other)] == [0, 1, 1, 2, 3]


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=12),
    st.lists(st.integers(1, 200), min_size=1, max_size=12),
)
def test_times_are_those_of_the_schedule_however_the_stream_is_cut(
    gaps: list[int], cuts: list[int]
) -> None:
    """A part that brings the end of one event and the beginning of another delays neither."""
    events = [b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'] * len(gaps)
    body = b"".join(events) + b"data: [DONE]\n\n"
    due_at = [sum(gaps[: i + 1]) * MS for i in range(len(gaps))]
    ends = [sum(len(event) for event in events[: i + 1]) for i in range(len(events))]
    whole = [Arrival(at, end) for at, end in zip(due_at, ends, strict=True)]
    # Parts of events come early, at the time of the event before: they complete nothing.
    early = [
        Arrival(due_at[max(i - 1, 0)] if i else 0, ends[i] - 1 - cut % (len(events[i]) - 2))
        for i, cut in enumerate(cuts[: len(events)])
    ]
    arrivals = tuple(sorted([*early, *whole, Arrival(due_at[-1], len(body))], key=lambda a: a.end))
    reply = Reply(200, body, {"content-type": "text/event-stream"}, arrivals)
    read = dialogue("openai", "m", {}).read(reply)
    assert isinstance(read, Good)
    assert read.tokens == TokenTimes(tuple(due_at), len(gaps))


def session(asked: PlanKpi) -> LoadSession:
    shape = LoadShape(Fraction(40), 0, 10, 20, calibration_windows=60)
    objective = latency_objective(Fraction(95, 100), False, FIVE, FIVE)
    judged = LoadKpi(objective, limit=100 * MS, expected=100 * MS, column=column(asked, [MEASURE]))
    return LoadSession(shape, (judged,), to_the_end=False)


MEASURE: tokentimes.Measure = ("timeToFirstToken", None)


@pytest.mark.parametrize(("first", "outcome"), [(50, "Pass"), (150, "Fail")])
def test_a_request_is_judged_by_its_first_token_whatever_its_latency(
    first: int, outcome: str
) -> None:
    judged = session(TTFT)
    for request in range(judged.shape.requests):
        calibrating = judged.shape.window_of(request) < 60
        # Some bad ones, evenly spread: a dispersion that was not measured can't show a Fail.
        calibration = 150 if request % 20 == 0 else 50
        times = (calibration if calibrating else first) * MS
        judged.record(request, 10 * SECOND, others=(times,))
    assert judged.results()[0].outcome == outcome
    assert judged.quantile(Fraction(1, 2), 60, 10, column=1) == first * MS


def test_a_load_that_is_only_shown_ends_with_its_schedule() -> None:
    shape = LoadShape(Fraction(40), 0, 10, 2, calibration_windows=60)
    shown = LoadSession(shape, (), to_the_end=True)
    assert shown.shape.calibration_windows == 0
    assert LoadSession(shape, ()).finished
    for request in range(shown.shape.requests):
        assert not shown.finished
        shown.record(request, MS)
    assert shown.finished


REQUESTS, TOKENS = kpi("requestsPerSecond"), kpi("tokensPerSecond")
GOODPUT = kpi("goodput", within={"timeToFirstToken": "0.1", "timePerOutputToken": "0.05"})


def counted(*answers: tuple[Answer, int], begins: int = 0, ends: int = 1000) -> Throughput:
    """Return what came of answers, each with when its request was due, within a time in ms."""
    throughput = Throughput((REQUESTS, TOKENS, GOODPUT))
    throughput.sent(begins * MS)
    throughput.end(ends * MS)
    for one, due in answers:
        throughput.add(one, due * MS)
    return throughput


def test_what_came_is_counted_by_the_time_in_which_requests_were_due() -> None:
    throughput = counted((answer(100, 150), 50), (answer(600, 650, 700), 550), ends=2000)
    assert throughput.counts(REQUESTS) == ThroughputCounts(2, 2000)
    assert throughput.counts(TOKENS) == ThroughputCounts(5, 2000)
    assert throughput.counts(GOODPUT) == ThroughputCounts(2, 2000)


def test_tokens_before_the_first_request_that_counts_and_after_the_last_are_left_out() -> None:
    warm = answer(50, 100, 150, 200, tokens=8)
    late = answer(950, 1050)
    throughput = counted((warm, 0), (late, 900), begins=100)
    assert throughput.counts(TOKENS) == ThroughputCounts(7, 900)
    assert throughput.counts(REQUESTS) == ThroughputCounts(1, 900)


def test_failed_requests_bring_nothing() -> None:
    failed = replace(answer(100, 150), problem="the stream ended in the middle")
    assert counted((failed, 50)).counts(TOKENS) == ThroughputCounts(0, 1000)


def test_nothing_is_told_of_a_load_that_did_not_come_to_its_end() -> None:
    throughput = Throughput((REQUESTS,))
    throughput.sent(0)
    throughput.add(answer(1), 0)
    assert throughput.counts(REQUESTS) is None


@pytest.mark.parametrize(
    ("of", "due", "good"),
    [
        (answer(150, 200), 50, True),
        (answer(151, 200), 50, False),
        (answer(150, 201), 50, False),
        (answer(150), 50, True),
        (answer(), 50, False),
    ],
)
def test_an_answer_is_good_within_all_limits(of: Answer, due: int, good: bool) -> None:
    assert GOODPUT.within
    assert keeps(of, due * MS, GOODPUT.within) is good


def test_a_limit_of_the_whole_answer_needs_no_tokens() -> None:
    within = PlanWithin(latency=Fraction(1, 10))
    assert keeps(answer(ended=100), 0, within)
    assert not keeps(answer(ended=101), 0, within)
