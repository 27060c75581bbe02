"""Clusters as pytest fixtures: `pytest_plugins = ["tests.cluster.fixtures"]`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.errors import ClusterError
from tests.cluster.provider import Cluster
from tests.cluster.providers import provider

_PREFIX = "test-"
USE_VARIABLE = "MODELWARD_CLUSTER"


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Cluster]:
    """A fresh etcd and kube-apiserver; there are no controllers, and no pod runs."""
    yield from _fresh("api", control_plane_only=True)


@pytest.fixture(scope="session")
def node() -> Iterator[Cluster]:
    """A whole cluster with one node.

    It is a fresh one, gone afterwards; or, with MODELWARD_CLUSTER=NAME, the one that is running
    under that name, which is left as it is.
    """
    used = os.environ.get(USE_VARIABLE)
    if used:
        yield _running(used)
    else:
        yield from _fresh("node", control_plane_only=False)


def _running(name: str) -> Cluster:
    cluster = provider().find(name)
    if cluster is None:
        message = (
            f"{USE_VARIABLE}={name}, but that cluster is not up: make cluster-up CLUSTER={name}"
        )
        raise ClusterError(message)
    return cluster


def _fresh(kind: str, *, control_plane_only: bool) -> Iterator[Cluster]:
    _sweep()
    name = f"{_PREFIX}{kind}-{os.getpid()}"
    try:
        yield provider().up(name, control_plane_only=control_plane_only, until_exit=True)
    finally:
        provider().down(name)


def _sweep() -> None:
    """Remove what test runs left that were killed: their clusters ended with them."""
    for name in provider().names():
        owner = name.rpartition("-")[2]
        if name.startswith(_PREFIX) and owner.isdigit() and not Path("/proc", owner).exists():
            provider().down(name)
