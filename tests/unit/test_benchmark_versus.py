"""Runs that compare a revision with stable: their plans, what counts, what people read."""

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from modelward.api.benchmarkrun import BenchmarkRun, RunKpiStatus
from modelward.benchmark.accept import Accepted, Refused, rule
from modelward.benchmark.bounds import CountsError
from modelward.benchmark.contract import KpiReport, RunnerPlan
from modelward.benchmark.counts import Counts, PairedErrorCounts, PairedExamCounts, counts_of
from modelward.benchmark.decide import decide
from modelward.benchmark.plan import PlanError, runner_plan
from modelward.benchmark.schemas import json_schemas
from modelward.writes import PatchStatus
from tests.unit.benchmark_world import ACCURACY, ERRORS, PASSING, a_run, completed, seen

SUBJECT = {"port": 8080, "protocol": "v2", "modelName": "fraud"}
BASELINE = SUBJECT | {"revision": "z2k8m5q7w9", "service": "fraud-z2k8m5q7w9", "port": 9000}
ACCURACY_VERSUS = ACCURACY | {
    "name": "accuracy-vs-stable",
    "objective": {"versus": "stable", "worseByAtMost": "1pp"},
}
ERRORS_VERSUS = ERRORS | {
    "name": "errors-vs-stable",
    "objective": {"versus": "stable", "worseByAtMost": "0.5pp"},
}
ROWS = PairedExamCounts(rows=200, read=200, correct=187, baseline=188, lost=3)
REQUESTS = PairedErrorCounts(dispersion=125, bet=5_000, requests=2_000, lost=1, won=2, both=40)


def a_comparison(*kpis: dict[str, Any]) -> BenchmarkRun:
    return a_run(*kpis, baseline=BASELINE)


def accepted(run: BenchmarkRun, *reports: KpiReport) -> tuple[RunKpiStatus, ...]:
    ruling = rule(run, 1, completed(run, kpis=reports))
    assert isinstance(ruling, Accepted), ruling
    return ruling.kpis


def ended(run: BenchmarkRun, *reports: KpiReport) -> dict[str, Any]:
    plan = decide(seen(run, completed(run, kpis=reports)))
    (status,) = (write.status for write in plan.writes if isinstance(write, PatchStatus))
    return dict(status)


def test_the_plan_names_both_revisions_and_by_how_much_one_may_be_worse() -> None:
    plan = runner_plan(a_comparison(ACCURACY, ACCURACY_VERSUS, ERRORS_VERSUS), 1, 1_200)
    assert plan.baseline is not None
    assert plan.baseline.url == "http://fraud-z2k8m5q7w9.ml.svc:9000"
    document = json.loads(plan.to_json())
    assert [(kpi.get("versus"), kpi["limit"]) for kpi in document["kpis"]] == [
        (None, "0.92"),
        ("stable", "0.01"),
        ("stable", "0.005"),
    ]
    assert RunnerPlan.parse(plan.to_json()) == plan
    jsonschema.validate(document, json_schemas()["plan.schema.json"])


def test_a_plan_that_compares_with_nobody_is_refused() -> None:
    plan = runner_plan(a_comparison(ACCURACY_VERSUS), 1, 1_200)
    with pytest.raises(ValueError, match="baseline is missing"):
        RunnerPlan.parse(plan.model_copy(update={"baseline": None}).to_json())


@pytest.mark.parametrize(
    ("kpi", "field"),
    [
        (ACCURACY_VERSUS | {"objective": {"versus": "stable"}}, "say worseByAtMost"),
        (
            ERRORS_VERSUS | {"objective": {"versus": "stable", "worseByAtMost": "0pp"}},
            "worseByAtMost 0 is not between",
        ),
    ],
)
def test_a_comparison_that_cannot_be_made_names_its_kpi(kpi: dict[str, Any], field: str) -> None:
    with pytest.raises(PlanError, match=f"kpis: {kpi['name']}.*{field}"):
        runner_plan(a_comparison(kpi), 1, 1_200)


def test_an_exam_versus_stable_shows_both_shares_and_their_difference() -> None:
    (shown,) = accepted(a_comparison(ACCURACY_VERSUS), KpiReport.of("P", ROWS))
    assert (shown.value, shown.baseline, shown.objective) == ("93.5%", "94%", ">= stable - 1pp")
    assert (shown.low, shown.high) == ("-3.06pp", "2.07pp")
    assert shown.evidence == [200, 200, 187, 188, 3]


