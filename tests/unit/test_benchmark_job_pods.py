"""The pod that runs a user's own image: what is in it, and what it is judged by."""

from dataclasses import replace
from typing import Any

import pytest

from modelward.api.modeldeployment import ModelDeployment
from modelward.benchmark.continued import starts
from modelward.benchmark.contract import RunnerPlan
from modelward.benchmark.job import job
from modelward.benchmark.plan import PlanError, runner_plan
from modelward.benchmark.snapshot import Ended
from modelward.cluster.observe.runs import read_run_pod
from modelward.release.render import shared_judgement
from modelward.release.revisions import gates_hash
from tests.unit.benchmark_world import ACCURACY, IMAGE, a_run, seen
from tests.unit.documents import deployment_document
from tests.unit.test_benchmark_jobs import ALL, ERRORS, LOCUST, run_of


def test_a_plan_says_what_each_job_is_asked() -> None:
    plan = RunnerPlan.parse(runner_plan(run_of(*ALL, ACCURACY), 1, 600).to_json())
    (job,) = plan.jobs or ()
    assert [(kpi.name, kpi.measures, kpi.at_most or kpi.at_least) for kpi in job.kpis] == [
        ("errors", "badRequests", "5%"),
        ("exam", "rightRows", "92%"),
        ("perplexity", "value", "12.5"),
    ]
    assert [kpi.name for kpi in plan.kpis] == ["accuracy"]


def test_a_job_without_kpis_is_not_run() -> None:
    assert runner_plan(run_of(ACCURACY), 1, 600).jobs is None


def pod_of(*kpis: dict[str, Any], **of_job: object) -> dict[str, Any]:
    run = a_run(*kpis, jobs=[LOCUST | of_job])
    made = job(run, 1, runner_plan(run, 1, 600), IMAGE, "Always")
    found: dict[str, Any] = made["spec"]["template"]["spec"]
    return found


def test_a_job_is_as_restricted_as_the_runner_and_comes_before_it() -> None:
    pod = pod_of(ERRORS, ACCURACY, runAsUser=1000)
    (first,), (runner,) = pod["initContainers"], pod["containers"]
    assert (first["name"], runner["name"]) == ("job-locust", "runner")
    assert pod["automountServiceAccountToken"] is False
    assert first["securityContext"] == runner["securityContext"] | {"runAsUser": 1000}
    for field in ("terminationMessagePath", "terminationMessagePolicy", "resources"):
        assert first[field] == runner[field]
    assert "restartPolicy" not in first  # an ordinary init container, no sidecar


def test_a_job_finds_plan_result_and_model_by_its_environment() -> None:
    pod = pod_of(ERRORS, env=[{"name": "HOME", "value": "/home"}, {"name": "USERS", "value": "9"}])
    (first,) = pod["initContainers"]
    assert [each["name"] for each in first["env"]].count("HOME") == 1
    assert {each["name"]: each["value"] for each in first["env"]} == {
        "HOME": "/home",
        "USERS": "9",
        "MODELWARD_JOB": "locust",
        "MODELWARD_PLAN": "/etc/modelward/plan.json",
        "MODELWARD_RESULT": "/dev/termination-log",
        "MODELWARD_TARGET": "http://fraud-x7f9k2m4q1.ml.svc:8080",
    }
    assert (first["args"], "command" in first) == (["--users=10"], False)


def test_a_pod_without_jobs_is_as_it_was() -> None:
    pod = pod_of(ACCURACY)
    assert "initContainers" not in pod
    assert [volume["name"] for volume in pod["volumes"]] == ["benchmark"]


def test_a_job_reads_data_sets_on_claims_where_the_runner_does() -> None:
    claim = {"persistentVolumeClaim": {"claimName": "data", "path": "rows.csv"}}
    datasets = [{"name": "golden", "sha256": "ab" * 32} | claim]
    run = a_run(ERRORS, ACCURACY, jobs=[LOCUST], datasets=datasets)
    pod = job(run, 1, runner_plan(run, 1, 600), IMAGE, "Always")["spec"]["template"]["spec"]
    (first,), (runner,) = pod["initContainers"], pod["containers"]
    mount = {
        "name": "claim-golden",
        "mountPath": "/var/lib/modelward/claims/golden",
        "readOnly": True,
    }
    assert mount in first["volumeMounts"]
    assert mount in runner["volumeMounts"]
    assert [volume["name"] for volume in pod["volumes"]] == [
        "benchmark",
        "claim-golden",
        "scratch",
        "tmp",
    ]


def test_a_pod_s_jobs_are_read_with_what_they_left() -> None:
    status = {
        "initContainerStatuses": [
            {"name": "mesh", "state": {"terminated": {"exitCode": 0, "message": "hello"}}},
            {"name": "job-locust", "state": {"terminated": {"exitCode": 0, "message": "{}"}}},
            {"name": "job-k6", "state": {"running": {"startedAt": "2026-11-23T12:00:00Z"}}},
        ],
        "containerStatuses": [{"name": "runner", "state": {"waiting": {"reason": "x"}}}],
    }
    metadata = {"name": "p", "namespace": "ml", "uid": "u"}
    pod = read_run_pod({"metadata": metadata, "spec": {}, "status": status})
    assert pod.jobs == {"locust": Ended(0, "", "{}")}
    assert pod.started
    assert pod.ended is None


def test_another_image_of_a_gate_s_job_is_another_requirement() -> None:
    def gates(kpi: dict[str, Any], image: str, name: str = "locust") -> str:
        jobs = [LOCUST | {"image": image, "name": name}]
        document = deployment_document(kpis=[ACCURACY, kpi], jobs=jobs)
        return gates_hash(ModelDeployment.model_validate(document).spec)

    assert gates(ERRORS, "one") != gates(ERRORS, "two")
    assert gates(ACCURACY, "one") == gates(ACCURACY, "two")
    report = ERRORS | {"effect": "report"}
    assert gates(report, "one") == gates(report, "two")


def test_only_rates_share_the_probability_of_a_false_rollback() -> None:
    kpis = a_run(*ALL, ERRORS | {"name": "slow"}).spec.kpis
    assert shared_judgement(kpis, "5%", "5%").false_rollback == "0.025"


def test_two_runs_with_other_jobs_are_not_continued() -> None:
    run = run_of(ERRORS, continues="fraud-1")
    other = a_run(ERRORS, jobs=[LOCUST | {"image": "another"}])
    status = other.status.model_copy(update={"phase": "Finished", "verdict": "Inconclusive"})
    metadata = other.metadata.model_copy(update={"uid": "other"})
    before = other.model_copy(update={"status": status, "metadata": metadata})
    with pytest.raises(PlanError, match="continues: jobs differs"):
        starts(replace(seen(run), continued=before))
