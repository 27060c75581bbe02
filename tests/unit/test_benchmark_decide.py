"""Stories of one BenchmarkRun: what is planned for what is seen."""

from dataclasses import replace
from datetime import timedelta

from modelward.benchmark.decide import decide, needs_pod_list
from modelward.writes import Announce, Create, Delete, Document, PatchStatus, Plan, Refusal
from tests.unit.benchmark_cluster import (
    Cluster,
    created,
    deleted,
    ends_with,
    has_a_second_pod,
    is_evicted,
    status,
    succeeds,
)
from tests.unit.benchmark_world import (
    LATENCY,
    RUN,
    START,
    a_job,
    a_pod,
    a_run,
    completed,
    failed,
    seen,
)


def test_a_new_run_gets_its_first_job_and_says_so() -> None:
    plan = decide(seen(a_run()))
    assert created(plan) == [f"{RUN}-1"]
    assert status(plan)["phase"] == "Running"
    assert status(plan)["message"] == "attempt 1 of 3 is under way"
    assert status(plan)["attempts"] == [{"job": f"{RUN}-1", "startedAt": "2026-11-23T12:00:00Z"}]


def test_an_evicted_pod_is_followed_by_another_attempt_after_a_pause() -> None:
    run = a_run()
    job = failed(run, reason="BackoffLimitExceeded")
    pod = replace(job.pods[0], reason="Evicted", message="The node was low on memory.")
    job = replace(job, pods=(pod,))
    ended = job.ended
    assert ended
    at_once = decide(seen(run, job, now=ended))
    assert created(at_once) == []
    assert at_once.wake_after == timedelta(seconds=10)
    later = decide(seen(run, job, now=ended + timedelta(seconds=10)))
    assert created(later) == [f"{RUN}-2"]
    assert status(later)["message"] == (
        "attempt 2 of 3 is under way; the one before gave no result: "
        "Evicted, pod pod-1: The node was low on memory."
    )
    assert [a.reason for a in later.writes if isinstance(a, Announce)] == ["AttemptWithoutResult"]


def test_three_attempts_without_a_result_are_enough() -> None:
    cluster = Cluster(a_run(), is_evicted)
    run = cluster.settle()
    assert [job.name for job in cluster.jobs] == [f"{RUN}-{n}" for n in (1, 2, 3)]
    assert run.status.verdict == "Inconclusive"
    assert run.status.conditions[0].reason == "Infrastructure"
    assert run.status.message == (
        "3 attempts gave no result, the last one: Evicted, "
        f"pod {RUN}-3-pod: The node was low on memory."
    )
    assert {kpi.reason for kpi in run.status.kpis} == {"Infrastructure"}


def test_a_result_of_the_second_attempt_counts() -> None:
    run = a_run()
    plan = decide(seen(run, failed(run), completed(run, 2)))
    assert status(plan)["verdict"] == "Pass"
    assert [a["outcome"] for a in status(plan)["attempts"]] == ["Infrastructure", "Accepted"]


def test_no_attempt_begins_after_up_to() -> None:
    run = a_run(upTo="20m")
    plan = decide(seen(run, failed(run), now=START + timedelta(minutes=20)))
    assert created(plan) == []
    assert status(plan)["verdict"] == "Inconclusive"
    assert status(plan)["conditions"][0]["reason"] == "Deadline"
    assert status(plan)["message"].startswith("no result within upTo 20m: the last attempt: ")


def test_a_later_attempt_may_only_take_what_is_left_of_up_to() -> None:
    run = a_run(upTo="20m")
    plan = decide(seen(run, failed(run), now=START + timedelta(minutes=15)))
    (body,) = (write.body for write in plan.writes if isinstance(write, Create))
    assert body["spec"]["activeDeadlineSeconds"] == 5 * 60 + 60


def test_a_job_that_does_not_end_is_deleted_once_its_end_is_recorded() -> None:
    run = a_run(upTo="20m")
    plan = decide(seen(run, a_job(run), now=START + timedelta(minutes=22)))
    kinds = [type(write) for write in plan.writes]
    assert kinds.index(PatchStatus) < kinds.index(Delete)
    assert deleted(plan) == [f"{RUN}-1"]
    assert status(plan)["conditions"][0]["reason"] == "Deadline"


def test_a_job_may_end_by_its_own_deadline_shortly_after_up_to() -> None:
    run = a_run(upTo="20m")
    plan = decide(seen(run, a_job(run), now=START + timedelta(minutes=21)))
    assert deleted(plan) == []
    assert plan.wake_after == timedelta(minutes=1)


def test_a_result_counts_though_the_operator_looks_late() -> None:
    run = a_run(upTo="20m")
    plan = decide(seen(run, completed(run), now=START + timedelta(hours=3)))
    assert status(plan)["verdict"] == "Pass"


def test_a_second_pod_ends_an_attempt_at_once_and_its_job_goes_before_the_next_begins() -> None:
    run = a_run()
    job = a_job(run)
    job = replace(job, pods=(a_pod(job, "theirs"), a_pod(job, "ours")))
    plan = decide(seen(run, job))
    assert deleted(plan) == [f"{RUN}-1"]
    assert created(plan) == []
    (attempt,) = status(plan)["attempts"]
    assert (attempt["outcome"], attempt["reason"]) == ("Refused", "ForeignPod")
    assert "ours, theirs" in attempt["message"]


