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


_IDENTITY_ENV = frozenset(
    {
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_ROLE_ARN",
        "AWS_STS_REGIONAL_ENDPOINTS",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AZURE_AUTHORITY_HOST",
        "AZURE_CLIENT_ID",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_TENANT_ID",
    }
)
_IDENTITY_MOUNTS = frozenset(
    {
        "/var/run/secrets/azure/tokens",
        "/var/run/secrets/eks.amazonaws.com/serviceaccount",
        "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
    }
)
"""What EKS' and Azure's webhooks add to every container of a pod whose service account has an
identity. None of it makes a program do something else."""


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
    wanted = _runner(asked)
    found = _without_identity(_runner(pod.spec), wanted)
    for name in sorted((wanted.keys() | found.keys()) - _MAY_DIFFER):
        if wanted.get(name) != found.get(name):
            return f"{name} of container {RUNNER_CONTAINER}"
    volumes = pod.spec.get("volumes") or []
    for volume in asked.get("volumes") or []:
        if volume not in volumes:
            return f"volume {volume['name']}"
    return None


def _without_identity(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a container without what a cloud's webhook has added for an identity."""
    kept = dict(found)
    for field, is_identity in (("env", _is_identity_env), ("volumeMounts", _is_identity_mount)):
        asked = wanted.get(field) or []
        items = [i for i in found.get(field) or [] if i in asked or not is_identity(i)]
        if items or field in wanted:
            kept[field] = items
        else:
            kept.pop(field, None)
    return kept


def _is_identity_env(item: Mapping[str, Any]) -> bool:
    return item.get("name") in _IDENTITY_ENV


def _is_identity_mount(item: Mapping[str, Any]) -> bool:
    return item.get("readOnly") is True and item.get("mountPath") in _IDENTITY_MOUNTS


def _runner(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    containers = spec.get("containers") or []
    return next((c for c in containers if c.get("name") == RUNNER_CONTAINER), {})
