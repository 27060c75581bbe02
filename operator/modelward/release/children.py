"""From what is wanted to writes: only what differs, in an order that any interruption survives."""

from collections.abc import Iterator
from dataclasses import replace

from modelward.api.base import API_VERSION
from modelward.api.names import RELEASE
from modelward.api.values import format_duration
from modelward.release import copies, live, memory, render, steps
from modelward.release.direction import Direction
from modelward.release.memory import Memory
from modelward.release.revisions import revision_input
from modelward.release.situation import Actor, Situation, run_number
from modelward.release.snapshot import Revision, RootService, Snapshot
from modelward.release.turns import Turn
from modelward.traffic import switch
from modelward.writes import Apply, Create, Delete, Document, Write

NOT_YET = ""
"""uid of a child that this plan creates."""


def after_turn(snapshot: Snapshot, turn: Turn | None, wanted: str) -> Snapshot:
    """Return the snapshot as it will be once the turn is written.

    A promotion begins the drain of the old revision now, not at the last switch before it.
    """
    revisions, service = list(snapshot.revisions), snapshot.service
    if turn is None:
        return snapshot
    for index, revision in enumerate(revisions):
        if revision.hash in turn.memories:
            remembered = dict(revision.annotations) | turn.memories[revision.hash].to_annotations()
            revisions[index] = replace(revision, annotations=remembered)
    if wanted in turn.memories and all(revision.hash != wanted for revision in revisions):
        revisions.append(_newborn(snapshot, wanted, turn.memories[wanted]))
    if turn.promoted:
        service = root_service(snapshot, switch.only(turn.promoted))
    return replace(snapshot, revisions=tuple(revisions), service=service)


def after_direction(snapshot: Snapshot, direction: Direction) -> Snapshot:
    """Return the snapshot as it will be once pods are asked for and the Service is switched."""
    revisions = tuple(
        replace(revision, desired=direction.replicas.get(revision.hash, revision.desired))
        for revision in snapshot.revisions
    )
    service = snapshot.service and root_service(snapshot, direction.selection)
    return replace(snapshot, revisions=revisions, service=service)


def _newborn(snapshot: Snapshot, wanted: str, remembered: Memory) -> Revision:
    written = {memory.INPUT_KEY: revision_input(snapshot.deployment.spec)}
    return Revision(
        hash=wanted,
        name=f"{snapshot.deployment.metadata.name}-{wanted}",
        uid=NOT_YET,
        created=snapshot.now,
        annotations=remembered.to_annotations() | written,
        desired=1,
        replicas=0,
    )


def root_service(snapshot: Snapshot, selection: switch.Selection) -> RootService:
    """Return the root Service as it is wanted; the time of its last switch stays if none is due."""
    selector = switch.to_selector(snapshot.deployment.metadata.name, selection)
    present = snapshot.service
    since = memory.to_time(present.annotations.get(switch.SINCE, "")) if present else None
    if present and present.selector == selector and since:
        return present
    switched = {switch.SINCE: memory.from_time(snapshot.now)}
    return RootService(present.uid if present else NOT_YET, selector, switched)


def writes(
    before: Situation, after: Situation, direction: Direction, turn: Turn | None
) -> list[Write]:
    """Return what brings the children to where they are wanted.

    Memory is written before traffic follows it, except for a promotion: there the root Service's
    selector is the decision itself, and the roles only tell of it.
    """
    service = list(_root_service(before, direction))
    revisions = list(_revisions(before, after, direction))
    ordered = service + revisions if turn and turn.promoted else revisions + service
    told: list[Write] = list(turn.announcements) if turn else []
    return [
        *told,
        *_permitted(before, ordered),
        *_permitted(before, list(copies.writes(after))),
        *_permitted(before, list(_missing(after, direction))),
        *_stale_runs(after),
        *_pruned(after),
    ]


def _permitted(situation: Situation, wanted: list[Write]) -> list[Write]:
    """Leave out what the API server refused lately; it is asked again when the refusal is old."""

    def is_refused(write: Write) -> bool:
        if not isinstance(write, Create):
            return False
        return situation.refuses(write.body["kind"], write.body["metadata"]["name"])

    return [write for write in wanted if not is_refused(write)]


def _root_service(before: Situation, direction: Direction) -> Iterator[Write]:
    present = before.snapshot.service
    wanted = root_service(before.snapshot, direction.selection)
    if present is None:
        yield Create(render.root_service(before.deployment, wanted))
    elif wanted != present:
        name = before.deployment.metadata.name
        body = render.named(before.deployment, "v1", "Service", name, present.uid)
        body["metadata"]["annotations"] = dict(wanted.annotations)
        body["spec"] = {"selector": dict(wanted.selector)}
        yield Apply(body)


