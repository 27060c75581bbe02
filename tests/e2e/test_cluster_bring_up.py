"""Bringing a cluster up that is there already, that is broken, and one beside another."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import paths
from tests.cluster.local.identity import ProcessIdentity, kill
from tests.cluster.local.layout import Layout, read_json
from tests.cluster.local.provider import LocalCluster
from tests.cluster.local.slots import Addresses
from tests.cluster.local.waiting import wait_for
from tests.cluster.provider import Cluster
from tests.cluster.providers import provider
from tests.cluster.traces import processes

pytestmark = [pytest.mark.e2e, pytest.mark.bare_node]


@pytest.fixture(scope="module")
def name() -> Iterator[str]:
    """A cluster's name; each test leaves it as it is, for the next one to bring up from there."""
    name = f"up-{os.getpid()}"
    yield name
    provider().down(name)


def supervisor(name: str) -> ProcessIdentity:
    return Layout(paths.cluster_folder(name)).recorded_supervisor()


def up(name: str) -> Cluster:
    return provider().up(name, control_plane_only=True)


def test_bringing_a_healthy_cluster_up_again_changes_nothing(name: str) -> None:
    up(name)
    first, running = supervisor(name), processes(Layout(paths.cluster_folder(name)))
    again = up(name)
    assert supervisor(name) == first
    assert processes(Layout(paths.cluster_folder(name))) == running
    assert (
        again.kubectl("get", "namespace", "default", "-o", "name").stdout == "namespace/default\n"
    )


def test_a_cluster_whose_processes_were_killed_is_made_anew(name: str) -> None:
    up(name)
    first = supervisor(name)
    assert kill(first, timeout=60)
    assert provider().find(name) is None
    cluster = up(name)
    assert supervisor(name) != first
    assert cluster.kubectl("get", "--raw=/readyz").stdout == "ok"


def test_a_half_made_cluster_is_made_anew(name: str) -> None:
    up(name)
    first = supervisor(name)
    Layout(paths.cluster_folder(name)).state.unlink()
    assert provider().find(name) is None
    up(name)
    assert supervisor(name) != first


def test_a_program_of_the_cluster_is_killed_and_comes_back(name: str) -> None:
    cluster = provider().up(name, control_plane_only=True)
    assert isinstance(cluster, LocalCluster)
    with cluster.without("kube-apiserver"):
        wait_for(lambda: provider().find(name) is None, "the API server to be gone", timeout=60)
    assert provider().find(name) is not None


def test_another_mode_than_the_running_one_makes_the_cluster_anew(name: str) -> None:
    assert up(name).netns is None
    assert provider().up(name).netns is not None


def test_two_nodes_side_by_side_have_networks_of_their_own(node: Cluster, name: str) -> None:
    beside = provider().up(name)
    nodes = [cluster.kubectl("get", "nodes", "-o", "name").stdout for cluster in (node, beside)]
    assert nodes == [f"node/{node.name}-node\n", f"node/{name}-node\n"]
    assert node.netns is not None
    assert beside.netns is not None
    assert node.netns.readlink() != beside.netns.readlink()
    blocks = [_addresses(cluster.name).block for cluster in (node, beside)]
    assert not blocks[0].overlaps(blocks[1])
    provider().down(name)
    assert node.kubectl("get", "--raw=/readyz").stdout == "ok"


def test_a_checkout_below_var_has_nodes_too_although_a_node_has_its_own_var() -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        checkout = Path(folder, "tests")
        shutil.copytree(paths.PROJECT_ROOT / "tests" / "cluster", checkout / "cluster")
        (checkout / "__init__.py").touch()
        try:
            assert _command(folder, "up") == ".cluster/elsewhere/kubeconfig\n"
            assert _command(folder, "status").startswith("elsewhere\tup\tnode")
        finally:
            _command(folder, "down")


def _command(folder: str, command: str) -> str:
    words = [sys.executable, "-m", "tests.cluster", command, "--name", "elsewhere"]
    return subprocess.run(words, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def _addresses(name: str) -> Addresses:
    state = read_json(Layout(paths.cluster_folder(name)).state)
    assert state is not None
    return Addresses(state["slot"], with_node=True)
