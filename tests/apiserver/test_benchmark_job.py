"""The Job of an attempt, as a real kube-apiserver takes and completes it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from modelward.benchmark.foreign import foreign_pod
from modelward.benchmark.job import job
from modelward.benchmark.plan import runner_plan
from modelward.benchmark.snapshot import RunJob
from modelward.cluster.observe.runs import read_run_pod
from modelward.writes import Document
from tests.cluster.provider import Cluster
from tests.unit.benchmark_world import ACCURACY, ERRORS, LATENCY, START, a_run

pytestmark = pytest.mark.apiserver

NAMESPACE = "benchmark-job"
NAMESPACE_DOCUMENT = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {
        "name": NAMESPACE,
        "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
    },
}
LIMITS = {
    "apiVersion": "v1",
    "kind": "LimitRange",
    "metadata": {"name": "defaults", "namespace": NAMESPACE},
    "spec": {"limits": [{"type": "Container", "default": {"cpu": "2"}}]},
}
ACCOUNT = {
    "apiVersion": "v1",
    "kind": "ServiceAccount",
    "metadata": {"name": "default", "namespace": NAMESPACE},
}


def create(cluster: Cluster, document: Document) -> Document:
    stored = cluster.kubectl(
        "create", "--validate=strict", "-f", "-", "-o", "json", stdin=json.dumps(document)
    )
    answer: Document = json.loads(stored.stdout)
    return answer


@pytest.fixture(scope="module")
def strict_namespace(control_plane: Cluster) -> Iterator[Cluster]:
    """A namespace with restricted Pod Security, and a LimitRange that changes pods."""
    for document in (NAMESPACE_DOCUMENT, LIMITS, ACCOUNT):
        create(control_plane, document)
    yield control_plane
    control_plane.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def the_job() -> Document:
    asked: dict[str, Any] = {
        "labels": {"team": "risk"},
        "tolerations": [{"key": "batch", "operator": "Exists"}],
        "nodeSelector": {"pool": "batch"},
    }
    run = a_run(ACCURACY, LATENCY, ERRORS, pod=asked)
    document = job(run, 1, runner_plan(run, 1, 1_200), "registry.example/modelward:1", "Always")
    document["metadata"]["namespace"] = NAMESPACE
    return document


def pod_of(stored: Document) -> Document:
    """Return the pod that the Job controller would make; nothing else runs here."""
    template = stored["spec"]["template"]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "controller": True}
    identity = {"name": stored["metadata"]["name"], "uid": stored["metadata"]["uid"]}
    metadata = {
        **template["metadata"],
        "name": f"{stored['metadata']['name']}-abcde",
        "namespace": NAMESPACE,
        "ownerReferences": [owner | identity],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def test_a_job_and_its_pod_pass_strict_validation_and_restricted_pod_security(
    strict_namespace: Cluster,
) -> None:
    stored = create(strict_namespace, the_job())
    pod = create(strict_namespace, pod_of(stored))
    assert pod["spec"]["containers"][0]["resources"]["limits"]["cpu"] == "2"

    attempt = RunJob(
        name=stored["metadata"]["name"],
        uid=stored["metadata"]["uid"],
        created=START,
        template=stored["spec"]["template"],
        pods=(read_run_pod(pod),),
    )
    # What defaults, LimitRange and admission add to the one that was asked for is no difference.
    assert foreign_pod(attempt) is None

    copied = pod_of(stored)
    copied["metadata"]["name"] += "-copied"
    copied["spec"] = {**copied["spec"], "hostAliases": [{"ip": "10.0.0.9", "hostnames": ["a"]}]}
    forged = read_run_pod(create(strict_namespace, copied))
    assert "hostAliases" in str(foreign_pod(replace(attempt, pods=(forged,))))
