"""Conditions and phase: the state of a deployment in the words of the Kubernetes API conventions.

Reconciling and Stalled are present only while True (kstatus); Ready is Unknown during a release.
"""

from dataclasses import dataclass
from typing import Literal

from modelward.api.benchmarkrun import BLOCKED
from modelward.api.status import Condition, Phase
from modelward.release import copies, live, steps, verbs
from modelward.release.budget import outlook
from modelward.release.problems import PASSING, problem, stuck_since
from modelward.release.revisions import gates_hash
from modelward.release.situation import Actor, Situation
from modelward.release.turns import named, sentence

Truth = Literal["True", "False", "Unknown"]


@dataclass(frozen=True)
class State:
    """What the conditions say, in one value."""

    phase: Phase
    ready: Truth
    reason: str
    message: str
    reconciling: bool = False
    stalled: bool = False


def state(situation: Situation) -> State:
    """Say in one value how the deployment is; the first that applies."""
    blocked = _blocked(situation)
    if blocked:
        return blocked
    candidate = situation.candidate
    if candidate:
        return _in_release(situation, candidate)
    asked_for = situation.asked_for
    if asked_for and asked_for.role == "failed":
        return _rolled_back(situation, asked_for)
    if situation.stable is None or situation.stable.hash != situation.wanted:
        who = named(situation, situation.wanted)
        if situation.spec.paused:
            message = f"Release of {who} does not begin. To go on, set spec.paused to false."
            return State("Paused", "Unknown", "Paused", message, reconciling=True)
        message = f"Release of {who} is about to begin."
        return State("Progressing", "Unknown", "Releasing", message, reconciling=True)
    return _serving(situation, situation.stable)


def _blocked(situation: Situation) -> State | None:
    """What a person must change before anything new can go on."""
    phase: Phase = "Degraded"
    if situation.collides:
        message = f"Another revision is named {situation.wanted}, too: change spec.model.version."
        return State(phase, "False", "HashCollision", message, stalled=True)
    for refusal in situation.snapshot.refusals:
        message = f"{refusal.kind} {refusal.name}: {refusal.message}"
        return State(phase, "False", refusal.reason, message, stalled=True)
    for name, dataset in sorted((situation.snapshot.datasets or {}).items()):
        if dataset.problem:
            message = f"Data set {name}: {dataset.problem}"
            return State(phase, "False", "DatasetInvalid", message, stalled=True)
    return None


def _in_release(situation: Situation, candidate: Actor) -> State:
    who, where = named(situation, candidate.hash), steps.describe(candidate.memory)
    step = steps.present(candidate.memory)
    if situation.spec.paused:
        message = f"{sentence(f'{who} stays at {where}')} To go on, set spec.paused to false."
        return State("Paused", "Unknown", "Paused", message, reconciling=True)
    promote = verbs.command(situation, "promote", candidate.hash)
    if candidate.memory.verdict == "Inconclusive":
        undecided = f"no verdict about {who} at {where}: {candidate.memory.message}"
        retry = verbs.command(situation, "retry", candidate.hash)
        measures = (step is not None and step.benchmark) or live.is_judged(situation)
        once_more = "measure on" if measures else "wait once more"
        message = f"{sentence(undecided)} To {once_more}: {retry} To go on all the same: {promote}"
        return State("Paused", "Unknown", "Inconclusive", message, reconciling=True)
    if step is not None and step.pause is not None:
        message = f"{sentence(f'{who} waits at {where}')} To go on: {promote}"
        return State("Paused", "Unknown", "Paused", message, reconciling=True)
    pods = situation.pods(candidate)
    ready = f"{pods.ready} of {max(1, pods.desired)} of its pods are ready"
    message = sentence(f"{who} is at {where}; {ready}")
    hindered = copies.hindrance(situation)
    message += f" {sentence(hindered)}" if hindered else ""
    message += _told_by_run(situation, candidate) or _outlook(situation, candidate)
    return State("Progressing", "Unknown", "Releasing", message, reconciling=True)


def _outlook(situation: Situation, candidate: Actor) -> str:
    """Say how long a benchmark may take; one that goes on from an earlier run takes less."""
    step = steps.present(candidate.memory)
    if step is None or step.benchmark is None or candidate.memory.continues:
        return ""
    budget = outlook(situation.spec, first_version=situation.stable is None)
    return f" {budget.told}" if budget else ""


def _told_by_run(situation: Situation, candidate: Actor) -> str:
    """Say what keeps the candidate's benchmark from measuring, or how a live run is."""
    judged = live.run_of_step(situation, candidate) if live.is_judged(situation) else None
    if judged and judged.status.message:
        return " " + sentence(f"BenchmarkRun {judged.metadata.name}: {judged.status.message}")
    for run in situation.runs_of(candidate)[-1:]:
        complete = next((c for c in run.status.conditions if c.type == "Complete"), None)
        if complete and complete.reason == BLOCKED:
            return " " + sentence(f"BenchmarkRun {run.metadata.name}: {complete.message}")
    return ""


