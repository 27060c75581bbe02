"""What a run's status shows of each KPI, for people."""

from typing import Any

import pytest

from modelward.api.benchmarkrun import RunKpiStatus
from modelward.benchmark.contract import KpiReport
from modelward.benchmark.counts import Counts, ErrorCounts, ExamCounts, LatencyCounts
from modelward.benchmark.evidence import evidence, objective_text
from modelward.benchmark.plan import runner_plan
from tests.unit.benchmark_world import ACCURACY, ERRORS, LATENCY, a_result, a_run


def shown(kpi: dict[str, Any], report: KpiReport, **result: object) -> RunKpiStatus:
    run = a_run(kpi)
    plan = runner_plan(run, 1, 1_200)
    (status,) = evidence(run.spec, plan, a_result(plan, kpis=(report,), **result))
    return status


def measured(kpi: dict[str, Any], letter: str, counts: Counts, **result: object) -> RunKpiStatus:
    report = KpiReport.model_validate({"verdict": letter, "counts": counts.to_ints()})
    return shown(kpi, report, **result)


def test_an_exam_shows_its_exact_share_and_what_it_may_be_in_traffic() -> None:
    status = measured(ACCURACY, "P", ExamCounts(rows=200, read=200, correct=187))
    assert (status.value, status.objective, status.samples) == ("93.5%", ">= 92%", 200)
    # Wilson's interval of 187 of 200, as scipy.stats.binomtest(187, 200).proportion_ci computes it.
    assert (status.low, status.high) == ("89.2%", "96.16%")
    assert status.evidence == [200, 200, 187]
    assert status.reason is None


def test_an_exam_is_exact_at_its_limit() -> None:
    at_limit = measured(ACCURACY, "P", ExamCounts(rows=25, read=25, correct=23))
    below = measured(ACCURACY, "F", ExamCounts(rows=25, read=25, correct=22))
    assert (at_limit.verdict, at_limit.value) == ("Pass", "92%")
    assert (below.verdict, below.reason) == ("Fail", "BelowLimit")


def test_a_latency_shows_the_quantile_and_the_share_of_slow_requests() -> None:
    status = measured(LATENCY, "P", LatencyCounts(125, 1_000, 0, 143_000, 125, 10))
    assert status.value == "143ms"
    assert status.objective == "p95 <= 250ms, expected 150ms"
    assert status.low == "0% above 250ms"
    assert status.high
    assert status.high.endswith("% above 250ms")


def test_what_was_tested_is_named() -> None:
    latency = measured(LATENCY, "P", LatencyCounts(125, 1_000, 0, 143_000, 125, 10))
    assert latency.hypotheses == (
        "promote: 5% against 2.5%, roll back: 5% against 10% of requests beyond expected"
    )
    errors = measured(ERRORS, "P", ErrorCounts(dispersion=125, requests=1_000, bad=5))
    assert errors.hypotheses == "promote: 5% against 2%, roll back: 2% against 5%"
    exam = measured(ACCURACY, "P", ExamCounts(rows=200, read=200, correct=187))
    assert exam.hypotheses is None


def test_dispersion_makes_fewer_effective_samples() -> None:
    status = measured(ERRORS, "I", ErrorCounts(dispersion=3_200, requests=1_000, bad=5))
    assert (status.samples, status.effective_samples) == (1_000, 31)
    assert (status.verdict, status.reason) == ("Inconclusive", "Undecided")
    assert status.independence_assumed is False


def test_too_short_a_calibration_is_told() -> None:
    status = measured(ERRORS, "P", ErrorCounts(125, 1_000, 5), windows=12)
    assert status.independence_assumed is True


@pytest.mark.parametrize(
    ("reason", "outcome", "told"),
    [
        ("NotMeasured", "Measured", "NotMeasured"),
        ("NotMeasured", "Unreachable", "Unreachable"),
        ("NotMeasured", "DatasetInvalid", "DatasetInvalid"),
        ("NotDeterministic", "Measured", "NotDeterministic"),
        ("GeneratorLagged", "Measured", "GeneratorLagged"),
    ],
)
def test_why_there_are_no_counts_is_told(reason: str, outcome: str, told: str) -> None:
    report = KpiReport.model_validate({"verdict": "I", "reason": reason})
    status = shown(LATENCY, report, outcome=outcome)
    assert (status.verdict, status.reason) == ("Inconclusive", told)
    assert (status.value, status.samples, status.evidence) == (None, None, [])
    assert status.objective == "p95 <= 250ms, expected 150ms"


def test_objectives_are_shown_as_they_were_written() -> None:
    texts = [objective_text(kpi) for kpi in a_run(ACCURACY, ERRORS).spec.kpis]
    assert texts == [">= 92%", "<= 5%, expected 2%"]