def test_no_attempt_begins_while_a_job_before_it_still_loads_the_model() -> None:
    cluster = Cluster(a_run(), has_a_second_pod)
    cluster.round()
    cluster.pass_time(timedelta(seconds=30))
    cluster.round(writes=2)  # told and recorded, but died before deleting the Job
    cluster.pass_time(timedelta(minutes=1))
    plan = cluster.round()
    assert deleted(plan) == [f"{RUN}-1"]
    assert created(plan) == []
    assert created(cluster.round()) == [f"{RUN}-2"]


def test_a_deleted_job_is_an_attempt_without_a_result() -> None:
    cluster = Cluster(a_run(), lambda job: job)
    cluster.round()
    cluster.jobs = []
    plan = cluster.round()
    assert status(plan)["attempts"][0]["reason"] == "JobDeleted"


def test_a_job_that_is_going_away_is_not_waited_for() -> None:
    run = a_run()
    plan = decide(seen(run, replace(a_job(run), terminating=True)))
    assert created(plan) == [f"{RUN}-1"]


def test_what_a_pod_waits_for_is_told() -> None:
    run = a_run()
    job = a_job(run)
    problem = "ImagePullBackOff", "container runner: image registry.example/modelward:1 not found"
    pod = replace(a_pod(job), started=False, problem=problem[0], problem_message=problem[1])
    waits = replace(job, pods=(pod,))
    assert status(decide(seen(run, waits)))["message"] == "attempt 1 of 3 is under way"
    plan = decide(seen(run, waits, now=START + timedelta(seconds=10)))
    assert status(plan)["phase"] == "Pending"
    assert status(plan)["message"] == (
        f"attempt 1 of 3 has not begun: pod pod waits: {problem[0]} {problem[1]}"
    )


def test_what_every_pod_waits_for_on_its_way_is_told_only_when_it_takes_long() -> None:
    cluster = Cluster(a_run(), lambda job: job)
    cluster.round()
    (job,) = cluster.jobs
    pod = replace(a_pod(job), started=False, problem="ContainerCreating", problem_message="pulls")
    cluster.jobs = [replace(job, pods=(pod,))]
    plan = cluster.round()
    assert plan.writes == ()
    assert plan.wake_after == timedelta(seconds=10)
    cluster.pass_time(timedelta(seconds=10))
    assert status(cluster.round())["message"] == (
        f"attempt 1 of 3 has not begun: pod {pod.name} waits: ContainerCreating pulls"
    )


def test_a_refused_job_is_told_and_tried_again_a_minute_later() -> None:
    run = a_run()
    refusal = Refusal("Job", f"{RUN}-1", "Forbidden", "exceeded quota: jobs", START)
    plan = decide(seen(run, refusals=(refusal,)))
    assert created(plan) == []
    assert plan.wake_after == timedelta(minutes=1)
    assert "can't be made, Forbidden: exceeded quota: jobs" in status(plan)["message"]
    later = decide(seen(run, refusals=(refusal,), now=START + timedelta(minutes=1)))
    assert created(later) == [f"{RUN}-1"]


def test_pods_are_listed_when_a_job_has_ended_and_before_it_is_ruled_on() -> None:
    run = a_run()
    unlisted = replace(completed(run), pods_listed=False)
    assert needs_pod_list(seen(run, unlisted))
    assert not needs_pod_list(seen(run, completed(run)))
    assert not needs_pod_list(seen(run, a_job(run)))
    assert "verdict" not in status(decide(seen(run, unlisted)))


def test_a_spec_that_cannot_be_measured_ends_the_run_with_the_field_to_mend() -> None:
    run = a_run(LATENCY, judgement={"falsePromotion": "0", "falseRollback": "0.05"})
    plan = decide(seen(run))
    assert created(plan) == []
    assert status(plan)["conditions"][0]["reason"] == "InvalidSpec"
    assert "falsePromotion: Input should be greater than 0" in status(plan)["message"]


def test_a_forged_job_of_a_run_that_cannot_be_measured_changes_nothing() -> None:
    run = a_run(LATENCY, judgement={"falsePromotion": "0", "falseRollback": "0.05"})
    plan = decide(seen(run, completed(a_run(LATENCY))))
    assert status(plan)["verdict"] == "Inconclusive"


def test_nothing_is_planned_for_a_run_that_is_being_deleted() -> None:
    run = a_run()
    going = run.metadata.model_copy(update={"deletion_timestamp": "2026-11-23T12:00:00Z"})
    assert decide(seen(run.model_copy(update={"metadata": going}))) == Plan()


def test_the_job_of_a_finished_run_is_kept_for_its_log() -> None:
    cluster = Cluster(a_run(), succeeds)
    run = cluster.settle()
    assert [job.name for job in cluster.jobs] == [f"{RUN}-1"]
    assert decide(seen(run, *cluster.jobs)) == Plan()


def test_a_job_that_an_interrupted_plan_left_behind_a_finished_run_is_deleted() -> None:
    run = Cluster(a_run(), succeeds).settle()
    assert deleted(decide(seen(run, a_job(run, 2)))) == [f"{RUN}-2"]


def test_a_wiped_status_is_rebuilt_from_the_jobs() -> None:
    cluster = Cluster(a_run(), succeeds)
    before = cluster.settle().status
    cluster.run = a_run()
    after = cluster.settle().status
    unlike: Document = {"finished_at": None, "conditions": []}
    assert after.model_copy(update=unlike) == before.model_copy(update=unlike)
    assert len(cluster.jobs) == 1


def test_garbage_in_three_messages_is_not_a_verdict() -> None:
    run = Cluster(
        a_run(), lambda job: ends_with(job, "Traceback (most recent call last):")
    ).settle()
    assert run.status.verdict == "Inconclusive"
    assert [a.reason for a in run.status.attempts] == ["Malformed"] * 3
