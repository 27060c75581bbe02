"""A result tells how late its load was sent, and the operator holds it to that."""

import json
from typing import Any

import pytest

from modelward.benchmark.accept import Accepted, Refused, rule
from modelward.benchmark.contract import KpiReport, RunnerResult
from modelward.benchmark.plan import runner_plan
from tests.unit.benchmark_world import ERRORS, LATENCY, PASSING, a_result, a_run, completed
from tests.unit.kpis import LATENCY_VERSUS
from tests.unit.test_benchmark_compared import a_comparison


@pytest.mark.parametrize(
    ("kpi", "delay", "told"),
    [
        (LATENCY, None, "without sendDelayMicros"),
        (ERRORS, None, "without sendDelayMicros"),
        (LATENCY, 75_001, "sent 75.001ms late or more, where 75ms is tolerated"),
        (ERRORS, 1_000_001, "sent 1s late or more, where 1s is tolerated"),
    ],
)
def test_counts_of_a_load_that_was_sent_late_are_refused(
    kpi: dict[str, Any], delay: int | None, told: str
) -> None:
    run = a_run(kpi)
    ruling = rule(run, 1, completed(run, send_delay_micros=delay))
    assert isinstance(ruling, Refused)
    assert ruling.reason == "Contradiction"
    assert told in ruling.message


@pytest.mark.parametrize(("kpi", "delay"), [(LATENCY, 75_000), (ERRORS, 1_000_000)])
def test_load_may_be_late_by_half_of_what_a_latency_is_expected_to_be(
    kpi: dict[str, Any], delay: int
) -> None:
    run = a_run(kpi)
    assert isinstance(rule(run, 1, completed(run, send_delay_micros=delay)), Accepted)


def test_a_kpi_that_is_not_judged_because_of_a_lag_needs_no_load_in_time() -> None:
    run = a_run(LATENCY)
    lagged = KpiReport(verdict="I", reason="GeneratorLagged")
    ruling = rule(run, 1, completed(run, kpis=(lagged,), send_delay_micros=9_000_000))
    assert isinstance(ruling, Accepted)
    assert ruling.kpis[0].reason == "GeneratorLagged"


@pytest.mark.parametrize(
    ("delay", "told"),
    [
        (None, "without turnsDelayMicros"),
        (45_001, "sent 45.001ms late or more, where 45ms is tolerated"),
    ],
)
def test_pairs_that_were_sent_late_by_turns_are_refused_whatever_other_load_was(
    delay: int | None, told: str
) -> None:
    run = a_comparison(LATENCY, LATENCY_VERSUS)
    ruling = rule(run, 1, completed(run, send_delay_micros=0, turns_delay_micros=delay))
    assert isinstance(ruling, Refused)
    assert ruling.reason == "Contradiction"
    assert "latency-vs-stable" in ruling.message
    assert told in ruling.message


def test_load_by_turns_may_be_late_by_half_of_stables_quantile() -> None:
    run = a_comparison(LATENCY_VERSUS)
    in_time = completed(run, send_delay_micros=None, turns_delay_micros=45_000)
    assert isinstance(rule(run, 1, in_time), Accepted)


def test_a_limit_of_its_own_stands_though_load_by_turns_was_late() -> None:
    run = a_comparison(LATENCY, LATENCY_VERSUS)
    lagged = KpiReport(verdict="I", reason="GeneratorLagged")
    reports = (PASSING["latency"], lagged)
    ruling = rule(run, 1, completed(run, kpis=reports, turns_delay_micros=9_000_000))
    assert isinstance(ruling, Accepted)
    assert [kpi.verdict for kpi in ruling.kpis] == ["Pass", "Inconclusive"]


def test_both_delays_travel_under_their_own_names_and_the_longer_one_is_shown() -> None:
    plan = runner_plan(a_comparison(LATENCY, LATENCY_VERSUS), 1, 1_200)
    result = a_result(plan, send_delay_micros=400, turns_delay_micros=700)
    document = json.loads(result.to_json())
    assert (document["sendDelayMicros"], document["turnsDelayMicros"]) == (400, 700)
    assert RunnerResult.parse(result.to_json()) == result
    assert result.longest_delay == 700
    assert a_result(plan, send_delay_micros=900, turns_delay_micros=None).longest_delay == 900
