"""The status of a BenchmarkRun: how far it is, and its evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from modelward.api.benchmarkrun import BLOCKED, BenchmarkRunStatus, RunKpiStatus
from modelward.api.modeldeployment import Kpi
from modelward.api.status import Condition
from modelward.api.values import format_duration
from modelward.benchmark import words
from modelward.benchmark.accept import Accepted
from modelward.benchmark.attempts import Tried, ends, from_time, hindrance, started
from modelward.benchmark.continued import starts
from modelward.benchmark.contract import RunnerPlan
from modelward.benchmark.evidence import RunVerdict, overall, unmeasured
from modelward.benchmark.plan import runner_plan
from modelward.benchmark.snapshot import RunSnapshot
from modelward.writes import Refusal

MOST_ATTEMPTS = 3


@dataclass(frozen=True)
class Ending:
    """How a run ends."""

    verdict: RunVerdict
    reason: str
    """In one word, for the condition Complete."""
    message: str
    kpis: tuple[RunKpiStatus, ...]
    send_delay: str | None = None


def ending(snapshot: RunSnapshot, tried: tuple[Tried, ...]) -> Ending | None:
    """Return how the run ends, None while it goes on."""
    accepted = next((attempt.accepted for attempt in tried if attempt.accepted), None)
    if accepted:
        return judged(snapshot.run.spec.kpis, accepted)
    if any(attempt.goes_on for attempt in tried):
        return None
    up_to = snapshot.run.spec.up_to
    plan = runner_plan(snapshot.run, 1, seconds_left=1, starts=starts(snapshot))
    if len(tried) >= MOST_ATTEMPTS:
        message = f"{len(tried)} attempts gave no result, the last one: {_told(tried)}"
        return without_result(snapshot, "Infrastructure", message, plan)
    if snapshot.now >= ends(snapshot):
        told = f"the last attempt: {_told(tried)}" if tried else "no attempt could begin"
        message = f"no result within upTo {up_to}: {told}"
        return without_result(snapshot, "Deadline", message, plan)
    return None


def judged(kpis: Sequence[Kpi], accepted: Accepted) -> Ending:
    """Return how a run with these KPIs ends by a result that counts."""
    verdict = overall(kpis, accepted.kpis)
    names = {kpi.name for kpi in kpis if kpi.effect == "gate"}
    gates = [shown for shown in accepted.kpis if shown.name in names]
    match verdict:
        case "Pass":
            reason, message = "EveryGateHolds", words.passed(gates, kpis)
        case "Fail":
            reason, message = "GateFailed", words.failed(gates, kpis)
        case _:
            reasons = (gate.reason for gate in gates if gate.verdict == "Inconclusive")
            reason = next((r for r in reasons if r), "NoGates")
            message = words.inconclusive(gates, kpis, accepted.result.message)
    micros = accepted.result.longest_delay
    delay = None if micros is None else format_duration(Fraction(micros, 1_000_000))
    return Ending(verdict, reason, message, accepted.kpis, delay)


def without_result(
    snapshot: RunSnapshot, reason: str, message: str, plan: RunnerPlan | None = None
) -> Ending:
    """Return the ending of a run in which nothing was measured: it has what it began with.

    `plan` is None where there can be none.
    """
    kpis = unmeasured(snapshot.run.spec, reason, plan)
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
        send_delay=end.send_delay,
        kpis=list(end.kpis),
        conditions=[complete(snapshot, "True", end.reason, end.message)],
    )


def going_on(
    snapshot: RunSnapshot, tried: tuple[Tried, ...], refusal: Refusal | None
) -> BenchmarkRunStatus:
    """Return the status of a run that is not at its end."""
    hindered = hindrance(snapshot, tried)
    message = _progress(tried, refusal, hindered)
    # That the attempt's pod has started is not told on its own: that would be one more write.
    waits = not tried or (hindered and len(tried) == 1)
    phase: Literal["Running", "Pending"] = "Pending" if waits else "Running"
    reason = BLOCKED if refusal or hindered else phase
    return BenchmarkRunStatus(
        observed_generation=snapshot.run.metadata.generation,
        phase=phase,
        message=message,
        started_at=from_time(started(snapshot)),
        attempts=[attempt.shown for attempt in tried],
        conditions=[complete(snapshot, "False", reason, message)],
    )


def waiting_for_another(snapshot: RunSnapshot) -> BenchmarkRunStatus:
    """Return the status of a run that goes on from one that has not finished."""
    run = snapshot.run
    message = f"waits until BenchmarkRun {run.spec.continues}, from which it goes on, has finished"
    phase = run.status.phase or "Pending"
    changed = {
        "observed_generation": run.metadata.generation,
        "phase": phase,
        "message": message,
        "conditions": [complete(snapshot, "False", phase, message)],
    }
    return run.status.model_copy(update=changed)


def patch(before: BenchmarkRunStatus, after: BenchmarkRunStatus) -> dict[str, Any]:
    """Return the merge patch between two statuses: changed members, and null for those that go."""
    old, new = before.to_wire(), after.to_wire()
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    return changed | {key: None for key in old if key not in new}


def _told(tried: tuple[Tried, ...]) -> str:
    """Tell why the last of these attempts has no result."""
    last = tried[-1].shown
    return f"{last.reason}, {last.message}"


def _progress(tried: tuple[Tried, ...], refusal: Refusal | None, hindered: str) -> str:
    lost = tuple(attempt for attempt in tried if not attempt.goes_on)
    before = f"; the one before gave no result: {_told(lost)}" if lost else ""
    if refusal:
        told = f"Job {refusal.name} can't be made, {refusal.reason}: {refusal.message}"
        return f"{told}; it is tried again every minute{before}"
    number = len(lost) + 1
    doing = f"has not begun: {hindered}" if hindered else "is under way"
    return f"attempt {number} of {MOST_ATTEMPTS} {doing}{before}"


def complete(snapshot: RunSnapshot, status: str, reason: str, message: str) -> Condition:
    """Return the condition Complete; the time of its last transition stays while status does."""
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
