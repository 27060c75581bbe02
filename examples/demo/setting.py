"""What the demo needs before its first release: cluster, images, operator, golden rows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cluster.images import build_image
from tests.cluster.install import install_operator
from tests.cluster.provider import Cluster
from tests.cluster.providers import provider

HERE = Path(__file__).resolve().parent
NAMESPACE = "demo"
GOLDEN_ROWS = "digits-golden"
_IMAGE = "modelward-demo:dev"


def prepare(cluster_name: str, say: Callable[[str], None]) -> Cluster:
    """Return a cluster with the operator installed and nothing of an earlier demo in it."""
    say("bring up the cluster")
    cluster = provider().up(cluster_name)
    # what an earlier demo left goes while images are built
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")
    say(f"build and load {_IMAGE}")
    provide_image(cluster)
    say("build, load and install the operator: manifests/overlays/cluster-wide")
    install_operator(cluster)
    say("take the golden rows out of the image: nothing was trained on them")
    _make_namespace(cluster)
    _make_golden_rows(cluster)
    return cluster


def provide_image(cluster: Cluster) -> None:
    """Let the nodes have the image with the model server and all versions of the model."""
    build_image(HERE / "image", HERE / "image" / "Dockerfile", _IMAGE)
    cluster.load_image(_IMAGE)


def apply(cluster: Cluster, manifest: dict[str, Any]) -> None:
    """Apply a manifest as a person would."""
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(manifest))


def _make_namespace(cluster: Cluster) -> None:
    cluster.kubectl("wait", "--for=delete", f"namespace/{NAMESPACE}", "--timeout=120s")
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    metadata = {"name": NAMESPACE, "labels": labels}
    apply(cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


def _make_golden_rows(cluster: Cluster) -> None:
    cluster.kubectl("apply", "--server-side", "-f", str(HERE / "golden-rows.yaml"))
    pod = ("-n", NAMESPACE, "pod/golden-rows")
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", *pod, "--timeout=60s")
    rows = cluster.kubectl("logs", *pod).stdout
    cluster.kubectl("delete", *pod)
    metadata = {"name": GOLDEN_ROWS, "namespace": NAMESPACE}
    data = {"rows.jsonl": rows}
    apply(cluster, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
