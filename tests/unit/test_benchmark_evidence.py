"""What a run's status shows of each KPI, for people."""

from typing import Any

import pytest

from modelward.api.benchmarkrun import RunKpiStatus
from modelward.benchmark.contract import KpiReport
from modelward.benchmark.counts import (
    Counts,
    ErrorCounts,
    ExamCounts,
    LatencyCounts,
    RelativeErrorCounts,
    SampleCounts,
)
from modelward.benchmark.evidence import ContradictionError, evidence, objective_text
from modelward.benchmark.plan import runner_plan
from tests.unit.benchmark_world import ACCURACY, ERRORS, LATENCY, a_result, a_run

GOLDEN = {
    "name": "golden",
    "configMap": {"name": "fraud-golden", "key": "rows.jsonl"},
    "sha256": "ab" * 32,
}
BASELINE = {
    "revision": "z2k8m5q7w9",
    "service": "fraud-z2k8m5q7w9",
    "port": 8080,
    "protocol": "v2",
    "modelName": "fraud",
}


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


def test_a_sample_shows_its_share_and_what_it_may_be_in_traffic() -> None:
    """Rows asked again say little more about traffic: the interval is that of the 25 rows."""
    counts = SampleCounts(rows=25, read=1_000, correct=960)
    run = a_run(ACCURACY, datasets=[GOLDEN | {"rows": "sample"}])
    plan = runner_plan(run, 1, 1_200)
    report = KpiReport.of("P", counts)
    (status,) = evidence(run.spec, plan, a_result(plan, kpis=(report,)))
    assert (status.value, status.samples, status.effective_samples) == ("96%", 1_000, 24)
    assert status.low
    assert float(status.low.rstrip("%")) < 81
    assert status.evidence == [25, 1_000, 960]


def test_a_sample_that_is_not_decided_is_undecided() -> None:
    run = a_run(ACCURACY, datasets=[GOLDEN | {"rows": "sample"}])
    plan = runner_plan(run, 1, 1_200)
    report = KpiReport.of("I", SampleCounts(rows=25, read=25, correct=25))
    (status,) = evidence(run.spec, plan, a_result(plan, kpis=(report,)))
    assert (status.verdict, status.reason) == ("Inconclusive", "Undecided")


def test_a_part_of_a_long_exam_may_be_enough_and_of_a_short_one_never_is() -> None:
    part = measured(ACCURACY, "P", ExamCounts(rows=1_000, read=200, correct=198))
    assert (part.verdict, part.value, part.samples) == ("Pass", "99%", 200)
    with pytest.raises(ContradictionError, match="its counts say Inconclusive"):
        measured(ACCURACY, "P", ExamCounts(rows=999, read=200, correct=198))


def test_a_multiple_of_stables_error_rate_shows_both_rates_and_the_multiples() -> None:
    kpi = ERRORS | {
        "objective": {"versus": "stable", "worseByAtMost": "50%", "unlessBelow": "0.1%"}
    }
    run = a_run(kpi, baseline=BASELINE)
    plan = runner_plan(run, 1, 1_200)
    counts = RelativeErrorCounts(126, 126, requests=10_000, bad=300, baseline_bad=120)
    (status,) = evidence(run.spec, plan, a_result(plan, kpis=(KpiReport.of("F", counts),)))
    assert (status.verdict, status.reason) == ("Fail", "WorseThanStable")
    assert (status.value, status.baseline) == ("3%", "1.2%")
    assert status.objective == "<= stable + 50%, or below 0.1%"
    assert status.low
    assert status.low.endswith(" times stable")
    assert float(status.low.split()[0]) >= 1.5
    assert status.hypotheses == (
        "promote: below 1.5 times stable's error rate or below 0.1%, roll back: above both"
    )


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
