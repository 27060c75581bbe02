"""Why a candidate's pods are not ready, in the words of the cluster itself."""

from dataclasses import dataclass
from datetime import datetime

from modelward.release.situation import Actor

PASSING = frozenset({"Unschedulable", "Quota", "VolumeNotMounted"})
"""Reasons that lie in the cluster and not in the revision: not remembered against it."""


@dataclass(frozen=True)
class Problem:
    """Why pods are not ready."""

    reason: str
    """Unready, NeverReady, or the pod's or ReplicaSet's own: ImagePullBackOff, Quota..."""
    message: str


def stuck_since(actor: Actor) -> datetime | None:
    """Return the last change of what keeps pods from being ready; None where nothing does.

    Pods that are wanted and merely not made yet are no problem: a larger size, or a pod that was
    just deleted, must not look like one that failed for as long as the others have been ready.
    """
    if actor.revision.failure is None and all(pod.ready for pod in actor.living):
        return None
    changes = [pod.ready_since or pod.created for pod in actor.living]
    failing = actor.revision.failing_since
    return max([*changes, failing] if failing else changes, default=actor.revision.created)


def problem(actor: Actor) -> Problem:
    """Name what keeps the revision's pods from being ready; the most telling source first."""
    for pod in actor.living:
        if not pod.ready and pod.problem:
            return Problem(pod.problem, f"pod {pod.name}: {pod.problem_message or pod.problem}")
    failure = actor.revision.failure
    if failure:
        return Problem(_refusal_reason(failure), failure)
    pod = next(pod for pod in actor.living if not pod.ready)
    if pod.lapsed:
        return Problem("Unready", f"pod {pod.name} fails its readiness probe after it was ready")
    return Problem("NeverReady", f"pod {pod.name} runs and never passed its readiness probe")


def _refusal_reason(message: str) -> str:
    if "exceeded quota" in message:
        return "Quota"
    return "PodSecurity" if "PodSecurity" in message else "PodsRefused"
