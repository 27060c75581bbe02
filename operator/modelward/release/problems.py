"""Why a candidate's pods are not ready, in the words of the cluster itself."""

from dataclasses import dataclass

from modelward.release.situation import Actor

PASSING = frozenset({"Unschedulable", "Quota", "VolumeNotMounted"})
"""Reasons that lie in the cluster and not in the revision: not remembered against it."""


@dataclass(frozen=True)
class Problem:
    """Why pods are not ready."""

    reason: str
    """Unready, NeverReady, or the pod's or ReplicaSet's own: ImagePullBackOff, Quota..."""
    message: str


def problem(actor: Actor) -> Problem:
    """Name what keeps the revision's pods from being ready; the most telling source first."""
    for pod in actor.living:
        if not pod.ready and pod.problem:
            return Problem(pod.problem, f"pod {pod.name}: {pod.problem_message or pod.problem}")
    failure = actor.revision.failure
    if failure:
        return Problem(_refusal_reason(failure), failure)
    unready = [pod for pod in actor.living if not pod.ready]
    if not unready:
        return Problem("NoPods", f"ReplicaSet {actor.revision.name} has no pods yet")
    pod = unready[0]
    was_ready = pod.ready_since and pod.started and pod.ready_since > pod.started
    if was_ready:
        return Problem("Unready", f"pod {pod.name} fails its readiness probe after it was ready")
    return Problem("NeverReady", f"pod {pod.name} runs and never passed its readiness probe")


def _refusal_reason(message: str) -> str:
    if "exceeded quota" in message:
        return "Quota"
    return "PodSecurity" if "PodSecurity" in message else "PodsRefused"
