"""A cluster of one BenchmarkRun: it carries out plans, and plays Job controller and runner."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.names import PLAN
from modelward.benchmark.contract import RunnerPlan
from modelward.benchmark.decide import decide, needs_pod_list
from modelward.benchmark.snapshot import Ended, RunJob, RunSnapshot
from modelward.writes import Announce, Create, Delete, Document, PatchStatus, Plan, Write
from tests.unit.benchmark_world import START, a_job, a_pod, a_result, seen


@dataclass
class Cluster:
    """Carries out plans on one run and its Jobs; `behave` is the Job controller and the runner."""

    run: BenchmarkRun
    behave: Callable[[RunJob], RunJob]
    """What becomes of a Job between two looks."""
    now: datetime = START
    jobs: list[RunJob] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    def snapshot(self) -> RunSnapshot:
        """Look at everything; the pods of ended Jobs only where a decision asks for them."""
        cached = [replace(job, pods=()) if job.finished else job for job in self.jobs]
        look = seen(self.run, *cached, now=self.now)
        if needs_pod_list(look):
            listed = tuple(replace(job, pods_listed=job.finished) for job in self.jobs)
            look = replace(look, jobs=listed)
        return look

    def round(self, writes: int | None = None) -> Plan:
        """Decide once and carry out the plan, or only the first few of its writes."""
        plan = decide(self.snapshot())
        self.plans.append(plan)
        for write in plan.writes[:writes]:
            self._carry_out(write)
        return plan

    def settle(self, rounds: int = 20) -> BenchmarkRun:
        """Let time and Jobs go on until nothing is planned any more."""
        for _ in range(rounds):
            if not self.round().writes and self.run.status.phase == "Finished":
                return self.run
            self.pass_time(timedelta(minutes=1))
        raise AssertionError(f"not finished after {rounds} rounds: {self.run.status}")

    def pass_time(self, time: timedelta) -> None:
        """Let Jobs become what they become."""
        self.now += time
        self.jobs = [self.behave(job) for job in self.jobs]

    def _carry_out(self, write: Write) -> None:
        match write:
            case Create(body):
                number = int(body["metadata"]["name"].rpartition("-")[2])
                stored = a_job(self.run, number, self.now)
                uid = f"job-{len(self.plans)}"
                stored = replace(stored, uid=uid, template=body["spec"]["template"])
                assert all(job.name != stored.name for job in self.jobs), "created twice"
                self.jobs.append(stored)
            case PatchStatus(status=status):
                merged = {**self.run.status.to_wire(), **status}
                self.run = BenchmarkRun.model_validate(
                    {
                        **self.run.to_wire(),
                        "status": {k: v for k, v in merged.items() if v is not None},
                    }
                )
            case Delete(uid=uid):
                self.jobs = [job for job in self.jobs if job.uid != uid]
            case Announce():
                pass
            case _:
                raise AssertionError(f"a run never asks for {write}")


def succeeds(job: RunJob) -> RunJob:
    """Become complete with a result in which every KPI passes."""
    return ends_with(
        job, a_result(RunnerPlan.parse(job.template["metadata"]["annotations"][PLAN])).to_json()
    )


def ends_with(job: RunJob, message: str) -> RunJob:
    """Become complete with this termination message."""
    if job.finished:
        return job
    pod = a_pod(job, f"{job.name}-pod", Ended(0, "Completed", message))
    return replace(
        job, active=0, succeeded=1, complete=True, ended=START + timedelta(minutes=1), pods=(pod,)
    )


def is_evicted(job: RunJob) -> RunJob:
    """Become failed because the node ran short of memory."""
    if job.finished:
        return job
    pod = replace(
        a_pod(job, f"{job.name}-pod"), reason="Evicted", message="The node was low on memory."
    )
    return replace(
        job, active=0, failed=1, failure="BackoffLimitExceeded", ended=START, pods=(pod,)
    )


def has_a_second_pod(job: RunJob) -> RunJob:
    """Go on with two pods that both say they are the Job's."""
    return replace(job, pods=(a_pod(job, "one"), a_pod(job, "two")))


def created(plan: Plan) -> list[str]:
    """Return the names of the Jobs that a plan makes."""
    return [write.body["metadata"]["name"] for write in plan.writes if isinstance(write, Create)]


def deleted(plan: Plan) -> list[str]:
    """Return the names of the Jobs that a plan deletes."""
    return [write.name for write in plan.writes if isinstance(write, Delete)]


def status(plan: Plan) -> Document:
    """Return the changed members of a plan's one status."""
    (patched,) = (write.status for write in plan.writes if isinstance(write, PatchStatus))
    return patched
