"""Whether a candidate's pods come and stay: rollout.progressDeadline."""

from datetime import datetime, timedelta

from modelward.release import copies, steps, turns
from modelward.release.problems import Problem, problem, stuck_since
from modelward.release.situation import Actor, Situation
from modelward.release.timer import Timer
from modelward.release.turns import Turn

STEADY_SHARE = 10
"""Pods that stay ready for a tenth of progressDeadline have recovered from a lapse."""


def remember_unsteadiness(situation: Situation, timer: Timer) -> Turn | None:
    """Note when a pod first lost its readiness, until all have been ready for a while.

    Each lapse is a new transition, so that pods alone don't tell how long they come and go.
    """
    candidate = situation.candidate
    if candidate is None or waits_for_person(candidate):
        return None
    lapses = [pod.ready_since for pod in candidate.living if pod.lapsed and pod.ready_since]
    if candidate.memory.unsteady_since is None:
        return _unsteady_since(candidate, min(lapses)) if lapses else None
    return _unsteady_since(candidate, None) if _is_steady(situation, candidate, timer) else None


def _unsteady_since(candidate: Actor, since: datetime | None) -> Turn:
    return Turn({candidate.hash: candidate.memory.with_(unsteady_since=since)})


def _is_steady(situation: Situation, candidate: Actor, timer: Timer) -> bool:
    if _missing(situation, candidate):
        return False
    rollout = situation.spec.rollout
    deadline = situation.duration(rollout.progress_deadline)
    settle = max(deadline / STEADY_SHARE, timedelta(seconds=rollout.min_ready_seconds))
    latest = (pod.ready_since for pod in candidate.living if pod.ready_since)
    return timer.passed(max(latest, default=candidate.revision.created), settle)


def _missing(situation: Situation, candidate: Actor) -> bool:
    """Whether fewer candidate pods are ready than are wanted now."""
    pods = situation.pods(candidate)
    return pods.ready < max(1, pods.desired)


def roll_back_when_pods_do_not_come(situation: Situation, timer: Timer) -> Turn | None:
    """progressDeadline counts from the last change of a pod, or from its first unsteady one."""
    candidate = situation.candidate
    if candidate is None or waits_for_person(candidate) or not _missing(situation, candidate):
        return None
    since, stuck = candidate.memory.step_since, stuck_since(candidate)
    if since is None or stuck is None:
        return None
    began = min(stuck, candidate.memory.unsteady_since or stuck)
    deadline = situation.duration(situation.spec.rollout.progress_deadline)
    if not timer.passed(max(since, began), deadline):
        return None
    found = problem(candidate)
    message = _too_late(situation, candidate, found)
    if began < stuck:
        message += "; its pods were ready and unready in turn for all this time"
    return turns.roll_back(situation, candidate, found.reason, message, verdict="")


def wait_for_a_person_when_the_copy_does_not_come(
    situation: Situation, timer: Timer
) -> Turn | None:
    """What keeps a copy of stable from running says nothing about the candidate."""
    candidate, since = situation.candidate, copies.missing_since(situation)
    if candidate is None or since is None:
        return None
    deadline = situation.spec.rollout.progress_deadline
    if not timer.passed(since, situation.duration(deadline)):
        return None
    message = (
        f"{copies.trouble(situation)}, after rollout.progressDeadline ({deadline}); make room for "
        "one more pod of stable, then retry"
    )
    return turns.wait_for_person(situation, candidate, "CopyNotReady", message)


def _too_late(situation: Situation, candidate: Actor, found: Problem) -> str:
    pods = situation.pods(candidate)
    return (
        f"{pods.ready} of {max(1, pods.desired)} candidate pods are ready after "
        f"rollout.progressDeadline ({situation.spec.rollout.progress_deadline}): {found.message}"
    )


def waits_for_person(candidate: Actor) -> bool:
    """Tell whether nothing happens until somebody promotes or aborts."""
    step = steps.present(candidate.memory)
    paused = step is not None and step.pause is not None
    return paused or candidate.memory.verdict == "Inconclusive"
