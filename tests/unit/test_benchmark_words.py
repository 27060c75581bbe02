"""What people are told where a KPI has no verdict: which, why, and what to do about it."""

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.benchmark.accept import Accepted, rule
from modelward.benchmark.contract import KpiReport
from modelward.benchmark.explained import explain
from modelward.benchmark.status import judged
from tests.unit.benchmark_world import (
    ACCURACY,
    ERRORS,
    FAILING,
    LATENCY,
    NOT_MEASURED,
    PASSING,
    a_run,
    completed,
)


def accepted(run: BenchmarkRun, *reports: KpiReport) -> Accepted:
    ruling = rule(run, 1, completed(run, kpis=reports))
    assert isinstance(ruling, Accepted), ruling
    return ruling


def explained(run: BenchmarkRun, *reports: KpiReport) -> dict[str, str]:
    kpis = list(accepted(run, *reports).kpis)
    done = run.model_copy(update={"status": run.status.model_copy(update={"kpis": kpis})})
    return {each.name: " ".join(each.sentences) for each in explain(done)}


def test_what_a_failed_gate_ended_is_not_told_to_take_longer() -> None:
    run = a_run(ACCURACY, ERRORS, LATENCY | {"effect": "report"})
    told = explained(run, FAILING["accuracy"], NOT_MEASURED, NOT_MEASURED)
    ended = "Not measured to the end: accuracy failed, which ends a benchmark."
    assert (told["errors"], told["latency"]) == (ended, ended)


def test_all_gates_that_failed_are_named() -> None:
    run = a_run(ACCURACY, ERRORS, LATENCY)
    told = explained(run, FAILING["accuracy"], FAILING["errors"], NOT_MEASURED)
    assert "accuracy and errors failed" in told["latency"]


def test_a_failed_report_ends_nothing_and_time_is_what_lacked() -> None:
    run = a_run(ACCURACY | {"effect": "report"}, ERRORS)
    told = explained(run, FAILING["accuracy"], NOT_MEASURED)
    assert "raise the step's upTo" in told["errors"]


def test_kpis_that_lack_the_same_are_told_together() -> None:
    run = a_run(ACCURACY, ERRORS, LATENCY)
    message = judged(run.spec.kpis, accepted(run, PASSING["accuracy"], NOT_MEASURED, NOT_MEASURED))
    assert message.message == (
        "errors, latency: not measured before time was up; raise the step's upTo"
    )