def test_errors_versus_stable_show_both_rates_and_their_difference() -> None:
    (shown,) = accepted(a_comparison(ERRORS_VERSUS), KpiReport.of("P", REQUESTS))
    assert (shown.value, shown.baseline) == ("2.05%", "2.1%")
    assert shown.objective == "<= stable + 0.5pp"
    assert shown.high == "0.36pp"
    assert shown.hypotheses == (
        "promote: not 0.5pp worse than stable, roll back: more than 0.5pp worse"
    )


def test_a_verdict_that_its_own_pairs_contradict_is_refused() -> None:
    run = a_comparison(ACCURACY_VERSUS)
    worse = replace(ROWS, correct=180, lost=10)
    ruling = rule(run, 1, completed(run, kpis=(KpiReport.of("P", worse),)))
    assert isinstance(ruling, Refused)
    assert ruling.reason == "Contradiction"


def test_counts_of_one_revision_are_no_comparison() -> None:
    run = a_comparison(ACCURACY_VERSUS)
    ruling = rule(run, 1, completed(run, kpis=(PASSING["accuracy"],)))
    assert isinstance(ruling, Refused)
    assert "accuracy has 3 counts where 5 belong" in ruling.message


def test_what_failed_says_what_stable_has() -> None:
    worse = PairedExamCounts(rows=200, read=200, correct=184, baseline=188, lost=5)
    status = ended(
        a_comparison(ACCURACY, ACCURACY_VERSUS), PASSING["accuracy"], KpiReport.of("F", worse)
    )
    assert status["verdict"] == "Fail"
    assert status["message"] == (
        "accuracy-vs-stable is 92% on 200 rows, where stable has 94%, not enough: >= stable - 1pp"
    )


def test_without_a_stable_revision_comparisons_do_not_apply_and_hinder_nothing() -> None:
    run = a_run(ACCURACY_VERSUS, ACCURACY, ERRORS_VERSUS)
    assert [kpi.name for kpi in runner_plan(run, 1, 1_200).kpis] == ["accuracy"]
    status = ended(run, PASSING["accuracy"])
    assert status["verdict"] == "Pass"
    assert status["message"] == "Every gate holds: accuracy 93.5% (>= 92%)"
    verdicts = [(kpi["name"], kpi["verdict"], kpi.get("reason")) for kpi in status["kpis"]]
    assert verdicts == [
        ("accuracy-vs-stable", "NotApplicable", "FirstVersion"),
        ("accuracy", "Pass", None),
        ("errors-vs-stable", "NotApplicable", "FirstVersion"),
    ]


def test_a_run_of_nothing_but_comparisons_with_nobody_says_so() -> None:
    plan = decide(seen(a_run(ACCURACY_VERSUS)))
    (status,) = (write.status for write in plan.writes if isinstance(write, PatchStatus))
    assert status["verdict"] == "Inconclusive"
    assert "every KPI is versus stable, and there is no baseline to compare" in status["message"]


@pytest.mark.parametrize(("metric", "counts"), [("accuracy", ROWS), ("errorRate", REQUESTS)])
def test_counts_come_back_from_their_integers(metric: str, counts: Counts) -> None:
    ints = counts.to_ints()
    assert counts_of(metric, ints, with_expected=False, versus=True) == counts


@pytest.mark.parametrize(
    ("metric", "ints"),
    [
        ("accuracy", (200, 200, 187)),
        ("accuracy", (200, 200, 187, 201, 3)),
        ("accuracy", (200, 200, 187, 188, 0)),
        ("accuracy", (200, 200, 187, 188, 189)),
        ("accuracy", (200, 200, 187, 188, 100)),
        ("errorRate", (125, 10, 1)),
        ("errorRate", (125, 0, 10, 0, 0, 0)),
        ("errorRate", (125, 5_001, 10, 0, 0, 0)),
        ("errorRate", (125, 1, 10, 6, 5, 0)),
        ("errorRate", (99, 1, 10, 0, 0, 0)),
        ("errorRate", (125, 1, 10, 4, 4, 3)),
    ],
)
def test_integers_that_nobody_can_have_counted_are_refused(
    metric: str, ints: tuple[int, ...]
) -> None:
    with pytest.raises(CountsError):
        counts_of(metric, ints, with_expected=False, versus=True)
