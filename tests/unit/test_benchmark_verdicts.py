"""Stories of one BenchmarkRun: what its result comes to."""

import pytest

from modelward.benchmark.contract import KpiReport
from modelward.benchmark.counts import ErrorCounts
from modelward.benchmark.decide import decide
from modelward.benchmark.rowcounts import SampleCounts
from modelward.runner.report import LETTERS
from modelward.writes import VerdictReached
from tests.unit.benchmark_cluster import Cluster, created, status, succeeds
from tests.unit.benchmark_world import (
    ACCURACY,
    ERRORS,
    FAILING,
    LATENCY,
    NOT_MEASURED,
    PASSING,
    a_run,
    completed,
    seen,
)


def test_a_run_whose_gates_all_pass_passes_with_its_evidence() -> None:
    run = Cluster(a_run(ACCURACY, LATENCY, ERRORS), succeeds).settle()
    assert run.status.verdict == "Pass"
    assert run.status.message == (
        "Every gate holds: accuracy 93.5% (>= 92%), "
        "latency 143ms (p95 <= 250ms, expected 150ms), errors 0.5% (<= 5%, expected 2%)"
    )
    assert [kpi.verdict for kpi in run.status.kpis] == ["Pass"] * 3
    assert run.status.attempts[0].outcome == "Accepted"
    complete = run.status.conditions[0]
    assert (complete.status, complete.reason) == ("True", "EveryGateHolds")


def test_one_failing_gate_fails_the_run_though_others_were_not_reached() -> None:
    run = a_run(ACCURACY, LATENCY)
    plan = decide(seen(run, completed(run, kpis=(FAILING["accuracy"], NOT_MEASURED))))
    assert status(plan)["verdict"] == "Fail"
    assert status(plan)["message"] == "accuracy is 86.5% on 200 rows, not enough: >= 92%"
    assert status(plan)["kpis"][1]["reason"] == "NotMeasured"
    assert [each.what for each in plan.metrics] == [VerdictReached("Fail", "GateFailed")]


def test_status_tells_how_late_the_load_was_sent() -> None:
    run = a_run(LATENCY)
    plan = decide(seen(run, completed(run, send_delay_micros=412)))
    assert status(plan)["sendDelay"] == "0.412ms"
    exam = a_run(ACCURACY)
    assert "sendDelay" not in status(decide(seen(exam, completed(exam))))


def test_a_displeasing_result_is_never_tried_again() -> None:
    run = a_run(LATENCY)
    plan = decide(seen(run, completed(run, kpis=(FAILING["latency"],))))
    assert created(plan) == []
    assert status(plan)["message"] == (
        "latency is 420ms on 400 requests, shown to be worse than expected: "
        "p95 <= 250ms, expected 150ms"
    )


UNDECIDED = (
    "errors: undecided; a longer load would decide it (load.for), or a wider gap between expected "
    "and the limit"
)
BURSTS: dict[str, tuple[ErrorCounts, str]] = {
    "Pass": (ErrorCounts(900, 3_000, 60), "Every gate holds: errors 2% (<= 5%, expected 2%)"),
    "Fail": (
        ErrorCounts(900, 600, 120),
        "errors is 20% on 600 requests, shown to be worse than expected: <= 5%, expected 2%",
    ),
    "Inconclusive": (ErrorCounts(900, 300, 9), UNDECIDED),
}


@pytest.mark.parametrize("verdict", BURSTS)
def test_requests_that_are_worth_little_because_bad_ones_come_in_stretches_are_told(
    verdict: str,
) -> None:
    counts, message = BURSTS[verdict]
    run = a_run(ERRORS)
    letter = LETTERS[verdict]  # type: ignore[index]
    plan = decide(seen(run, completed(run, kpis=(KpiReport.of(letter, counts),))))
    assert status(plan)["verdict"] == verdict
    worth = counts.requests * 100 // counts.dispersion
    assert status(plan)["message"] == (
        f"{message}; bad requests seem to come in stretches, so that the {counts.requests} of "
        f"errors count as {worth} independent ones"
    )


def test_before_it_is_measured_how_bad_requests_scatter_nothing_is_said_of_stretches() -> None:
    run = a_run(ERRORS)
    report = KpiReport.of("P", BURSTS["Pass"][0])
    plan = decide(seen(run, completed(run, kpis=(report,), windows=20)))
    assert status(plan)["kpis"][0]["independenceAssumed"]
    assert status(plan)["message"] == BURSTS["Pass"][1]


def test_rows_that_are_drawn_again_and_again_come_in_no_stretches() -> None:
    golden = a_run().spec.datasets[0].to_wire() | {"rows": "sample"}
    run = a_run(ACCURACY, datasets=[golden])
    report = KpiReport.of("P", SampleCounts(rows=100, read=900, correct=890))
    plan = decide(seen(run, completed(run, kpis=(report,))))
    (kpi,) = status(plan)["kpis"]
    assert kpi["effectiveSamples"] * 5 < kpi["samples"]
    assert status(plan)["message"] == "Every gate holds: accuracy 98.89% (>= 92%)"


def test_a_report_kpi_never_decides() -> None:
    reported = LATENCY | {"effect": "report"}
    run = a_run(ACCURACY, reported)
    plan = decide(seen(run, completed(run, kpis=(PASSING["accuracy"], FAILING["latency"]))))
    assert status(plan)["verdict"] == "Pass"
    assert [kpi["verdict"] for kpi in status(plan)["kpis"]] == ["Pass", "Fail"]


def test_a_run_without_gates_is_inconclusive() -> None:
    run = a_run(LATENCY | {"effect": "report"})
    plan = decide(seen(run, completed(run)))
    assert status(plan)["verdict"] == "Inconclusive"
    assert status(plan)["message"] == "no KPI is a gate, so that there is nothing to decide"


def test_one_undecided_gate_among_passing_ones_is_inconclusive_and_says_what_to_change() -> None:
    run = a_run(ACCURACY, LATENCY)
    lagged = KpiReport(verdict="I", reason="GeneratorLagged")
    hint = "KPI latency: the benchmark pod sent late"
    plan = decide(seen(run, completed(run, kpis=(PASSING["accuracy"], lagged), message=hint)))
    assert status(plan)["verdict"] == "Inconclusive"
    assert status(plan)["conditions"][0]["reason"] == "GeneratorLagged"
    assert status(plan)["message"] == (
        "latency: not judged, the sender could not keep its schedule; lower load.rate, or "
        f"give it more CPU (benchmarkPod.resources); {hint}"
    )


def test_an_unreachable_revision_is_inconclusive_and_says_what_to_look_at() -> None:
    run = a_run(ACCURACY, LATENCY)
    hint = "connecting to fraud-x7f9k2m4q1.ml.svc:8080 timed out: look at its NetworkPolicies"
    job = completed(run, outcome="Unreachable", kpis=(NOT_MEASURED,) * 2, message=hint)
    plan = decide(seen(run, job))
    assert created(plan) == []
    assert status(plan)["verdict"] == "Inconclusive"
    assert status(plan)["conditions"][0]["reason"] == "Unreachable"
    assert [kpi["reason"] for kpi in status(plan)["kpis"]] == ["Unreachable"] * 2
    assert status(plan)["message"] == (
        f"accuracy, latency: not measured, the server could not be reached; {hint}"
    )
