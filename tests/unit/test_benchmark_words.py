"""What people are told where a KPI has no verdict: which, why, and what to do about it."""

from typing import Any

import pytest

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
from tests.unit.kpis import accuracy

DIFFERS = KpiReport(verdict="I", reason="NotDeterministic")


def accepted(run: BenchmarkRun, *reports: KpiReport) -> Accepted:
    ruling = rule(run, 1, completed(run, kpis=reports))
    assert isinstance(ruling, Accepted), ruling
    return ruling


def explained(run: BenchmarkRun, *reports: KpiReport) -> dict[str, str]:
    kpis = list(accepted(run, *reports).kpis)
    done = run.model_copy(update={"status": run.status.model_copy(update={"kpis": kpis})})
    return {each.name: " ".join(each.sentences) for each in explain(done)}


@pytest.mark.parametrize(
    ("kpi", "what_to_do"),
    [
        (ACCURACY, ", or let its answers stand for traffic: rows: sample in spec.datasets[golden]"),
        (accuracy(atLeast="100%"), ", or say a limit below 100% and rows: sample in spec.datasets"),
        (accuracy(atLeast="100.0%"), ", or say a limit below 100% and rows: sample"),
        (
            ACCURACY | {"benchmark": ACCURACY["benchmark"] | {"worstSliceOf": "region"}},
            ": this metric is a value of all rows, which no sample has",
        ),
    ],
)
def test_a_model_that_answers_differently_is_told_by_kpi_data_set_and_what_would_help(
    kpi: dict[str, Any], what_to_do: str
) -> None:
    run = a_run(kpi)
    message = judged(run.spec.kpis, accepted(run, DIFFERS)).message
    assert message.startswith("accuracy: not judged, rows of data set golden were answered")
    assert "make the model repeat its answers (a fixed seed, temperature 0)" + what_to_do in message
    assert explained(run, DIFFERS)["accuracy"].startswith("Not judged, rows of data set golden")


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
