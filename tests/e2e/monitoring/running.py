"""A Prometheus that runs in the cluster, and that the operator has been told of."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster import packages
from tests.cluster.images import build_image
from tests.cluster.install import DEPLOYMENT, OPERATOR
from tests.cluster.provider import Cluster
from tests.e2e.monitoring.objects import IMAGE, NAME, PORT, Document, cluster_scoped, objects

SETTINGS = "modelward-prometheus"
_DOCKERFILE = Path(__file__).with_name("Dockerfile")


@contextmanager
def monitored(cluster: Cluster) -> Iterator[None]:
    """Have a Prometheus, and the installed operator read users' requests from it.

    Raises LacksError where a cluster can't be given an image that was built on this machine.
    """
    namespace = f"monitoring-{os.getpid()}"
    _provide_image(cluster)
    _apply(cluster, objects(namespace))
    try:
        with _named_to_the_operator(cluster, f"http://{NAME}.{namespace}.svc:{PORT}"):
            wait = ("rollout", "status", f"deployment/{NAME}", "--timeout=60s")
            cluster.kubectl("-n", namespace, *wait)
            yield
    finally:
        cluster.kubectl("delete", *cluster_scoped(namespace))
        cluster.kubectl("delete", "namespace", namespace, "--wait=false")


@contextmanager
def _named_to_the_operator(cluster: Cluster, url: str) -> Iterator[None]:
    """Name it as docs/operations.md says an administrator does."""
    metadata = {"name": SETTINGS, "namespace": OPERATOR.namespace}
    settings = {"prometheus.yaml": json.dumps({"url": url})}
    _apply(
        cluster,
        [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": settings}],
    )
    try:
        cluster.kubectl("rollout", "restart", *DEPLOYMENT)
        cluster.kubectl("rollout", "status", *DEPLOYMENT, "--timeout=120s")
        yield
    finally:
        cluster.kubectl("-n", OPERATOR.namespace, "delete", "configmap", SETTINGS)
        cluster.kubectl("rollout", "restart", *DEPLOYMENT)


def _provide_image(cluster: Cluster) -> None:
    packages.ensure(packages.PROMETHEUS)
    program = shutil.which(NAME)
    assert program, "Debian's package has /usr/bin/prometheus"
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        shutil.copy(program, context / NAME)
        shutil.copy(_DOCKERFILE, context)
        build_image(context, context / _DOCKERFILE.name, IMAGE)
    cluster.load_image(IMAGE)


def _apply(cluster: Cluster, documents: list[Document]) -> None:
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": documents})
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=text)
