"""A result tells how late its load was sent, and the operator holds it to that."""

from typing import Any

import pytest

from modelward.benchmark.accept import Accepted, Refused, rule
from modelward.benchmark.contract import KpiReport
from tests.unit.benchmark_world import ERRORS, LATENCY, a_run, completed


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
