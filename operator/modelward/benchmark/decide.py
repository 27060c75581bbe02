"""The decision about a BenchmarkRun: snapshot in, plan out.

Attempts are Jobs. One whose result counts ends the run. One that ended without a result, whatever
the reason, is followed by another, at most three in all and none after upTo; a result that
displeases never is. What came of an attempt is in status before its Job is deleted, and only Jobs
that would go on for nothing are deleted: the others keep the log until the run itself goes.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from modelward.api.benchmarkrun import BenchmarkRunStatus
from modelward.benchmark import status as statuses
from modelward.benchmark.attempts import (
    GRACE,
    PATIENCE,
    Tried,
    attempts,
    ends,
    needs_pod_list,
)
from modelward.benchmark.continued import starts, waits_for_another
from modelward.benchmark.job import job, job_name
from modelward.benchmark.jobtimes import deadlines
from modelward.benchmark.live.decide import decide_live
from modelward.benchmark.plan import PlanError, runner_plan
from modelward.benchmark.snapshot import RunJob, RunSnapshot
from modelward.benchmark.status import Ending
from modelward.benchmark.telling import announce, subject
from modelward.writes import (
    Announce,
    Create,
    Delete,
    Measured,
    PatchStatus,
    Plan,
    Refusal,
    VerdictReached,
    Write,
)

__all__ = ["decide", "needs_pod_list"]

REFUSAL_STANDS = timedelta(minutes=1)
"""How long a refused Job is not tried again."""
OTHER_RUN_STANDS = timedelta(seconds=5)
"""How often a run that goes on from one that has not finished looks at it."""
BACK_OFF = timedelta(seconds=10)
"""How long the second attempt waits after the first; the third waits twice as long.

