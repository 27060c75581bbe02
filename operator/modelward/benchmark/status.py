"""The status of a BenchmarkRun: how far it is, and its evidence."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from modelward.api.benchmarkrun import BenchmarkRunStatus, RunKpiStatus
from modelward.api.status import Condition
from modelward.benchmark import words
from modelward.benchmark.accept import Accepted
from modelward.benchmark.attempts import Tried, ends, from_time, started
from modelward.benchmark.evidence import RunVerdict, overall, unmeasured
from modelward.benchmark.foreign import waiting
from modelward.benchmark.snapshot import RunSnapshot
from modelward.writes import Refusal

MOST_ATTEMPTS = 3
USUAL_START = timedelta(seconds=10)
"""How long a pod may take to start before status tells what it waits for."""
_USUAL = frozenset({"ContainerCreating", "VolumeNotMounted"})
"""What every pod waits for on its way; anything else is told at once."""


@dataclass(frozen=True)
class Ending:
    """How a run ends."""

    verdict: RunVerdict
    reason: str
    """In one word, for the condition Complete."""
    message: str
    kpis: tuple[RunKpiStatus, ...]


def ending(snapshot: RunSnapshot, tried: tuple[Tried, ...]) -> Ending | None:
    """Return how the run ends, None while it goes on."""
    accepted = next((attempt.accepted for attempt in tried if attempt.accepted), None)
    if accepted:
        return _judged(snapshot, accepted)
    if any(attempt.goes_on for attempt in tried):
        return None
    up_to = snapshot.run.spec.up_to
    if len(tried) >= MOST_ATTEMPTS:
        message = f"{len(tried)} attempts gave no result, the last one: {_told(tried)}"
        return without_result(snapshot, "Infrastructure", message)
    if snapshot.now >= ends(snapshot):
        told = f"the last attempt: {_told(tried)}" if tried else "no attempt could begin"
        return without_result(snapshot, "Deadline", f"no result within upTo {up_to}: {told}")
    return None


def without_result(snapshot: RunSnapshot, reason: str, message: str) -> Ending:
    """Return the ending of a run in which nothing was measured."""
    kpis = unmeasured(snapshot.run.spec, reason)
    return Ending("Inconclusive", reason, message, kpis)


def finished(snapshot: RunSnapshot, tried: tuple[Tried, ...], end: Ending) -> BenchmarkRunStatus:
    """Return the status of a run that ends now."""
    return BenchmarkRunStatus(
        observed_generation=snapshot.run.metadata.generation,
        phase="Finished",
        verdict=end.verdict,
        message=end.message,
        started_at=from_time(started(snapshot)),
        finished_at=from_time(snapshot.now),
        attempts=[attempt.shown for attempt in tried],
        kpis=list(end.kpis),
        conditions=[_complete(snapshot, "True", end.reason, end.message)],
    )


def going_on(
    snapshot: RunSnapshot, tried: tuple[Tried, ...], refusal: Refusal | None
) -> BenchmarkRunStatus:
    """Return the status of a run that is not at its end."""
    held = _what_holds(snapshot, tried)
    message = _progress(tried, refusal, held)
    phase: Literal["Pending", "Running"] = "Running"
    if not tried or (held and len(tried) == 1):
        phase = "Pending"
    return BenchmarkRunStatus(
        observed_generation=snapshot.run.metadata.generation,
        phase=phase,
        message=message,
        started_at=from_time(started(snapshot)),
        attempts=[attempt.shown for attempt in tried],
        conditions=[_complete(snapshot, "False", phase, message)],
    )


def patch(before: BenchmarkRunStatus, after: BenchmarkRunStatus) -> dict[str, Any]:
    """Return the merge patch between two statuses: changed members, and null for those that go."""
    old, new = before.to_wire(), after.to_wire()
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    return changed | {key: None for key in old if key not in new}


def _judged(snapshot: RunSnapshot, accepted: Accepted) -> Ending:
    kpis = snapshot.run.spec.kpis
    verdict = overall(kpis, accepted.kpis)
    names = {kpi.name for kpi in kpis if kpi.effect == "gate"}
    gates = [shown for shown in accepted.kpis if shown.name in names]
    match verdict:
        case "Pass":
            return Ending(verdict, "EveryGateHolds", words.passed(gates), accepted.kpis)
        case "Fail":
            return Ending(verdict, "GateFailed", words.failed(gates, kpis), accepted.kpis)
        case _:
            reasons = (gate.reason for gate in gates if gate.verdict == "Inconclusive")
            reason = next((r for r in reasons if r), "NoGates")
            message = words.inconclusive(gates, accepted.result.message)
            return Ending(verdict, reason, message, accepted.kpis)


def _told(tried: tuple[Tried, ...]) -> str:
    """Tell why the last of these attempts has no result."""
    last = tried[-1].shown
    return f"{last.reason}, {last.message}"


def _progress(tried: tuple[Tried, ...], refusal: Refusal | None, held: str) -> str:
    lost = tuple(attempt for attempt in tried if not attempt.goes_on)
    before = f"; the one before gave no result: {_told(lost)}" if lost else ""
    if refusal:
        told = f"Job {refusal.name} can't be made, {refusal.reason}: {refusal.message}"
        return f"{told}; it is tried again every minute{before}"
    number = len(lost) + 1
    doing = f"has not begun: {held}" if held else "is under way"
    return f"attempt {number} of {MOST_ATTEMPTS} {doing}{before}"


def _what_holds(snapshot: RunSnapshot, tried: tuple[Tried, ...]) -> str:
    """Tell what keeps the attempt's pod from starting; empty where nothing unusual does."""
    job = tried[-1].job if tried and tried[-1].goes_on else None
    if job is None:
        return ""
    is_new = snapshot.now < job.created + USUAL_START
    for pod in job.pods:
        if pod.problem and not pod.started and not (is_new and pod.problem in _USUAL):
            return waiting(pod)
    return ""


def _complete(snapshot: RunSnapshot, status: str, reason: str, message: str) -> Condition:
    before = next((c for c in snapshot.run.status.conditions if c.type == "Complete"), None)
    kept = before.last_transition_time if before and before.status == status else None
    return Condition.model_validate(
        {
            "type": "Complete",
            "status": status,
            "reason": reason,
            "message": message,
            "observed_generation": snapshot.run.metadata.generation,
            "last_transition_time": kept or from_time(snapshot.now),
        }
    )
