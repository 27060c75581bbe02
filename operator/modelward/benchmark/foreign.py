"""Whether the pods of an attempt's Job are the one that was asked for."""

from collections.abc import Mapping
from typing import Any

from modelward.api.names import PLAN, RUNNER_CONTAINER
from modelward.benchmark.snapshot import RunJob, RunPod


def foreign_pod(job: RunJob) -> str | None:
    """Say which pod of a Job, running or ended, is not the one that was asked for."""
    if len(job.pods) > 1:
        names = ", ".join(sorted(pod.name for pod in job.pods))
        return f"Job {job.name} makes one pod, but these say they are its: {names}"
    for pod in job.pods:
        difference = _difference(job.template, pod)
        if difference:
            return (
                f"pod {pod.name} is not what Job {job.name} asked for: {difference} differs; if an "
                "admission webhook changes benchmark pods, exempt them by spec.benchmarkPod"
            )
    return None


def waiting(pod: RunPod) -> str:
    """Return in words why a pod does not run."""
    return f"pod {pod.name} waits: {pod.problem} {pod.problem_message}".rstrip()


_POD_FIELDS = ("dnsConfig", "dnsPolicy", "hostAliases", "hostNetwork", "shareProcessNamespace")
_MAY_DIFFER = frozenset({"imagePullPolicy", "resources", "securityContext"})
"""Set by ordinary admission: AlwaysPullImages, LimitRanger, security context constraints."""


def _difference(template: Mapping[str, Any], pod: RunPod) -> str | None:
    """Name the first field in which a pod differs from its Job's template.

    Other containers are left out: meshes inject theirs, and they can't write this one's result.
    """
    asked = template["spec"]
    asked_plan = (template.get("metadata", {}).get("annotations") or {}).get(PLAN)
    if pod.annotations.get(PLAN) != asked_plan:
        return f"annotation {PLAN}"
    for name in _POD_FIELDS:
        if asked.get(name) != pod.spec.get(name):
            return f"spec.{name}"
    wanted, found = _runner(asked), _runner(pod.spec)
    for name in sorted((wanted.keys() | found.keys()) - _MAY_DIFFER):
        if wanted.get(name) != found.get(name):
            return f"{name} of container {RUNNER_CONTAINER}"
    volumes = pod.spec.get("volumes") or []
    for volume in asked.get("volumes") or []:
        if volume not in volumes:
            return f"volume {volume['name']}"
    return None


def _runner(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    containers = spec.get("containers") or []
    return next((c for c in containers if c.get("name") == RUNNER_CONTAINER), {})
