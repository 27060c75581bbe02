"""What keeps a benchmark pod from starting: told within seconds, never held against a version."""

from dataclasses import replace
from datetime import timedelta

import pytest

from modelward.api.benchmarkrun import BLOCKED
from modelward.benchmark.decide import decide
from modelward.benchmark.snapshot import RunJob
from modelward.writes import Plan, Refusal
from tests.unit.benchmark_cluster import status
from tests.unit.benchmark_world import RUN, START, a_job, a_pod, a_run, failed, seen

SECOND = timedelta(seconds=1)
JOB = f"{RUN}-1"
NO_POD = (
    f"attempt 1 of 3 has not begun: Job {JOB} gets no pod: a quota, a LimitRange or the Pod "
    f"Security of the namespace refuses it, most likely; kubectl describe job {JOB} tells which"
)


def podless() -> RunJob:
    """Return a Job whose pod the API server refuses, as the Job controller shows it."""
    return replace(a_job(a_run()), active=0)


def reason(plan: Plan) -> str:
    """Return the reason of the condition Complete."""
    return str(status(plan)["conditions"][0]["reason"])


def test_a_job_without_a_pod_is_told_after_ten_seconds_and_looked_at_then() -> None:
    fresh = decide(seen(a_run(), podless(), now=START + 9 * SECOND))
    assert (status(fresh)["message"], reason(fresh)) == ("attempt 1 of 3 is under way", "Running")
    assert fresh.wake_after == SECOND
    late = decide(seen(a_run(), podless(), now=START + 10 * SECOND))
    assert (status(late)["message"], reason(late)) == (NO_POD, BLOCKED)
    assert status(late)["phase"] == "Pending"


def test_a_pod_that_waits_for_long_blocks_and_one_that_runs_does_not() -> None:
    job, late = podless(), START + timedelta(minutes=1)
    pod = replace(a_pod(job), started=False, problem="Unschedulable", problem_message="no node")
    waits = decide(seen(a_run(), replace(job, active=1, pods=(pod,)), now=late))
    assert reason(waits) == BLOCKED
    assert "waits: Unschedulable no node" in status(waits)["message"]
    runs = decide(seen(a_run(), replace(job, active=1, pods=(a_pod(job),)), now=late))
    assert reason(runs) == "Running"


def test_a_job_whose_pod_the_cache_has_not_seen_yet_is_not_blocked() -> None:
    job = replace(podless(), active=1)
    assert reason(decide(seen(a_run(), job, now=START + timedelta(minutes=1)))) == "Running"


def test_a_refused_job_is_blocked() -> None:
    refusal = Refusal("Job", JOB, "Forbidden", "exceeded quota: jobs", START)
    assert reason(decide(seen(a_run(), refusals=(refusal,)))) == BLOCKED


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_attempts_that_never_had_a_pod_are_infrastructure_and_never_a_failure(
    attempts: int,
) -> None:
    run = a_run()
    jobs = [
        replace(failed(run, number, "DeadlineExceeded"), failed=0, pods=())
        for number in range(1, attempts + 1)
    ]
    plan = decide(seen(run, *jobs, now=START + timedelta(minutes=2)))
    for shown in status(plan)["attempts"][:attempts]:
        assert (shown["outcome"], shown["reason"]) == ("Infrastructure", "Deadline")
        assert "it got no pod" in shown["message"]
    assert status(plan).get("verdict") == (None if attempts < 3 else "Inconclusive")
