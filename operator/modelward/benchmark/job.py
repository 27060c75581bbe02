"""The Job of one attempt."""

from collections.abc import Iterator

from modelward.api.base import API_VERSION
from modelward.api.benchmarkrun import BenchmarkRun, BenchmarkRunSpec, RunDataset
from modelward.api.names import (
    CLAIMS_PATH,
    DATASETS_PATH,
    MANAGED,
    PLAN,
    PLAN_PATH,
    RUN,
    RUNNER_CONTAINER,
    SCRATCH_PATH,
)
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
GRACE_SECONDS = 5
"""How long a pod may take to end. A job that does not listen to SIGTERM loads the model until then,
so this is shorter than the pause before the next attempt measures."""
COMMAND = ("modelward", "runner")

_SCRATCH = "scratch"
_SCRATCH_PARTS = 3
"""What a data set may take of the scratch volume, in size limits: the file that was fetched, its
rows as JSON lines, and their index."""


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
    mounts, resources = list(_claim_mounts(spec)), asked.get("resources")
    first = [job_container(jobs[job.name], plan, resources, mounts) for job in plan.jobs or ()]
    return {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        **({"initContainers": first} if first else {}),
        "containers": [_container(image, pull_policy, asked, list(_mounts(spec)))],
        "volumes": [
            {"name": BENCHMARK_VOLUME, "projected": {"sources": _sources(spec)}},
            *_claims(spec),
            *_scratch(spec),
            *([{"name": TMP_VOLUME, "emptyDir": TMP_SIZE}] if first else []),
        ],
    } | {key: asked[key] for key in chosen if asked.get(key)}


def _container(image: str, pull_policy: str, asked: Document, mounts: list[Document]) -> Document:
    env = {"env": asked["env"]} if asked.get("env") else {}
    return env | {
        "name": RUNNER_CONTAINER,
        "image": image,
        "imagePullPolicy": pull_policy,
        "command": list(COMMAND),
        "resources": asked.get("resources") or DEFAULT_RESOURCES,
        "terminationMessagePath": RESULT_PATH,
        "terminationMessagePolicy": "File",
        "securityContext": RESTRICTED,
        "volumeMounts": mounts,
    }


def _mounts(spec: BenchmarkRunSpec) -> Iterator[Document]:
    yield PLAN_MOUNT
    yield from _claim_mounts(spec)
    if _scratch(spec):
        yield {"name": _SCRATCH, "mountPath": SCRATCH_PATH}


def _claim_mounts(spec: BenchmarkRunSpec) -> Iterator[Document]:
    for data in spec.datasets:
        if data.persistent_volume_claim:
            path = f"{CLAIMS_PATH}/{data.name}"
            yield {"name": _claim_volume(data), "mountPath": path, "readOnly": True}


def _claims(spec: BenchmarkRunSpec) -> list[Document]:
    """Return a read-only volume for each data set on a claim."""
    return [
        {
            "name": _claim_volume(data),
            "persistentVolumeClaim": {
                "claimName": data.persistent_volume_claim.claim_name,
                "readOnly": True,
            },
        }
        for data in spec.datasets
        if data.persistent_volume_claim
    ]


def _claim_volume(data: RunDataset) -> str:
    return f"claim-{data.name}"


def _scratch(spec: BenchmarkRunSpec) -> list[Document]:
    """Return a volume for what is fetched and for large indices; a ConfigMap's rows need none."""
    sizes = [data.size_limit_bytes for data in spec.datasets if data.config_map is None]
    if not sizes:
        return []
    mebibytes = _SCRATCH_PARTS * sum(sizes) // 2**20
    return [{"name": _SCRATCH, "emptyDir": {"sizeLimit": f"{mebibytes}Mi"}}]


def _sources(spec: BenchmarkRunSpec) -> list[Document]:
    """Return the plan and the data sets as files of one volume."""
    plan = {"path": _below(PLAN_PATH), "fieldRef": _field(f"metadata.annotations['{PLAN}']")}
    sources: list[Document] = [{"downwardAPI": {"items": [plan]}}]
    for data in spec.datasets:
        if data.config_map is None:
            continue
        path = _below(f"{DATASETS_PATH}/{data.name}")
        items = [{"key": data.config_map.key, "path": path}]
        sources.append({"configMap": {"name": data.config_map.name, "items": items}})
    return sources


def _field(path: str) -> Document:
    return {"apiVersion": "v1", "fieldPath": path}


def _below(path: str) -> str:
    return path.removeprefix(FOLDER + "/")
