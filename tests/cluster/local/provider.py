"""The bare local node as a provider of clusters."""

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster import locks, packages, paths
from tests.cluster.errors import ClusterError
from tests.cluster.images import image_archive
from tests.cluster.local import build, enter, node_images, processes
from tests.cluster.local.api import Api
from tests.cluster.local.bringup import bring_up, description, node_is_ready
from tests.cluster.local.identity import is_running
from tests.cluster.local.layout import Layout, read_json
from tests.cluster.local.pki import Pki
from tests.cluster.local.slots import Addresses
from tests.cluster.local.teardown import tear_down
from tests.cluster.local.waiting import wait_for
from tests.cluster.provider import run_kubectl

_BACK_SECONDS = 60.0
_DEFAULT_KUBECONFIG = paths.CLUSTERS / "kubeconfig"


@dataclass(frozen=True)
class LocalCluster:
    """A cluster whose node is a set of namespaces of this machine."""

    layout: Layout

    @property
    def name(self) -> str:
        """Its name, unique within this checkout."""
        return self.layout.name

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.layout.kubeconfig

    @property
    def audit_log(self) -> Path:
        """The API server's audit log."""
        return self.layout.audit_log

    @property
    def netns(self) -> Path | None:
        """The node's network namespace."""
        if not self._state["with_node"]:
            return None
        return Path(f"/proc/{self.layout.recorded_supervisor().pid}/ns/net")

    @property
    def kubectl_program(self) -> Path:
        """The kubectl that was built with this cluster."""
        return Path(self._state["kubectl"])

    @property
    def addresses(self) -> Addresses:
        """Where its parts listen."""
        return Addresses(self._state["slot"], self._state["with_node"])

    @property
    def _state(self) -> dict[str, Any]:
        return read_json(self.layout.state) or {}

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as administrator."""
        return run_kubectl(self.kubectl_program, self.kubeconfig, arguments, stdin, check)

    def load_image(self, reference: str) -> None:
        """Give the node an image that was built on this machine."""
        node_images.load(self.layout, reference, image_archive(reference))

    def run_in_node(
        self, command: Sequence[str], *, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of this machine in the node's network."""
        return enter.in_node_network(self.layout, command, check=check)

    @contextlib.contextmanager
    def without(self, program: str) -> Iterator[None]:
        """Have a program of the cluster (`kube-apiserver`, ...) killed, and started afterwards.

        Returns when the cluster answers again.
        """
        process = processes.stop(self.layout, program)
        try:
            yield
        finally:
            processes.start(self.layout, process)
        wait_for(lambda: _is_healthy(self.layout, {}), f"{program} to be back", _BACK_SECONDS)


class LocalProvider:
    """Clusters on this machine, without Docker."""

    def up(
        self, name: str, *, control_plane_only: bool = False, until_exit: bool = False
    ) -> LocalCluster:
        """The cluster `name`, running: as it is if it is healthy, else made anew.

        With `until_exit`, a cluster that is made ends with the calling process.
        """
        layout = Layout(paths.cluster_folder(name))
        with_node = not control_plane_only
        _prepare(with_node)
        with _locked(name) as lock:
            os.set_inheritable(lock, True)
            binaries = build.binaries(with_node)
            if not _is_healthy(layout, description(binaries, with_node)):
                tear_down(layout)
                bring_up(layout, binaries, lock, with_node=with_node, until_exit=until_exit)
        cluster = LocalCluster(layout)
        paths.link(paths.CLUSTERS / "bin" / "kubectl", cluster.kubectl_program)
        if name == paths.DEFAULT_NAME:
            paths.link(_DEFAULT_KUBECONFIG, Path(name, "kubeconfig"))
        return cluster

    def find(self, name: str) -> LocalCluster | None:
        """The cluster `name` if it is healthy."""
        layout = Layout(paths.cluster_folder(name))
        if not _is_healthy(layout, {}):
            return None
        return LocalCluster(layout)

    def names(self) -> list[str]:
        """The clusters of this checkout, healthy or not."""
        return sorted(
            path.name for path in paths.CLUSTERS.glob("[!.]*") if paths.is_cluster_folder(path)
        )

    def down(self, name: str) -> bool:
        """Remove the cluster `name` in whatever state it is; False if there was none."""
        layout = Layout(paths.cluster_folder(name))
        with _locked(name):
            if name == paths.DEFAULT_NAME:
                _DEFAULT_KUBECONFIG.unlink(missing_ok=True)
            return tear_down(layout)


def _prepare(with_node: bool) -> None:
    """Have what a cluster needs of the machine. Raises ClusterError where that can't be."""
    if with_node and os.geteuid() != 0:
        message = "a node has namespaces and mounts of its own, and these need root: use sudo"
        raise ClusterError(message)
    packages.ensure(packages.NODE if with_node else packages.CONTROL_PLANE)


def _locked(name: str) -> contextlib.AbstractContextManager[int]:
    what = f"another command that brings cluster {name} up or down"
    return locks.locked(paths.lock_file(name), what)


def _is_healthy(layout: Layout, wanted: dict[str, object]) -> bool:
    """Whether the cluster is up as it was wanted, and answers."""
    state = read_json(layout.state)
    identity = layout.supervisor_identity()
    if state is None or identity is None or not is_running(identity):
        return False
    if not wanted.items() <= state.items():
        return False
    addresses = Addresses(state["slot"], state["with_node"])
    api = Api.as_admin(addresses.api_url, Pki(layout.pki))
    return api.is_ready() and (not addresses.with_node or node_is_ready(api, layout.node_name))
