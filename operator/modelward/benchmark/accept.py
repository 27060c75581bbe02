"""Whether an attempt's result counts.

Whoever may create pods in the namespace can make one with our labels and an ownerReference to our
Job. So a result counts only from a Job that ended well with exactly one pod, which is the pod that
was asked for, and only if it names the attempt, the revision and the data sets, and agrees with
its own numbers. Everything else is an attempt without a result.
"""

from dataclasses import dataclass

from modelward.api.benchmarkrun import BenchmarkRun, RunKpiStatus
from modelward.api.names import PLAN
from modelward.benchmark.contract import DIGEST_CHARS, ResultError, RunnerPlan, RunnerResult
from modelward.benchmark.evidence import ContradictionError, evidence
from modelward.benchmark.foreign import foreign_pod, waiting
from modelward.benchmark.jobcontract import JobResult
from modelward.benchmark.jobevidence import with_jobs
from modelward.benchmark.jobs import JobResultError, read_result
from modelward.benchmark.plan import Starts, runner_plan
from modelward.benchmark.snapshot import RunJob, RunPod

_SHOWN_CHARS = 200
_REASON_CHARS = 64


@dataclass(frozen=True)
class Accepted:
    """A result that counts, and the evidence in it."""

    result: RunnerResult
    kpis: tuple[RunKpiStatus, ...]


@dataclass(frozen=True)
class Refused:
    """A result that does not count."""

    reason: str
    """ForeignPod, Truncated, WrongRevision, ..."""
    message: str


@dataclass(frozen=True)
class Infrastructure:
    """An attempt that ended without a result, through nobody's judgement."""

    reason: str
    """Evicted, OOMKilled, PodDeleted, ..."""
    message: str


Ruling = Accepted | Refused | Infrastructure


def rule(run: BenchmarkRun, attempt: int, job: RunJob, starts: Starts | None = None) -> Ruling:
    """Return what a finished Job came to; its pods must have been listed after it finished.

    `starts` is what the run goes on from.
    """
    foreign = foreign_pod(job)
    if foreign:
        return Refused("ForeignPod", foreign)
    if not job.complete:
        return _why_failed(job)
    if not job.pods:
        return Infrastructure("PodDeleted", f"the pod of Job {job.name} is gone, and its result")
    counts = (job.succeeded, job.failed, job.active)
    if counts != (1, 0, 0):
        told = "{} succeeded, {} failed, {} active".format(*counts)
        return Refused("ForeignPod", f"Job {job.name} counts more than its one pod: {told}")
    (pod,) = job.pods
    if pod.ended is None or pod.ended.exit_code != 0:
        return Refused(
            "ForeignPod", f"Job {job.name} is complete, but pod {pod.name} has not ended"
        )
    plan = runner_plan(run, attempt, seconds_left=1, starts=starts)
    return _rule_on_message(run, plan, pod, pod.ended.message)


def _why_failed(job: RunJob) -> Infrastructure:
    pod = next(iter(job.pods), None)
    if job.failure == "DeadlineExceeded":
        why = f": {waiting(pod)}" if pod and pod.problem else ""
        if pod and pod.running:
            why = f": job {next(iter(pod.running))} was running; raise upTo of the benchmark step"
        if not (job.pods or job.failed):
            why = ": it got no pod; a quota, a LimitRange or Pod Security refuses it, most likely"
        return Infrastructure("Deadline", f"Job {job.name} did not end in time{why}")
    if pod is None:
        return Infrastructure("PodDeleted", f"the pod of Job {job.name} was deleted")
    if pod.reason:
        return Infrastructure(
            pod.reason[:_REASON_CHARS], f"pod {pod.name}: {pod.message or pod.reason}"
        )
    return _why_ended(job, pod)


def _why_ended(job: RunJob, pod: RunPod) -> Infrastructure:
    """Tell by which container a pod failed; jobs come before the runner."""
    ends = [(f"job {name}", ended) for name, ended in pod.jobs.items() if ended.exit_code != 0]
    ends += [("it", pod.ended)] if pod.ended else []
    if not ends:
        return Infrastructure("PodLost", f"pod {pod.name} is gone: {job.failure_message}")
    who, ended = ends[0]
    if ended.reason == "OOMKilled":
        more = "give it more memory by spec.benchmarkPod.resources"
        return Infrastructure("OOMKilled", f"pod {pod.name}: {who} ran out of memory: {more}")
    told = ended.message.strip()[:_SHOWN_CHARS]
    how = f"{who} ended with exit code {ended.exit_code}{': ' if told else ''}{told}"
    reason = "RunnerFailed" if who == "it" else "JobFailed"
    return Infrastructure(reason, f"pod {pod.name}: {how}")


def _rule_on_message(run: BenchmarkRun, plan: RunnerPlan, pod: RunPod, message: str) -> Ruling:
    if _without_deadline(pod.annotations.get(PLAN, "")) != _without_deadline(plan.to_json()):
        return Refused("ForeignPod", f"pod {pod.name} followed another plan than this run's")
    try:
        result = RunnerResult.parse(message)
        jobs = _job_results(plan, pod)
    except (ResultError, JobResultError) as error:
        if error.reason == "NoResult":
            return Infrastructure(error.reason, f"pod {pod.name}: {error}")
        return Refused(error.reason, f"pod {pod.name}: {error}")
    wrong = _wrong(plan, result)
    if wrong:
        return wrong
    try:
        shown = evidence(run.spec, plan, result)
        return Accepted(result, with_jobs(run.spec, shown, plan, result, jobs))
    except ContradictionError as error:
        return Refused("Contradiction", f"pod {pod.name}: {error}")


def _job_results(plan: RunnerPlan, pod: RunPod) -> list[JobResult]:
    """Return what each job of the plan left. Raises JobResultError."""
    results = []
    for job in plan.jobs or ():
        ended = pod.jobs.get(job.name)
        if ended is None or ended.exit_code != 0:
            raise JobResultError("NoResult", f"job {job.name} has not ended well")
        results.append(read_result(plan, job, ended.message))
    return results


def _wrong(plan: RunnerPlan, result: RunnerResult) -> Refused | None:
    if result.nonce != plan.nonce:
        return Refused("WrongNonce", "the result is that of another attempt")
    if result.revision != plan.subject.revision:
        return Refused(
            "WrongRevision",
            f"revision {result.revision} was measured instead of {plan.subject.revision}",
        )
    asked = tuple(data.sha256[:DIGEST_CHARS] for data in plan.datasets)
    if result.datasets != asked:
        changed = [
            f"the sha256 of {data.name} begins with {got}, not with {data.sha256[:DIGEST_CHARS]}"
            for data, got in zip(plan.datasets, result.datasets, strict=False)
            if not data.sha256.startswith(got)
        ]
        told = ", ".join(changed) or "another number of data sets"
        return Refused("WrongDataset", f"other rows were measured than this run pins: {told}")
    if len(result.kpis) != len(plan.kpis):
        return Refused(
            "WrongKpis", f"the result has {len(result.kpis)} KPIs instead of {len(plan.kpis)}"
        )
    return None


def _without_deadline(text: str) -> RunnerPlan | None:
    """Return the plan but for its deadline, which depends on when its Job was made."""
    try:
        return RunnerPlan.parse(text).model_copy(update={"deadline_seconds": 1})
    except ValueError:
        return None
