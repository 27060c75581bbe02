"""Containers of a benchmark pod: those of jobs, and what they share with the runner's.

Jobs are init containers: they run one after another and before the runner, so that no load of
theirs disturbs what it measures. Each leaves its result by a termination message of its own.
"""

from typing import Any

from modelward.api.jobs import Job
from modelward.api.names import JOB_CONTAINER, PLAN_PATH
from modelward.benchmark.contract import RunnerPlan
from modelward.writes import Document

FOLDER = "/etc/modelward"
BENCHMARK_VOLUME = "benchmark"
TMP_VOLUME = "tmp"
TMP_SIZE = {"sizeLimit": "256Mi"}
RESULT_PATH = "/dev/termination-log"
PLAN_MOUNT = {"name": BENCHMARK_VOLUME, "mountPath": FOLDER, "readOnly": True}
DEFAULT_RESOURCES = {
    "requests": {"cpu": "100m", "memory": "128Mi"},
    # No CPU limit: throttling delays requests, and would be counted as the model's latency.
    "limits": {"memory": "512Mi"},
}
RESTRICTED: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def job_container(
    job: Job, plan: RunnerPlan, resources: Document | None, claims: list[Document]
) -> Document:
    """Return the container of a job. What it needs to know stands in its environment.

    `claims` are mounts of data sets on volumes; what the runner fetches is not there yet.

    Its file system is read-only but for /tmp, which is also its home.
    """
    told = {
        "HOME": "/tmp",  # noqa: S108 (a volume of the pod alone)
        "MODELWARD_JOB": job.name,
        "MODELWARD_PLAN": PLAN_PATH,
        "MODELWARD_RESULT": RESULT_PATH,
        "MODELWARD_TARGET": plan.subject.url,
        **({"MODELWARD_BASELINE": plan.baseline.url} if plan.baseline else {}),
    }
    user = {} if job.run_as_user is None else {"runAsUser": job.run_as_user}
    chosen = {"command": job.command, "args": job.args}
    named = {each["name"] for each in job.env}
    return {
        "name": f"{JOB_CONTAINER}{job.name}",
        "image": job.image,
        "env": [*({"name": k, "value": v} for k, v in told.items() if k not in named), *job.env],
        "resources": resources or DEFAULT_RESOURCES,
        "terminationMessagePath": RESULT_PATH,
        "terminationMessagePolicy": "File",
        "securityContext": RESTRICTED | user,
        "volumeMounts": [
            PLAN_MOUNT,
            {"name": TMP_VOLUME, "mountPath": "/tmp"},  # noqa: S108
            *claims,
        ],
    } | {key: value for key, value in chosen.items() if value}