Longer than a pod's grace: what ended the last attempt no longer loads the model then.
"""


def decide(snapshot: RunSnapshot) -> Plan:
    """Decide what to write now, and when to look again.

    Nothing is planned for a run that is being deleted, and for a finished one only what an
    interrupted plan left undone.
    """
    if snapshot.run.metadata.deletion_timestamp:
        return Plan()
    if snapshot.run.spec.live:
        return decide_live(snapshot)
    if snapshot.run.status.phase == "Finished":
        return Plan(writes=tuple(_delete(snapshot, j) for j in snapshot.jobs if _goes_on(j)))
    if waits_for_another(snapshot):
        return Plan(
            tuple(_status(snapshot, statuses.waiting_for_another(snapshot))), OTHER_RUN_STANDS
        )
    try:
        runner_plan(snapshot.run, 1, seconds_left=1, starts=starts(snapshot))
    except PlanError as error:
        message = f"the spec can't be measured: {error}"
        invalid = statuses.without_result(snapshot, "InvalidSpec", message)
        return _finish(snapshot, (), invalid)
    tried = attempts(snapshot)
    end = statuses.ending(snapshot, tried)
    return _finish(snapshot, tried, end) if end else _go_on(snapshot, tried)


def _finish(snapshot: RunSnapshot, tried: tuple[Tried, ...], end: Ending) -> Plan:
    kind: Literal["Normal", "Warning"] = "Normal" if end.verdict == "Pass" else "Warning"
    after = statuses.finished(snapshot, tried, end)
    return Plan(
        writes=(
            *_failures(snapshot, tried),
            announce(snapshot, kind, f"Benchmark{end.verdict}", end.message, "finished"),
            *_status(snapshot, after),
            *_delete_idle(snapshot, tried),
        ),
        metrics=(_measured(snapshot, end),),
        subject=subject(snapshot),
    )


def _measured(snapshot: RunSnapshot, end: Ending) -> Measured:
    name = snapshot.run.metadata.name
    return Measured("BenchmarkRun", name, VerdictReached(end.verdict, end.reason))


def _go_on(snapshot: RunSnapshot, tried: tuple[Tried, ...]) -> Plan:
    """Wait for the attempt that goes on, or begin the next one."""
    idle = tuple(_delete_idle(snapshot, tried))
    waits = any(attempt.goes_on for attempt in tried)
    number = len(tried) + 1
    refusal = None if waits else _refusal(snapshot, number)
    not_before = _not_before(snapshot, tried)
    begin: tuple[Write, ...] = ()
    if not (waits or idle or refusal) and not_before <= snapshot.now:
        begin = (Create(_next_job(snapshot, number)),)
        tried = attempts(_with_job(snapshot, number))
    after = statuses.going_on(snapshot, tried, refusal)
    return Plan(
        writes=(*_failures(snapshot, tried), *begin, *_status(snapshot, after), *idle),
        wake_after=_wake_after(snapshot, refusal, not_before),
        subject=subject(snapshot),
    )


def _next_job(snapshot: RunSnapshot, number: int) -> dict[str, object]:
    seconds = int((ends(snapshot) - snapshot.now).total_seconds())
    plan = runner_plan(snapshot.run, number, seconds, starts(snapshot))
    return job(snapshot.run, number, plan, snapshot.runner_image, snapshot.runner_pull_policy)


def _with_job(snapshot: RunSnapshot, number: int) -> RunSnapshot:
    """Return the snapshot as it will be once the next Job is made."""
    name = job_name(snapshot.run, number)
    newborn = RunJob(name=name, uid="", created=snapshot.now, template={})
    return replace(snapshot, jobs=(*snapshot.jobs, newborn))


def _refusal(snapshot: RunSnapshot, number: int) -> Refusal | None:
    """Return why the API server would not take the next Job, if that was lately."""
    name = job_name(snapshot.run, number)
    for refusal in snapshot.refusals:
        if (refusal.kind, refusal.name) == ("Job", name):
            return refusal if snapshot.now - refusal.at < REFUSAL_STANDS else None
    return None


def _not_before(snapshot: RunSnapshot, tried: tuple[Tried, ...]) -> datetime:
    """Return when the next attempt may begin: what ended the last one may still be going on."""
    ended = tried[-1].shown.finished_at if tried else None
    return datetime.fromisoformat(ended) + BACK_OFF * len(tried) if ended else snapshot.now


def _wake_after(snapshot: RunSnapshot, refusal: Refusal | None, not_before: datetime) -> timedelta:
    end = ends(snapshot)
    moments = [end, end + GRACE, not_before]
    for each in filter(_goes_on, snapshot.jobs):
        moments += [each.created + PATIENCE, *deadlines(snapshot.run.spec.jobs, each).values()]
    if refusal:
        moments.append(refusal.at + REFUSAL_STANDS)
    coming = (moment - snapshot.now for moment in moments if moment > snapshot.now)
    return min(coming, default=REFUSAL_STANDS)


def _status(snapshot: RunSnapshot, after: BenchmarkRunStatus) -> Iterator[PatchStatus]:
    meta, changed = snapshot.run.metadata, statuses.patch(snapshot.run.status, after)
    if changed:
        yield PatchStatus("BenchmarkRun", meta.namespace, meta.name, meta.resource_version, changed)


def _delete_idle(snapshot: RunSnapshot, tried: tuple[Tried, ...]) -> Iterator[Delete]:
    """Delete the Jobs of attempts that are over and that would go on loading the model."""
    for attempt in tried:
        if attempt.job and not attempt.goes_on and _goes_on(attempt.job):
            yield _delete(snapshot, attempt.job)


def _goes_on(job: RunJob) -> bool:
    return not job.finished and not job.terminating


def _delete(snapshot: RunSnapshot, job: RunJob) -> Delete:
    return Delete("batch/v1", "Job", snapshot.run.metadata.namespace, job.name, job.uid)


def _failures(snapshot: RunSnapshot, tried: tuple[Tried, ...]) -> Iterator[Announce]:
    """Tell of each attempt that has just ended without a result."""
    recorded = {a.job for a in snapshot.run.status.attempts if a.outcome}
    for attempt in tried:
        shown = attempt.shown
        if shown.outcome in {"Infrastructure", "Refused"} and shown.job not in recorded:
            note = f"Attempt {attempt.number}, {shown.reason}: {shown.message}"
            yield announce(
                snapshot, "Warning", "AttemptWithoutResult", note, f"attempt/{attempt.number}"
            )
