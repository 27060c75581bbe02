"""The Job of one attempt."""

from modelward.api.base import API_VERSION
from modelward.api.benchmarkrun import BenchmarkRun, BenchmarkRunSpec
from modelward.api.names import DATASETS_PATH, MANAGED, PLAN, PLAN_PATH, RUN, RUNNER_CONTAINER
from modelward.benchmark.containers import (
    BENCHMARK_VOLUME,
    DEFAULT_RESOURCES,
    FOLDER,
    PLAN_MOUNT,
    RESTRICTED,
    RESULT_PATH,
    TMP_SIZE,
    TMP_VOLUME,
    job_container,
)
from modelward.benchmark.contract import RunnerPlan
from modelward.writes import Document

SPARE_SECONDS = 60
"""For scheduling, pulling the image and starting, beyond what the plan needs."""
COMMAND = ("modelward", "runner")


def job_name(run: BenchmarkRun, attempt: int) -> str:
    """Return the name of an attempt's Job; attempts count from 1."""
    return f"{run.metadata.name}-{attempt}"


def job(
    run: BenchmarkRun, attempt: int, plan: RunnerPlan, image: str, pull_policy: str
) -> Document:
    """Return the Job of an attempt: one pod, tried once, kept until its run goes."""
    labels = {MANAGED: "true", RUN: run.metadata.name}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(run, attempt),
            "namespace": run.metadata.namespace,
            "labels": labels,
            "ownerReferences": [
                {
                    "apiVersion": API_VERSION,
                    "kind": "BenchmarkRun",
                    "name": run.metadata.name,
                    "uid": run.metadata.uid,
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": {
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": 0,
            "activeDeadlineSeconds": plan.deadline_seconds + SPARE_SECONDS,
            "template": {
                "metadata": {
                    "labels": run.spec.pod.labels | labels,
                    "annotations": run.spec.pod.annotations | {PLAN: plan.to_json()},
                },
                "spec": _pod_spec(run.spec, plan, image, pull_policy),
            },
        },
    }


def _pod_spec(spec: BenchmarkRunSpec, plan: RunnerPlan, image: str, pull_policy: str) -> Document:
    asked = spec.pod.to_wire()
    chosen = ("serviceAccountName", "imagePullSecrets", "nodeSelector", "tolerations")
    jobs = {job.name: job for job in spec.jobs}
    first = [job_container(jobs[job.name], plan, asked.get("resources")) for job in plan.jobs or ()]
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        **({"initContainers": first} if first else {}),
        "containers": [_container(image, pull_policy, asked.get("resources"))],
        "volumes": [
            {"name": BENCHMARK_VOLUME, "projected": {"sources": _sources(spec)}},
            *([{"name": TMP_VOLUME, "emptyDir": TMP_SIZE}] if first else []),
        ],
    } | {key: asked[key] for key in chosen if asked.get(key)}


def _container(image: str, pull_policy: str, resources: Document | None) -> Document:
    return {
        "name": RUNNER_CONTAINER,
        "image": image,
        "imagePullPolicy": pull_policy,
        "command": list(COMMAND),
        "resources": resources or DEFAULT_RESOURCES,
        "terminationMessagePath": RESULT_PATH,
        "terminationMessagePolicy": "File",
        "securityContext": RESTRICTED,
        "volumeMounts": [PLAN_MOUNT],
    }


def _sources(spec: BenchmarkRunSpec) -> list[Document]:
    """Return the plan and the data sets as files of one volume."""
    plan = {"path": _below(PLAN_PATH), "fieldRef": _field(f"metadata.annotations['{PLAN}']")}
    sources: list[Document] = [{"downwardAPI": {"items": [plan]}}]
    for data in spec.datasets:
        path = _below(f"{DATASETS_PATH}/{data.name}")
        items = [{"key": data.config_map.key, "path": path}]
        sources.append({"configMap": {"name": data.config_map.name, "items": items}})
    return sources


def _field(path: str) -> Document:
    return {"apiVersion": "v1", "fieldPath": path}


def _below(path: str) -> str:
    return path.removeprefix(FOLDER + "/")
