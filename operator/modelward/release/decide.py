"""The decision: snapshot in, plan out. Everything that a release does is said here, purely."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from modelward.api.modeldeployment import ModelDeployment
from modelward.release import children
from modelward.release import status as statuses
from modelward.release.direction import direct
from modelward.release.measures import measured, subject
from modelward.release.policies import next_turn
from modelward.release.revisions import revision_hash
from modelward.release.situation import Situation, selection_of, situate
from modelward.release.snapshot import RootService, Snapshot
from modelward.release.timer import Timer
from modelward.release.turns import verbs_answered
from modelward.writes import PatchStatus, Plan, Refusal, Write

REFUSAL_STANDS = timedelta(minutes=1)
"""How long a refused create is not tried again."""
DATASETS_STAND = timedelta(minutes=1)
"""How often data sets are read while something is judged by them."""
PROBLEMS_STAND = timedelta(seconds=5)
"""How often they are read while one of them is missing or malformed."""


def decide(snapshot: Snapshot) -> Plan:
    """Decide what to write now, and when to look again.

    One turn of the release at most is taken; traffic and children follow from what is remembered
    then, and status tells what all these writes leave, so that it needs no second one. Nothing is
    planned for an object that is being deleted.
    """
    if snapshot.deployment.metadata.deletion_timestamp:
        return Plan()
    timer, wanted = Timer(snapshot.now), revision_hash(snapshot.deployment.spec)
    standing = tuple(_standing_refusals(snapshot, wanted, timer))
    before = situate(replace(snapshot, refusals=standing), wanted)
    turn = verbs_answered(before, next_turn(before, timer))
    after = situate(children.after_turn(before.snapshot, turn, wanted), wanted)
    direction = direct(after, timer)
    written = situate(children.after_direction(after.snapshot, direction), wanted)
    if snapshot.datasets is not None:
        broken = any(dataset.problem for dataset in snapshot.datasets.values())
        timer.passed(snapshot.now, PROBLEMS_STAND if broken else DATASETS_STAND)
    return Plan(
        writes=(
            *children.writes(before, after, direction, turn),
            *_status(written),
        ),
        wake_after=timer.wake_after,
        metrics=measured(before, turn),
        subject=subject(before, after),
    )


def needs_datasets(deployment: ModelDeployment, service: RootService | None) -> bool:
    """Tell whether data sets matter now: only while the revision that is asked for isn't stable."""
    return selection_of(service).revision != revision_hash(deployment.spec)


def _standing_refusals(snapshot: Snapshot, wanted: str, timer: Timer) -> Iterator[Refusal]:
    """Refusals of late, except of a revision that spec no longer asks for and that never was."""
    name = snapshot.deployment.metadata.name
    hashes = {wanted, *(revision.hash for revision in snapshot.revisions)}
    for refusal in snapshot.refusals:
        whose = refusal.name.removeprefix(f"{name}-").partition("-")[0]
        matters = refusal.name == name or whose in hashes
        if matters and not timer.passed(refusal.at, REFUSAL_STANDS):
            yield refusal


def _status(situation: Situation) -> tuple[Write, ...]:
    meta, before = situation.deployment.metadata, situation.deployment.status
    changed = statuses.patch(before, statuses.status(situation))
    if not changed:
        return ()
    return (
        PatchStatus(
            kind="ModelDeployment",
            namespace=meta.namespace,
            name=meta.name,
            resource_version=meta.resource_version,
            status=changed,
        ),
    )
