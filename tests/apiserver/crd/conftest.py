"""The API server with the generated CRDs on it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.apiserver.crd.accepted import ordinary
from tests.apiserver.crd.constraints import CRDS, definitions
from tests.apiserver.crd.paths import changed
from tests.apiserver.crd.server import KEPT, Server
from tests.cluster.provider import Cluster


@pytest.fixture(scope="session")
def crd_cluster(control_plane: Cluster) -> Cluster:
    """A control plane with the CRDs."""
    files = [f"--filename={path}" for path in sorted(CRDS.glob("*.yaml"))]
    control_plane.kubectl("apply", "--server-side", *files)
    names = [f"crd/{each['metadata']['name']}" for each in definitions().values()]
    control_plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", *names)
    return control_plane


@pytest.fixture(scope="session")
def server(crd_cluster: Cluster) -> Iterator[Server]:
    """The API server, with one kept object of each kind that lends its place to statuses."""
    found = Server(crd_cluster.kubeconfig)
    kept: list[dict[str, Any]] = [
        changed(ordinary(kind), ("metadata", "name"), KEPT) for kind in definitions()
    ]
    for document in kept:
        found.create(document, keep=True)
    yield found
    for document in kept:
        found.delete(document)
