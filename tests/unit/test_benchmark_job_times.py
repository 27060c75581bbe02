"""How long a job may take: its own upTo, kept by the operator, and named where it is exceeded."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.modeldeployment import ModelDeployment
from modelward.benchmark.accept import Infrastructure, rule
from modelward.benchmark.continued import starts
from modelward.benchmark.decide import BACK_OFF, decide
from modelward.benchmark.job import SPARE_SECONDS, job
from modelward.benchmark.plan import runner_plan
from modelward.benchmark.snapshot import Ended, RunJob, RunSnapshot
from modelward.cluster.observe.runs import read_run_pod
from modelward.release.revisions import gates_hash
from modelward.writes import Announce, Delete, PatchStatus
from tests.unit.benchmark_world import IMAGE, LATENCY, START, a_job, a_pod, a_run, failed, seen
from tests.unit.documents import deployment_document
from tests.unit.test_benchmark_jobs import ERRORS, LOCUST, VALUE

K6 = {"name": "k6", "image": "registry.example/k6:1", "upTo": "45s"}
BY_K6 = VALUE | {"job": {"name": "k6", "measures": "value"}}


def run_with(up_to: str = "2m") -> BenchmarkRun:
    return a_run(ERRORS, BY_K6, jobs=[LOCUST | {"upTo": up_to}, K6])


def going(run: BenchmarkRun, name: str, since: datetime) -> RunJob:
    """Return an attempt whose pod runs this job."""
    made = a_job(run)
    return replace(made, pods=(replace(a_pod(made), running={name: since}),))


def at(run: BenchmarkRun, name: str, after: timedelta) -> RunSnapshot:
    return seen(run, going(run, name, START), now=START + after)


def test_a_job_within_its_time_is_left_alone_and_looked_at_when_that_ends() -> None:
    plan = decide(at(run_with(), "locust", timedelta(seconds=119)))
    assert not any(isinstance(write, Delete) for write in plan.writes)
    assert plan.wake_after == timedelta(seconds=1)


def test_a_job_beyond_its_time_ends_its_attempt_and_is_named() -> None:
    plan = decide(at(run_with(), "locust", timedelta(minutes=2)))
    (deleted,) = (write for write in plan.writes if isinstance(write, Delete))
    assert deleted.name == "fraud-x7f9k2m4q1-1-1"
    (patch,) = (write for write in plan.writes if isinstance(write, PatchStatus))
    (attempt,) = patch.status["attempts"]
    assert (attempt["outcome"], attempt["reason"]) == ("Infrastructure", "JobTimedOut")
    assert attempt["message"] == (
        "job locust ran for longer than its upTo, 2m: raise it in spec.jobs, or let the job "
        "measure less"
    )
    (event,) = (write for write in plan.writes if isinstance(write, Announce))
    assert "JobTimedOut: job locust" in event.note


def test_a_job_that_is_ended_loads_the_model_no_more_when_the_next_attempt_measures() -> None:
    run = run_with()
    made = job(run, 1, runner_plan(run, 1, seconds_left=1_200), IMAGE, "Always")
    grace = made["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert timedelta(seconds=grace) < BACK_OFF


def test_each_job_has_a_time_of_its_own_from_when_it_began() -> None:
    run, begun = run_with(), START + timedelta(minutes=1)
    late = seen(run, going(run, "k6", begun), now=begun + timedelta(seconds=45))
    assert any(isinstance(write, Delete) for write in decide(late).writes)
    early = seen(run, going(run, "k6", begun), now=begun + timedelta(seconds=44))
    assert not any(isinstance(write, Delete) for write in decide(early).writes)


def test_after_three_attempts_the_run_says_which_job_was_late() -> None:
    run = run_with()
    message = "job locust ran for longer than its upTo, 2m: raise it in spec.jobs"
    told = [
        {
            "job": f"fraud-x7f9k2m4q1-1-{number}",
            "startedAt": "2026-11-23T12:00:00Z",
            "outcome": "Infrastructure",
            "reason": "JobTimedOut",
            "message": message,
        }
        for number in (1, 2, 3)
    ]
    status = {"attempts": told, "startedAt": "2026-11-23T12:00:00Z"}
    run = BenchmarkRun.model_validate(run.to_wire() | {"status": status})
    (patch,) = (w for w in decide(seen(run)).writes if isinstance(w, PatchStatus))
    assert patch.status["verdict"] == "Inconclusive"
    assert f"JobTimedOut, {message}" in patch.status["message"]


@pytest.mark.parametrize("kpis", [(ERRORS, BY_K6), (ERRORS, BY_K6, LATENCY)])
def test_images_of_jobs_may_be_pulled_for_as_long_as_the_step_lasts(kpis: tuple[Any, ...]) -> None:
    run = a_run(*kpis, jobs=[LOCUST | {"upTo": "2m"}, K6], upTo="40m")
    whole, rest = (runner_plan(run, 1, seconds_left=left) for left in (5_000, 300))
    assert (whole.deadline_seconds, rest.deadline_seconds) == (40 * 60, 300)
    made = job(run, 1, rest, IMAGE, "Always")
    assert made["spec"]["activeDeadlineSeconds"] == 300 + SPARE_SECONDS


def test_at_the_pods_deadline_the_job_that_ran_is_named() -> None:
    run = run_with()
    done = failed(run, reason="DeadlineExceeded")
    (pod,) = done.pods
    ruling = rule(run, 1, replace(done, pods=(replace(pod, running={"k6": START}),)))
    assert isinstance(ruling, Infrastructure)
    assert ruling.message.endswith(": job k6 was running; raise upTo of the benchmark step")


def test_since_when_a_job_runs_is_read_off_its_container() -> None:
    status = {
        "initContainerStatuses": [
            {"name": "job-locust", "state": {"terminated": {"exitCode": 0, "message": "{}"}}},
            {"name": "job-k6", "state": {"running": {"startedAt": "2026-11-23T12:00:00Z"}}},
            {"name": "mesh", "state": {"running": {"startedAt": "2026-11-23T11:00:00Z"}}},
        ]
    }
    metadata = {"name": "p", "namespace": "ml", "uid": "u"}
    pod = read_run_pod({"metadata": metadata, "spec": {}, "status": status})
    assert pod.running == {"k6": START}
    assert pod.jobs == {"locust": Ended(0, "", "{}")}


def test_another_time_limit_is_no_other_requirement_and_no_other_question() -> None:
    def gates(up_to: str) -> str:
        document = deployment_document(kpis=[ERRORS], jobs=[LOCUST | {"upTo": up_to}])
        return gates_hash(ModelDeployment.model_validate(document).spec)

    assert gates("5m") == gates("10m")
    before = run_with("5m")
    status = before.status.model_copy(update={"phase": "Finished", "verdict": "Inconclusive"})
    metadata = before.metadata.model_copy(update={"uid": "other"})
    before = before.model_copy(update={"status": status, "metadata": metadata})
    after = a_run(ERRORS, BY_K6, jobs=[LOCUST | {"upTo": "20m"}, K6], continues="fraud-1")
    assert starts(replace(seen(after), continued=before)) == {}
