"""KPIs of jobs that are compared with a closed copy of stable: plan, counts, verdicts."""

import json
from typing import Any

import jsonschema
import pytest

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.benchmark.accept import Accepted, Refused
from modelward.benchmark.containers import job_container
from modelward.benchmark.contract import RunnerPlan
from modelward.benchmark.explained import explain
from modelward.benchmark.plan import PlanError, runner_plan
from modelward.benchmark.schemas import json_schemas
from modelward.contract import compared
from tests.unit.test_benchmark_compared import BASELINE
from tests.unit.test_benchmark_jobs import ERRORS, answer, ruled, run_of, verdicts

TIMES = {"versus": "stable", "worseByAtMost": "100%"}
VERSUS: dict[str, Any] = ERRORS | {"objective": TIMES}
LENIENT = VERSUS | {"objective": TIMES | {"unlessBelow": "2%"}}
MEASURED = {"dispersion": 110, "dispersionOfShares": 110}


def counted(bad: int, baseline_bad: int, requests: int = 5_000, **more: int) -> dict[str, Any]:
    return {"errors": {"requests": requests, "bad": bad, "baselineBad": baseline_bad, **more}}


def beside_stable(*kpis: dict[str, Any]) -> BenchmarkRun:
    return run_of(*kpis, baseline=BASELINE)


@pytest.mark.parametrize(
    ("kpi", "found", "verdict"),
    [
        (VERSUS, counted(20, 80), "Pass"),
        (VERSUS, counted(20, 80, **MEASURED), "Pass"),
        (VERSUS, counted(90, 10, **MEASURED), "Fail WorseThanStable"),
        (VERSUS, counted(90, 10), "Inconclusive Uncalibrated"),
        (VERSUS, counted(90, 10, dispersion=110), "Inconclusive Uncalibrated"),
        (VERSUS, counted(90, 10, dispersionOfShares=110), "Fail WorseThanStable"),
        (VERSUS, counted(90, 10, dispersionOfShares=2_000), "Inconclusive Undecided"),
        (VERSUS, counted(2, 1, **MEASURED), "Inconclusive Undecided"),
        (LENIENT, counted(20, 0, **MEASURED), "Pass"),
        (LENIENT, counted(400, 40, **MEASURED), "Fail WorseThanStable"),
        (LENIENT, counted(400, 40, dispersionOfShares=110), "Inconclusive Uncalibrated"),
    ],
)
def test_errors_are_judged_as_a_multiple_of_stables(
    kpi: dict[str, Any], found: dict[str, Any], verdict: str
) -> None:
    assert verdicts(beside_stable(kpi), found) == [verdict]


def test_what_stable_showed_is_shown_and_explained() -> None:
    run = beside_stable(VERSUS)
    ruling = ruled(run, answer(run, counted(90, 10, **MEASURED)))
    assert isinstance(ruling, Accepted)
    (shown,) = ruling.kpis
    assert (shown.value, shown.baseline, shown.objective) == ("1.8%", "0.2%", "<= stable + 100%")
    status = run.status.model_copy(update={"kpis": list(ruling.kpis)})
    (explained,) = explain(run.model_copy(update={"status": status}))
    assert explained.agrees
    assert "90 failed for this version and 10 for stable." in " ".join(explained.sentences)


@pytest.mark.parametrize(
    ("kpi", "found"),
    [
        (VERSUS, {"errors": {"requests": 9, "bad": 1}}),
        (ERRORS, counted(1, 1, 9)),
        (VERSUS, counted(1, 10, 9)),
        (ERRORS, {"errors": {"requests": 9, "bad": 1, "dispersionOfShares": 100}}),
        (VERSUS, counted(1, 1, 9, dispersion=99)),
    ],
)
def test_a_result_that_is_not_of_both_sides_is_no_evidence(
    kpi: dict[str, Any], found: dict[str, Any]
) -> None:
    run = beside_stable(kpi) if kpi is VERSUS else run_of(kpi)
    ruling = ruled(run, answer(run, found))
    assert isinstance(ruling, Refused)
    assert ruling.reason == "Malformed"


def test_a_job_is_told_where_the_copy_answers_and_by_how_much_it_may_be_worse() -> None:
    plan = runner_plan(beside_stable(LENIENT), 1, 600)
    assert RunnerPlan.parse(plan.to_json()) == plan
    (job,) = plan.jobs or ()
    (kpi,) = job.kpis
    assert (kpi.versus, kpi.worse_by_at_most, kpi.unless_below) == ("stable", "100%", "2%")
    (declared,) = beside_stable(LENIENT).spec.jobs
    env = {each["name"]: each["value"] for each in job_container(declared, plan, None, [])["env"]}
    assert env["MODELWARD_BASELINE"] == "http://fraud-x7f9k2m4q1-1-base.ml.svc:8080"


def test_jobs_load_no_pods_that_serve_users() -> None:
    serving = {key: value for key, value in BASELINE.items() if key != "closed"}
    with pytest.raises(PlanError, match="what a job measures is compared, and baseline is not"):
        runner_plan(run_of(VERSUS, baseline=serving), 1, 600)


def test_on_a_first_version_it_is_not_applicable_and_no_job_runs_for_it() -> None:
    run = run_of(VERSUS, ERRORS | {"name": "slow"})
    (job,) = runner_plan(run, 1, 600).jobs or ()
    assert [kpi.name for kpi in job.kpis] == ["slow"]
    found = {"slow": {"requests": 2_000, "bad": 20}}
    assert verdicts(run, found) == ["NotApplicable FirstVersion", "Pass"]


def test_the_helper_counts_both_sides_and_how_they_scatter() -> None:
    ours, stables = [0, 1, 0, 0] * 30, [1, 0, 0, 0] * 30
    found = compared(ours, stables, total=2_400)
    assert (found["requests"], found["bad"], found["baselineBad"]) == (2_400, 30, 30)
    bursts = compared([5 * each for each in ours], stables, total=2_400)
    assert bursts["dispersionOfShares"] > found["dispersionOfShares"]
    run = beside_stable(VERSUS)
    for each in (found, bursts, compared([0], [0], total=10)):
        text = answer(run, {"errors": each})
        jsonschema.validate(json.loads(text), json_schemas()["job-result.schema.json"])
        assert isinstance(ruled(run, text), Accepted)
