"""The attempts of a run: what came of each, read from its Jobs and from what was recorded."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from modelward.api.benchmarkrun import Attempt, BenchmarkRun
from modelward.api.values import parse_duration
from modelward.benchmark.accept import Accepted, Infrastructure, Refused, Ruling, rule
from modelward.benchmark.continued import starts
from modelward.benchmark.foreign import foreign_pod, waiting
from modelward.benchmark.job import SPARE_SECONDS, job_name
from modelward.benchmark.jobtimes import over_time
from modelward.benchmark.snapshot import RunJob, RunSnapshot

GRACE = timedelta(seconds=2 * SPARE_SECONDS)
"""How long beyond upTo a Job may take to end by its own deadline."""
PATIENCE = timedelta(seconds=10)
"""How long a pod may take to start before people are told what it waits for."""


@dataclass(frozen=True)
class Tried:
    """One attempt."""

    number: int
    job: RunJob | None
    """None where it is gone."""
    shown: Attempt
    """As status shows it; without an outcome it goes on."""
    accepted: Accepted | None = None

    @property
    def goes_on(self) -> bool:
        """Whether it has no outcome yet."""
        return self.shown.outcome is None


def started(snapshot: RunSnapshot) -> datetime:
    """Return when the run began; where nothing tells, it begins now."""
    recorded = snapshot.run.status.started_at
    if recorded:
        return datetime.fromisoformat(recorded)
    return min((job.created for job in snapshot.jobs), default=snapshot.now)


def ends(snapshot: RunSnapshot) -> datetime:
    """Return when upTo is over: no attempt begins from then on."""
    return started(snapshot) + parse_duration(snapshot.run.spec.up_to)


def attempts(snapshot: RunSnapshot) -> tuple[Tried, ...]:
    """Return all attempts, the first one first; a number that left no trace counts as lost."""
    jobs = {job.name: job for job in snapshot.jobs if not job.terminating}
    recorded = {attempt.job: attempt for attempt in snapshot.run.status.attempts}
    known = jobs.keys() | recorded.keys()
    found = []
    for number in range(1, _last(snapshot.run, known) + 1):
        name = job_name(snapshot.run, number)
        found.append(_tried(snapshot, number, jobs.get(name), recorded.get(name)))
    return tuple(found)


def hindrance(snapshot: RunSnapshot, tried: tuple[Tried, ...]) -> str:
    """Say what keeps the attempt that goes on from starting; empty where nothing does (yet).

    A quota, Pod Security or a LimitRange may refuse the pod. The Job controller tells of it in
    Events alone and goes on trying, so that a Job without a pod is all that can be seen.
    """
    job = tried[-1].job if tried and tried[-1].goes_on else None
    if job is None or snapshot.now < job.created + PATIENCE:
        return ""
    if not job.pods and not job.active:
        return (
            f"Job {job.name} gets no pod: a quota, a LimitRange or the Pod Security of the "
            f"namespace refuses it, most likely; kubectl describe job {job.name} tells which"
        )
    return next((waiting(pod) for pod in job.pods if pod.problem and not pod.started), "")


def needs_pod_list(snapshot: RunSnapshot) -> bool:
    """Tell whether a Job has ended whose pods must now be listed from the API server.

    A cache may not know yet of a second pod, or of the only one's result. A finished run is not
    judged again.
    """
    return snapshot.run.status.phase != "Finished" and any(
        tried.goes_on and tried.job and tried.job.finished and not tried.job.pods_listed
        for tried in attempts(snapshot)
    )


def from_time(value: datetime) -> str:
    """Return a time as status holds it, to the second."""
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _last(run: BenchmarkRun, names: set[str]) -> int:
    prefix = f"{run.metadata.name}-"
    tails = (name.removeprefix(prefix) for name in names if name.startswith(prefix))
    return max((int(tail) for tail in tails if tail in {"1", "2", "3"}), default=0)


def _tried(
    snapshot: RunSnapshot, number: int, job: RunJob | None, recorded: Attempt | None
) -> Tried:
    if recorded and recorded.outcome in {"Infrastructure", "Refused"}:
        return Tried(number, job, recorded)
    ruling = _ruling(snapshot, number, job)
    shown = Attempt(
        job=job_name(snapshot.run, number),
        started_at=recorded.started_at if recorded else from_time(_began(snapshot, job)),
    )
    if ruling is None:
        return Tried(number, job, shown)
    over = {
        "finished_at": from_time(job.ended if job and job.ended else snapshot.now),
        "outcome": type(ruling).__name__,
    }
    if isinstance(ruling, Accepted):
        return Tried(number, job, shown.model_copy(update=over), ruling)
    why = {"reason": ruling.reason, "message": ruling.message}
    return Tried(number, job, Attempt.model_validate(shown.model_dump() | over | why))


def _began(snapshot: RunSnapshot, job: RunJob | None) -> datetime:
    return job.created if job else started(snapshot)


def _ruling(snapshot: RunSnapshot, number: int, job: RunJob | None) -> Ruling | None:
    """Return what an attempt came to, None while it goes on."""
    if job is None:
        name = job_name(snapshot.run, number)
        return Infrastructure("JobDeleted", f"Job {name} was deleted before it had a result")
    if job.finished:
        return rule(snapshot.run, number, job, starts(snapshot)) if job.pods_listed else None
    foreign = foreign_pod(job)
    if foreign:
        return Refused("ForeignPod", foreign)
    late = over_time(snapshot.run.spec.jobs, job, snapshot.now)
    if late:
        return Infrastructure("JobTimedOut", late)
    if snapshot.now >= ends(snapshot) + GRACE:
        return Infrastructure("Deadline", f"Job {job.name} has not ended although its time is up")
    return None
