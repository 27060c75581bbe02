"""Status of a ModelDeployment: what operations read, derived anew every time."""

from typing import Any

from modelward.api.benchmarkrun import BenchmarkRun, RunKpiStatus
from modelward.api.kpi import Kpi, live
from modelward.api.names import NAME, REVISION
from modelward.api.status import (
    MOST_HISTORY,
    FailedRevision,
    HistoryEntry,
    KpiStatus,
    ModelDeploymentStatus,
    RevisionStatus,
)
from modelward.release import memory, verbs
from modelward.release.conditions import conditions, state
from modelward.release.direction import entitled_weight
from modelward.release.situation import Actor, Situation


def patch(before: ModelDeploymentStatus, after: ModelDeploymentStatus) -> dict[str, Any]:
    """Return the merge patch between two statuses: changed members, and null for those that go."""
    old, new = before.to_wire(), after.to_wire()
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    return changed | {key: None for key in old if key not in new}


def status(situation: Situation) -> ModelDeploymentStatus:
    """Return the whole status."""
    now = state(situation)
    actor, kpis = _shown_actor(situation), situation.spec.kpis
    runs = _runs_to_show(situation, actor)
    shown = _kpis(actor, runs, kpis)
    return ModelDeploymentStatus(
        observed_generation=situation.deployment.metadata.generation,
        phase=now.phase,
        message=now.message[:1024],
        stable=_revision(situation, situation.stable),
        candidate=_candidate(situation),
        failed_revision=_failed(situation),
        kpis=shown,
        kpi_summary=_summary(actor, runs, kpis, shown),
        weight=_weight(situation),
        last_handled=verbs.answered(situation),
        history=_history(situation),
        selector=_selector(situation),
        replicas=_replicas(situation),
        conditions=conditions(situation, now),
    )


def _revision(situation: Situation, actor: Actor | None) -> RevisionStatus | None:
    if actor is None:
        return None
    digests = (pod.image_digest for pod in actor.living if pod.image_digest)
    return RevisionStatus(
        revision=actor.hash,
        version=memory.version_of(actor.revision.annotations),
        image_digest=next(digests, None),
    )


def _candidate(situation: Situation) -> RevisionStatus | None:
    candidate = situation.candidate
    shown = _revision(situation, candidate)
    if candidate is None or shown is None:
        return None
    return shown.model_copy(
        update={
            "weight": entitled_weight(situation),
            "actual_weight": _actual_weight(situation),
            "step": candidate.memory.step,
            "since": memory.from_time(candidate.memory.step_since) or None,
        }
    )


def _actual_weight(situation: Situation) -> int:
    """Return the candidate's share of the ready pods that users reach, in percent."""
    if not situation.selection.split:
        return 0
    stable, candidate = (
        situation.pods(actor).ready for actor in (situation.stable, situation.candidate)
    )
    return round(100 * candidate / (stable + candidate)) if stable + candidate else 0


def _weight(situation: Situation) -> str | None:
    if situation.candidate is None:
        return None
    return f"{_actual_weight(situation)}/{entitled_weight(situation)}"


def _failed(situation: Situation) -> FailedRevision | None:
    failed = situation.asked_for
    if failed is None or failed.role != "failed":
        return None
    return FailedRevision(
        revision=failed.hash,
        version=memory.version_of(failed.revision.annotations),
        reason=failed.memory.reason,
        message=failed.memory.message,
        run=failed.memory.run or None,
        since=memory.from_time(failed.memory.outcome_at) or None,
    )


def _shown_actor(situation: Situation) -> Actor | None:
    """Return the revision that people ask about: of the release, of the failure, the stable one."""
    failed = situation.asked_for if _failed(situation) else None
    return situation.candidate or failed or situation.stable


def _runs_to_show(situation: Situation, actor: Actor | None) -> list[BenchmarkRun]:
    """Return the latest run of each kind: by benchmark pods, and on users' requests."""
    runs = situation.runs_of(actor) if actor else ()
    kinds = ([r for r in runs if not r.spec.live], [r for r in runs if r.spec.live])
    found = []
    for kind in kinds:
        # While a run goes on from another one, that one's evidence is what there is.
        shown = (run for run in reversed(kind) if run.status.kpis)
        latest = next(shown, next(iter(kind[-1:]), None))
        found += [latest] if latest else []
    return found


def _kpis(actor: Actor | None, runs: list[BenchmarkRun], kpis: list[Kpi]) -> list[KpiStatus]:
    if actor is None or not runs:
        return []
    by_hand = actor.memory.passed_by_hand
    shown = [_kpi(kpi, run, by_hand) for run in runs for kpi in run.status.kpis]
    if _shares_users(actor):
        return shown
    return shown + [
        KpiStatus(name=kpi.name, subject=actor.hash, verdict="NotApplicable", reason="FirstVersion")
        for kpi in live(kpis)
    ]


def _shares_users(actor: Actor) -> bool:
    """Tell whether the revision's release has weight steps; that of a first version has none."""
    return any(step.weight is not None for step in actor.memory.steps)


def _kpi(kpi: RunKpiStatus, run: BenchmarkRun, by_hand: tuple[str, ...]) -> KpiStatus:
    return KpiStatus(
        name=kpi.name,
        subject=run.spec.subject.revision,
        verdict=kpi.verdict,
        reason="PromotedByHand" if kpi.name in by_hand else kpi.reason,
        value=kpi.value,
        baseline=kpi.baseline,
        objective=kpi.objective,
        low=kpi.low,
        high=kpi.high,
        samples=kpi.samples,
        effective_samples=kpi.effective_samples,
        run=run.metadata.name,
        time=run.status.finished_at,
    )


def _summary(
    actor: Actor | None, runs: list[BenchmarkRun], kpis: list[Kpi], shown: list[KpiStatus]
) -> str | None:
    measured = runs[0].spec.measured_kpis if runs else kpis
    later = live(kpis) if runs and actor and _shares_users(actor) else []
    gates = {kpi.name for kpi in [*measured, *later] if kpi.effect == "gate"}
    passed = {kpi.name for kpi in shown if kpi.verdict == "Pass"}
    return f"{len(gates & passed)}/{len(gates)}"


def _history(situation: Situation) -> list[HistoryEntry]:
    """Return ended releases, newest last; those that status forgot are found on the ReplicaSets."""
    known = {(e.revision, e.time): e for e in situation.deployment.status.history}
    for actor in situation.actors:
        remembered = actor.memory
        if remembered.outcome and remembered.outcome_at:
            entry = HistoryEntry(
                revision=actor.hash,
                version=memory.version_of(actor.revision.annotations),
                outcome=remembered.outcome,
                reason=remembered.reason or None,
                run=remembered.run or None,
                time=memory.from_time(remembered.outcome_at),
            )
            known[entry.revision, entry.time] = entry
    return sorted(known.values(), key=lambda entry: entry.time)[-MOST_HISTORY:]


def _selector(situation: Situation) -> str:
    """Return the selector of all pods that serve users, for autoscalers."""
    name = situation.deployment.metadata.name
    if situation.selection.split or situation.selection.revision is None:
        return f"{NAME}={name}"
    return f"{NAME}={name},{REVISION}={situation.selection.revision}"


def _replicas(situation: Situation) -> int:
    """Return the pods that serve users; what a release adds on top for a while is not counted."""
    stable = situation.pods(situation.stable).present
    if situation.selection.split:
        stable += situation.pods(situation.candidate).present
    return min(stable, situation.limits.size)
