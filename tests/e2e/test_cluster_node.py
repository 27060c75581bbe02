"""The node runs pods as any Kubernetes does: images, DNS, Services, exec, logs, scaling."""

import json
import os
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.cluster.images import build_image
from tests.cluster.loglines import whole_lines
from tests.cluster.provider import Cluster

pytestmark = pytest.mark.e2e

IMAGE = "modelward.local/hello:test"
NAMESPACE = f"cluster-itself-{os.getpid()}"
DOCKERFILE = """\
ARG BASE_IMAGE=python:3.11-slim
FROM ${BASE_IMAGE}
COPY hello.txt /srv/hello.txt
USER 65532
CMD ["python3", "-u", "-m", "http.server", "--directory", "/srv", "8000"]
"""
CONTAINER = {
    "name": "hello",
    "image": IMAGE,
    "ports": [{"containerPort": 8000}],
    "readinessProbe": {"httpGet": {"path": "/hello.txt", "port": 8000}, "periodSeconds": 1},
    "resources": {"limits": {"memory": "64Mi"}},
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}
POD = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "terminationGracePeriodSeconds": 0,
    "containers": [CONTAINER],
}
LABELS = {"app": "hello"}
OBJECTS = [
    {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": NAMESPACE,
            "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
        },
    },
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "hello", "namespace": NAMESPACE},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": POD},
        },
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "hello", "namespace": NAMESPACE},
        "spec": {"selector": LABELS, "ports": [{"port": 80, "targetPort": 8000}]},
    },
]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    context = tmp_path_factory.mktemp("context")
    (context / "hello.txt").write_text("hello from a pod\n")
    (context / "Dockerfile").write_text(DOCKERFILE)
    build_image(context, context / "Dockerfile", IMAGE)
    return IMAGE


@pytest.fixture(scope="module")
def hello(node: Cluster, image: str) -> Iterator[Cluster]:
    node.load_image(image)
    objects = {"apiVersion": "v1", "kind": "List", "items": OBJECTS}
    node.kubectl("apply", "-f", "-", stdin=json.dumps(objects))
    available = ("wait", "--for=condition=Available", "deploy/hello", "--timeout=120s")
    node.kubectl("-n", NAMESPACE, *available)
    yield node
    node.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def kubectl(cluster: Cluster, *arguments: str) -> str:
    return cluster.kubectl("-n", NAMESPACE, *arguments).stdout


_FETCH = """
import time, urllib.request
def fetch(url):
    for attempt in range(50):  # kube-proxy and CoreDNS learn of new endpoints within a second
        try:
            return urllib.request.urlopen(url, timeout=5).read().decode().strip()
        except OSError:
            time.sleep(0.2)
    raise SystemExit("no answer from " + url)
"""


@pytest.mark.bare_node
def test_the_node_is_ready_and_says_which_kubernetes_it_is(node: Cluster) -> None:
    condition = '{.items[0].status.conditions[?(@.type=="Ready")].status}'
    assert node.kubectl("get", "nodes", "-o", f"jsonpath={condition}").stdout == "True"
    version = json.loads(node.kubectl("version", "-o", "json").stdout)
    assert version["serverVersion"]["gitVersion"] == version["clientVersion"]["gitVersion"]


def test_a_pod_reaches_another_by_the_name_of_its_service(hello: Cluster) -> None:
    url = f"http://hello.{NAMESPACE}.svc.cluster.local/hello.txt"
    program = f"{_FETCH}print(fetch({url!r}))"
    printed = kubectl(hello, "exec", "deploy/hello", "--", "python3", "-c", program)
    assert printed.strip() == "hello from a pod"


def test_a_pod_is_not_told_names_of_other_networks(hello: Cluster) -> None:
    program = "import socket; socket.getaddrinfo('example.org', 80)"
    result = hello.kubectl(
        "-n", NAMESPACE, "exec", "deploy/hello", "--", "python3", "-c", program, check=False
    )
    assert "gaierror" in result.stderr


def test_the_machine_and_the_nodes_network_reach_a_service(hello: Cluster) -> None:
    address = kubectl(hello, "get", "service", "hello", "-o", "jsonpath={.spec.clusterIP}")
    command = ["python3", "-c", f"{_FETCH}print(fetch('http://{address}/hello.txt'))"]
    assert hello.run_in_node(command).stdout.strip() == "hello from a pod"
    outside = subprocess.run(command, capture_output=True, text=True, check=True)
    assert outside.stdout.strip() == "hello from a pod"


def test_logs_of_a_pod_are_read(hello: Cluster) -> None:
    assert "GET /hello.txt" in kubectl(hello, "logs", "deploy/hello")


def test_a_deployment_is_scaled(hello: Cluster) -> None:
    kubectl(hello, "scale", "deploy/hello", "--replicas=4")
    ready = "--for=jsonpath={.status.readyReplicas}=4"
    kubectl(hello, "wait", ready, "deploy/hello", "--timeout=120s")
    deadline = time.monotonic() + 60
    while (reached := endpoints(hello)) != 4:  # their controller is another one
        assert time.monotonic() < deadline, reached
        time.sleep(0.2)


def endpoints(cluster: Cluster) -> int:
    """Return how many pods are ready behind the Service."""
    ready = "jsonpath={.items[*].endpoints[*].conditions.ready}"
    return kubectl(cluster, "get", "endpointslices", "-o", ready).split().count("true")


def test_memory_limits_are_enforced(hello: Cluster) -> None:
    result = hello.kubectl(
        "-n", NAMESPACE, "exec", "deploy/hello", "--", "python3", "-c", "bytearray(2**28)",
        check=False,
    )  # fmt: skip
    assert result.returncode == 137


def test_the_audit_log_says_who_did_what(hello: Cluster) -> None:
    lines = [json.loads(line) for line in whole_lines(hello.audit_log)]
    assert {line["stage"] for line in lines} == {"ResponseComplete"}
    created = [
        line
        for line in lines
        if line["verb"] == "create"
        and line.get("objectRef", {}).get("resource") == "replicasets"
        and line["objectRef"].get("namespace") == NAMESPACE
        and line["responseStatus"]["code"] == 201
    ]
    assert [line["user"]["username"] for line in created] == [
        "system:serviceaccount:kube-system:deployment-controller"
    ]
