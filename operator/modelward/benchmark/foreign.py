"""Whether the pods of an attempt's Job are the one that was asked for."""

from collections.abc import Iterator, Mapping
from typing import Any

from modelward.api.names import PLAN
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
    for kind, container in _ours(asked):
        found = _named(pod.spec, kind, container["name"])
        for name in sorted((container.keys() | found.keys()) - _MAY_DIFFER):
            if container.get(name) != found.get(name):
                return f"{name} of container {container['name']}"
    volumes = pod.spec.get("volumes") or []
    for volume in asked.get("volumes") or []:
        if volume not in volumes:
            return f"volume {volume['name']}"
    return None


def _ours(spec: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the containers of a Job's template that leave results: those of jobs, the runner's."""
    for kind in ("initContainers", "containers"):
        for container in spec.get(kind) or ():
            yield kind, container


def _named(spec: Mapping[str, Any], kind: str, name: str) -> Mapping[str, Any]:
    return next((c for c in spec.get(kind) or () if c.get("name") == name), {})
