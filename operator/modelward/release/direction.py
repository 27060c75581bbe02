"""Where the traffic goes: from what is remembered to pods and the root Service's selector.

Derived anew from the situation every time, so that an interruption anywhere changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from modelward.api.live import NO_EVIDENCE
from modelward.release import memory, steps
from modelward.release.situation import Actor, Situation
from modelward.release.timer import Timer
from modelward.traffic import split, switch


@dataclass(frozen=True)
class Direction:
    """How many pods each revision is wanted to have, and whom users reach."""

    replicas: Mapping[str, int]
    """By revision; what isn't in it stays."""
    selection: switch.Selection
    reached: bool = False
    """The candidate has the share that its step wants, available and open."""


def entitled_weight(situation: Situation) -> int:
    """Return the weight that the candidate may have now, pods apart.

    Where there is no evidence about users' requests, `onInconclusive: hold` holds no weight.
    """
    candidate = situation.candidate
    if candidate is None or situation.stable is None:
        return 0
    unseen = candidate.memory.reason in NO_EVIDENCE
    withdrawn = candidate.memory.verdict == "Inconclusive" and (
        unseen or situation.spec.judgement.on_inconclusive != "hold"
    )
    return 0 if withdrawn else steps.weight(candidate.memory)


def direct(situation: Situation, timer: Timer) -> Direction:
    """Say where the traffic goes now."""
    _wake_when_available(situation, timer)
    if situation.stable is None:
        return _nobody_serves(situation)
    candidate, weight = situation.candidate, entitled_weight(situation)
    if candidate and weight and not _must_close(situation, candidate):
        return _share(situation, situation.stable, candidate, weight, timer)
    return _keep_to_stable(situation, situation.stable, timer)


def _nobody_serves(situation: Situation) -> Direction:
    """Before anything serves: one closed pod is judged, then all of them get ready.

    Where the stable ReplicaSet was deleted in a split, the candidate is all that users have left.
    A Service that selects a revision that isn't ours (any more) is not pointed away from it: a
    restored backup has such pods, and they serve.
    """
    replicas = {actor.hash: 0 for actor in situation.others}
    candidate = situation.candidate
    reached = left_alone = False
    if candidate:
        taking_over = steps.present(candidate.memory) is None
        left_alone = situation.selection.split and steps.weight(candidate.memory) > 0
        grown = candidate.revision.desired if situation.spec.paused else situation.limits.size
        replicas[candidate.hash] = max(1, grown) if taking_over or left_alone else 1
        reached = taking_over and situation.pods(candidate).available >= situation.limits.least
    known = {actor.hash for actor in situation.actors}
    selected = situation.selection.revision
    kept = switch.only(selected) if selected and selected not in known else switch.CLOSED
    return Direction(replicas, switch.SPLIT if left_alone else kept, reached)


def _must_close(situation: Situation, candidate: Actor) -> bool:
    """A split takes no third revision, and a candidate without a ready pod has no weight."""
    if any(actor.has_pods for actor in situation.others):
        return True
    return situation.selection.split and situation.pods(candidate).ready == 0


def _share(
    situation: Situation, stable: Actor, candidate: Actor, weight: int, timer: Timer
) -> Direction:
    pods = situation.pods(candidate)
    is_open = situation.selection.split
    for_stable = situation.pods(stable)
    step = split.forward(situation.limits, weight, for_stable, pods, is_open)
    if situation.spec.paused:
        step = split.hold(situation.limits, step, for_stable, pods, is_open)
    wanted = step.shares.candidate
    if not is_open and not _drained(situation, stable, timer):
        wanted = max(wanted, pods.desired)
    return Direction(
        replicas={stable.hash: step.shares.stable, candidate.hash: wanted},
        selection=switch.SPLIT if step.open else switch.only(stable.hash),
        reached=step.reached,
    )


def _wake_when_available(situation: Situation, timer: Timer) -> None:
    settle = timedelta(seconds=situation.spec.rollout.min_ready_seconds)
    for pod in (pod for actor in situation.actors for pod in actor.living):
        if pod.ready and pod.ready_since:
            timer.passed(pod.ready_since, settle)


def _keep_to_stable(situation: Situation, stable: Actor, timer: Timer) -> Direction:
    """Close whatever else is open, drain it, then let its pods go."""
    replicas = {stable.hash: situation.limits.size}
    selection = switch.only(stable.hash)
    guests = [actor for actor in situation.actors if actor is not stable and actor.has_pods]
    if situation.selection.split and not _may_close(situation, stable, guests):
        return Direction(replicas, switch.SPLIT)
    drained = _drained(situation, stable, timer)
    for guest in guests:
        rest = 1 if guest is situation.candidate else 0
        replicas[guest.hash] = rest if drained else max(rest, guest.revision.desired)
    if situation.candidate:
        replicas.setdefault(situation.candidate.hash, 1)
    return Direction(replicas, selection)


def _may_close(situation: Situation, stable: Actor, guests: list[Actor]) -> bool:
    shown_bad = any(_was_shown_bad(guest.memory) for guest in guests)
    ready = sum(situation.pods(guest).ready for guest in guests)
    candidate = split.Pods(ready=ready)
    return split.ready_to_close(situation.limits, situation.pods(stable), candidate, shown_bad)


def _was_shown_bad(remembered: memory.Memory) -> bool:
    return remembered.role == "failed" and remembered.verdict == "Fail"


def _drained(situation: Situation, stable: Actor, timer: Timer) -> bool:
    """Tell whether connections had drainDelay to leave what the selector no longer selects.

    Where nobody knows since when (somebody removed the annotation), the wait begins anew.
    """
    service = situation.snapshot.service
    since = memory.to_time(service.annotations.get(switch.SINCE, "")) if service else None
    if since is None or situation.selection != switch.only(stable.hash):
        return False
    return timer.passed(since, situation.duration(situation.spec.rollout.drain_delay))