def _rolled_back(situation: Situation, failed: Actor) -> State:
    serving = situation.stable
    still = f"Revision {serving.hash} serves on." if serving else "Nothing serves."
    what = f"{named(situation, failed.hash)} was rolled back ({failed.memory.reason})"
    if failed.memory.reason in PASSING:
        then = "The cluster is in the way, not the version: it is tried again after 10 minutes."
    else:
        then = (
            "It is not tried again until spec.model, spec.serving, the KPIs or the data sets "
            "change: revert or fix it in Git."
        )
    message = f"{sentence(f'{what}: {failed.memory.message}')} {still} {then}"
    return State("Degraded", "False", "RolledBack", message, stalled=True)


def _serving(situation: Situation, stable: Actor) -> State:
    pods, limits = situation.pods(stable), situation.limits
    who = named(situation, stable.hash)
    if pods.available < limits.least:
        why = f": {problem(stable).message}" if stuck_since(stable) else ""
        message = sentence(f"{pods.available} of {limits.size} pods of {who} are available{why}")
        phase: Phase = "Progressing" if pods.available else "Degraded"
        return State(phase, "False", "PodsNotReady", message, reconciling=True)
    if stable.revision.desired != limits.size or pods.ready < limits.size:
        message = sentence(f"{who} is scaled: {pods.ready} of {limits.size} pods are ready")
        return State("Progressing", "Unknown", "Scaling", message, reconciling=True)
    return State("Healthy", "True", "Serving", sentence(f"{who} serves with {_pods(pods.ready)}"))


def _pods(count: int) -> str:
    return "1 pod" if count == 1 else f"{count} pods"


def conditions(situation: Situation, now: State) -> list[Condition]:
    """Return all conditions; the time of the last transition stays while the status does."""
    made = [
        _condition(situation, "Ready", now.ready, now.reason, now.message),
        _available(situation),
        _kpis_met(situation),
    ]
    if now.reconciling:
        made.append(_condition(situation, "Reconciling", "True", now.reason, now.message))
    if now.stalled:
        made.append(_condition(situation, "Stalled", "True", now.reason, now.message))
    return made


def _condition(
    situation: Situation, kind: str, status: Truth, reason: str, message: str
) -> Condition:
    before = {c.type: c for c in situation.deployment.status.conditions}.get(kind)
    unchanged = before is not None and before.status == status
    since = before.last_transition_time if unchanged and before else _seconds(situation)
    return Condition(
        type=kind,
        status=status,
        reason=reason,
        message=message[:1024],
        observed_generation=situation.deployment.metadata.generation,
        last_transition_time=since,
    )


def _seconds(situation: Situation) -> str:
    return situation.now.strftime("%Y-%m-%dT%H:%M:%SZ")


def _available(situation: Situation) -> Condition:
    stable = situation.stable
    if stable is None:
        return _condition(
            situation, "Available", "False", "NeverServed", "No version has been promoted yet."
        )
    ready = situation.pods(stable).available
    if situation.selection.split:
        ready += situation.pods(situation.candidate).available
    least = situation.limits.least
    status: Truth = "True" if ready >= least else "False"
    reason = "MinimumPodsAvailable" if ready >= least else "TooFewPods"
    message = f"Ready to serve: {_pods(ready)}; at least {least} must be."
    return _condition(situation, "Available", status, reason, message)


def _kpis_met(situation: Situation) -> Condition:
    """What is known about the revision that serves."""
    stable = situation.stable
    if stable is None:
        return _condition(situation, "KPIsMet", "Unknown", "NotJudged", "No version serves yet.")
    judged_by = stable.memory.kpis_hash.partition(".")[0]
    if not judged_by:
        message = f"The evidence about {stable.hash} was deleted together with its ReplicaSet."
        return _condition(situation, "KPIsMet", "Unknown", "EvidenceDeleted", message)
    if judged_by != gates_hash(situation.spec):
        message = f"KPIs changed after {stable.hash} was judged; the next release uses them."
        return _condition(situation, "KPIsMet", "Unknown", "KPIsChanged", message)
    if stable.memory.passed_by_hand:
        message = f"Promoted by hand without a verdict: {', '.join(stable.memory.passed_by_hand)}."
        return _condition(situation, "KPIsMet", "Unknown", "PromotedByHand", message)
    message = f"Every gate was shown to hold (BenchmarkRun {stable.memory.run})."
    return _condition(situation, "KPIsMet", "True", "Judged", message)