def _revisions(before: Situation, after: Situation, direction: Direction) -> Iterator[Write]:
    present = {actor.hash: actor.revision for actor in before.actors}
    for actor in after.actors:
        if actor.hash not in present:
            yield Create(render.replica_set(after.deployment, actor.hash, actor.memory))
            continue
        was = present[actor.hash]
        replicas = direction.replicas.get(actor.hash, was.desired)
        annotations = actor.memory.to_annotations()
        # A key that an older operator did not write is as one that is empty.
        remembered = {key: was.annotations.get(key, "") for key in annotations}
        if replicas != was.desired or annotations != remembered:
            body = render.named(before.deployment, "apps/v1", "ReplicaSet", was.name, was.uid)
            body["metadata"]["annotations"] = annotations
            body["spec"] = {"replicas": replicas}
            yield Apply(body)


def _missing(situation: Situation, direction: Direction) -> Iterator[Write]:
    for actor in (situation.stable, situation.candidate):
        born = actor is not None and actor.revision.uid != NOT_YET
        if actor and born and actor.revision.service_uid is None:
            yield Create(render.revision_service(situation.deployment, actor))
    candidate = situation.candidate
    if candidate is None or candidate.memory.verdict or situation.spec.paused:
        return
    known = candidate.revision.service_uid and situation.requirements is not None
    run = known and _run_to_begin(situation, candidate, direction)
    if run:
        yield Create(run)


def _run_to_begin(situation: Situation, candidate: Actor, direction: Direction) -> Document | None:
    """Return the run that the present step waits for, where it is time to begin it."""
    if live.is_judged(situation):
        return _live_run(situation, candidate, direction)
    return _benchmark_run(situation, candidate)


def _live_run(situation: Situation, candidate: Actor, direction: Direction) -> Document | None:
    """In a weight step users' requests are counted once the candidate has its share of them."""
    step = steps.present(candidate.memory)
    if step is None or not direction.reached or live.run_of_step(situation, candidate):
        return None
    up_to = format_duration(steps.soak(step)[1])
    number = copies.next_run_number(situation, candidate)
    judged = live.step_to_judge(situation, candidate)
    return render.benchmark_run(situation, candidate, number, up_to, live_step=judged)


def _benchmark_run(situation: Situation, candidate: Actor) -> Document | None:
    """In a benchmark step there is one run, once one closed pod alone can answer, and a copy of
    stable where one is compared with.

    The declared rate of load is for that pod. After a retry there is another run, which goes on
    from the one that came to no verdict.
    """
    step, remembered = steps.present(candidate.memory), candidate.memory
    if step is None or step.benchmark is None or remembered.passed_by_hand:
        return None
    earlier = situation.runs_of(candidate)[-1:]
    if any(run_number(run.metadata.name) > run_number(remembered.continues) for run in earlier):
        return None
    pods = situation.pods(candidate)
    alone = pods.present == pods.available == 1 and not situation.selection.split
    if not alone or not copies.is_ready(situation):
        return None
    number = copies.next_run_number(situation, candidate)
    continues = next((run.metadata.name for run in earlier), None)
    copy, up_to = copies.wanted(situation), step.benchmark.up_to
    return render.benchmark_run(situation, candidate, number, up_to, continues=continues, copy=copy)


def _stale_runs(situation: Situation) -> Iterator[Write]:
    """A run that has not finished and that no release waits for any more measures for nobody."""
    candidate = situation.candidate
    current = candidate.memory.release if candidate else None
    for run in situation.snapshot.runs:
        release = run.metadata.labels.get(RELEASE)
        going = run.status.phase != "Finished" and not run.metadata.deletion_timestamp
        if release and release != current and going:
            meta = run.metadata
            yield Delete(API_VERSION, "BenchmarkRun", meta.namespace, meta.name, meta.uid)


def _pruned(situation: Situation) -> Iterator[Write]:
    """Old revisions beyond revisionHistoryLimit go, and their evidence with them."""
    old = [a for a in situation.others if not a.has_pods and a.hash != situation.wanted]
    newest_first = sorted(old, key=_ended, reverse=True)
    namespace = situation.deployment.metadata.namespace
    for actor in newest_first[situation.spec.rollout.revision_history_limit :]:
        revision = actor.revision
        yield Delete("apps/v1", "ReplicaSet", namespace, revision.name, revision.uid)


def _ended(actor: Actor) -> str:
    return memory.from_time(actor.memory.outcome_at or actor.revision.created)
