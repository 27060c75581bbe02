"""KPIs about tokens and rates: from a resource to a plan, and from counts to what people read."""

from fractions import Fraction
from typing import Any

import pytest

from modelward.benchmark.bounds import CountsError
from modelward.benchmark.contract import KpiReport
from modelward.benchmark.counts import LatencyCounts, ThroughputCounts, counts_of
from modelward.benchmark.evidence import evidence, overall
from modelward.benchmark.explained import explain
from modelward.benchmark.plan import runner_plan
from tests.unit.benchmark_world import LATENCY, a_result, a_run

TTFT: dict[str, Any] = {
    "name": "ttft",
    "benchmark": {"metric": "timeToFirstToken", "quantile": "p95"},
    "objective": {"atMost": "500ms", "expected": "300ms"},
}
GOODPUT: dict[str, Any] = {
    "name": "goodput",
    "benchmark": {
        "metric": "goodput",
        "within": {"timeToFirstToken": "500ms", "timePerOutputToken": "50ms"},
    },
    "objective": {"atLeast": "18/s"},
    "effect": "report",
}
CHAT = {
    "revision": "x7f9k2m4q1",
    "service": "fraud-x7f9k2m4q1",
    "port": 8080,
    "protocol": "openai",
    "modelName": "org/chat",
    "prefix": "/v2",
}


def test_a_plan_tells_limits_in_seconds_and_rates_in_numbers() -> None:
    plan = runner_plan(a_run(TTFT, GOODPUT, subject=CHAT), 1, seconds_left=600)
    ttft, goodput = plan.kpis
    assert (ttft.limit, ttft.expected) == (Fraction(1, 2), Fraction(3, 10))
    assert ttft.quantile == Fraction(95, 100)
    assert (goodput.limit, goodput.direction) == (Fraction(18), "atLeast")
    assert goodput.within
    assert goodput.within.time_to_first_token == Fraction(1, 2)
    assert goodput.within.time_per_output_token == Fraction(1, 20)
    assert goodput.within.latency is None
    assert plan.load


def test_a_plan_tells_what_was_said_of_the_protocol_and_nothing_else() -> None:
    plan = runner_plan(a_run(TTFT, subject=CHAT), 1, seconds_left=600)
    assert plan.subject.options == {"prefix": "/v2"}
    assert plan.subject.model_name == "org/chat"
    assert runner_plan(a_run(LATENCY), 1, seconds_left=600).subject.options is None


def test_the_first_token_is_judged_and_shown_as_a_latency_is() -> None:
    run = a_run(TTFT, subject=CHAT)
    plan = runner_plan(run, 1, seconds_left=600)
    counts = LatencyCounts(125, 1_000, 0, 143_000, 125, 10)
    (told,) = evidence(run.spec, plan, a_result(plan, kpis=(KpiReport.of("P", counts),)))
    assert (told.verdict, told.value, told.objective) == (
        "Pass", "143ms", "p95 <= 500ms, expected 300ms"
    )  # fmt: skip
    assert told.high
    assert told.high.endswith("above 500ms")


def test_a_rate_is_shown_and_neither_judged_nor_asked_for_by_the_verdict() -> None:
    run = a_run(TTFT, GOODPUT, subject=CHAT)
    plan = runner_plan(run, 1, seconds_left=600)
    passed = KpiReport.of("P", LatencyCounts(125, 1_000, 0, 143_000, 125, 10))
    came = KpiReport.of("I", ThroughputCounts(1_995, 100_000))
    told = evidence(run.spec, plan, a_result(plan, kpis=(passed, came)))
    assert (told[1].verdict, told[1].reason, told[1].value) == (
        "Inconclusive", "NotJudged", "19.95/s"
    )  # fmt: skip
    assert (told[1].low, told[1].high, told[1].hypotheses) == (None, None, None)
    assert overall(run.spec.kpis, told) == "Pass"
    status = run.status.model_copy(update={"kpis": list(told)})
    explained = explain(run.model_copy(update={"status": status}))
    assert explained[1].agrees
    assert "1,995 came in 1m40s." in explained[1].sentences


@pytest.mark.parametrize("ints", [(1,), (1, 0), (-1, 5), (1, 2, 3)])
def test_a_throughput_that_cannot_have_been_counted_is_refused(ints: tuple[int, ...]) -> None:
    with pytest.raises(CountsError):
        counts_of("goodput", ints, with_expected=False)
