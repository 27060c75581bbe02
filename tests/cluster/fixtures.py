"""Clusters as pytest fixtures: `pytest_plugins = ["tests.cluster.fixtures"]`."""

import os
from collections.abc import Generator, Iterator

import pytest

from tests.cluster import choice
from tests.cluster.errors import ClusterError, LacksError
from tests.cluster.provider import Cluster, Provider
from tests.cluster.providers import provider

_PREFIX = "test-"
USE_VARIABLE = "MODELWARD_CLUSTER"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Skip what is about the bare node where another kind of cluster is used."""
    if wants_another_cluster(item):
        pytest.skip(f"it is about the bare node. {choice.present()}")
    yield from _skipping_what_is_lacking()


def wants_another_cluster(item: pytest.Item) -> bool:
    """Whether a test is about the bare node, and another kind of cluster is used."""
    return bool(item.get_closest_marker("bare_node")) and choice.present().name != choice.LOCAL


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None]:
    """Skip a test that asks its cluster for something that this kind of cluster has not."""
    yield from _skipping_what_is_lacking()


def _skipping_what_is_lacking() -> Generator[None]:
    try:
        yield
    except LacksError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Cluster]:
    """A fresh etcd and kube-apiserver; there are no controllers, and no pod runs."""
    yield from _fresh(provider(choice.LOCAL), "api", control_plane_only=True)


@pytest.fixture(scope="session")
def node(pytestconfig: pytest.Config) -> Iterator[Cluster]:
    """A whole cluster.

    It is a fresh one, gone afterwards; or, with MODELWARD_CLUSTER=NAME, the one that is running
    under that name, which is left as it is. Which kind it is, and why, is printed.
    """
    _say(pytestconfig, str(choice.present()))
    used = os.environ.get(USE_VARIABLE)
    if used:
        yield _running(used)
    else:
        yield from _fresh(provider(), "node", control_plane_only=False)


def _say(config: pytest.Config, line: str) -> None:
    """Print a line whatever pytest captures."""
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\n{line}", flush=True)


def _running(name: str) -> Cluster:
    cluster = provider().find(name)
    if cluster is None:
        message = (
            f"{USE_VARIABLE}={name}, but that cluster is not up: make cluster-up CLUSTER={name}"
        )
        raise ClusterError(message)
    return cluster


def _fresh(clusters: Provider, kind: str, *, control_plane_only: bool) -> Iterator[Cluster]:
    _sweep(clusters)
    name = f"{_PREFIX}{kind}-{os.getpid()}"
    try:
        yield clusters.up(name, control_plane_only=control_plane_only, until_exit=True)
    finally:
        clusters.down(name)


def _sweep(clusters: Provider) -> None:
    """Remove what test runs left that were killed."""
    for name in clusters.names():
        owner = name.rpartition("-")[2]
        if name.startswith(_PREFIX) and owner.isdigit() and not _runs(int(owner)):
            clusters.down(name)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
