"""kind as a provider of clusters, through pytest-kind, where a Docker daemon answers."""

import contextlib
import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import commands, locks, paths
from tests.cluster.choice import docker_answers
from tests.cluster.errors import ClusterError, LacksError
from tests.cluster.images import image_archive
from tests.cluster.kind import config
from tests.cluster.local import build
from tests.cluster.provider import run_kubectl

_FOLDERS = paths.CLUSTERS / ".kind"


@dataclass(frozen=True)
class KindCluster:
    """A cluster whose one node is a Docker container."""

    folder: Path
    kubectl_program: Path

    @property
    def name(self) -> str:
        """Its name, unique within this checkout."""
        return self.folder.name

    @property
    def unique(self) -> str:
        """What kind calls it: a name that no other checkout's cluster has."""
        return f"mw-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]}"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.folder / "kubeconfig"

    @property
    def audit_log(self) -> Path:
        """The API server's audit log. Raises LacksError where only root may read it."""
        path = config.audit_folder(self.folder) / "audit.jsonl"
        if not os.access(path, os.R_OK):
            raise LacksError(f"{path} can't be read: the API server writes it as root")
        return path

    @property
    def netns(self) -> Path | None:
        """The node's network namespace. Raises LacksError where only root may enter it."""
        if os.geteuid() != 0:
            raise LacksError("a container's network namespace is entered by root only")
        command = ["docker", "inspect", "--format={{.State.Pid}}", f"{self.unique}-control-plane"]
        return Path(f"/proc/{int(commands.run(command))}/ns/net")

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as administrator."""
        return run_kubectl(self.kubectl_program, self.kubeconfig, arguments, stdin, check)

    def load_image(self, reference: str) -> None:
        """Give the node an image that was built on this machine."""
        archive = str(image_archive(reference))
        kind = str(build.kind())
        commands.run([kind, "load", "image-archive", archive, f"--name={self.unique}"])

    def run_in_node(
        self, command: Sequence[str], *, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of this machine in the node's network."""
        enter = ["nsenter", f"--net={self.netns}", "--"]
        return subprocess.run([*enter, *command], capture_output=True, text=True, check=check)

    def without(self, program: str) -> AbstractContextManager[None]:
        """Raise LacksError: the kubelet starts its static pods again at once."""
        raise LacksError(f"kind has no way to keep {program} stopped")


class KindProvider:
    """Clusters in Docker."""

    def up(
        self, name: str, *, control_plane_only: bool = False, until_exit: bool = False
    ) -> KindCluster:
        """The cluster `name`, running: as it is if it answers, else made anew.

        It outlives a process that is killed, whatever `until_exit` says; the next test run of this
        checkout removes it. Raises ClusterError.
        """
        del until_exit
        if control_plane_only:
            message = "kind makes no control plane without controllers: use the provider local"
            raise ClusterError(message)
        if not docker_answers():
            raise ClusterError("kind needs a Docker daemon, and none answers")
        with _locked(name):
            cluster = _cluster(name)
            if not _answers(cluster):
                _remove(cluster)
                _create(cluster)
        return cluster

    def find(self, name: str) -> KindCluster | None:
        """The cluster `name` if it answers."""
        cluster = _cluster(name)
        return cluster if _answers(cluster) else None

    def names(self) -> list[str]:
        """The clusters of this checkout, healthy or not."""
        return sorted(path.name for path in _FOLDERS.glob("[!.]*"))

    def down(self, name: str) -> bool:
        """Remove the cluster `name` in whatever state it is; False if there was none."""
        with _locked(name):
            return _remove(_cluster(name))


def _cluster(name: str) -> KindCluster:
    kubectl = shutil.which("kubectl") or build.kubectl()
    return KindCluster(_FOLDERS / paths.cluster_folder(name).name, Path(kubectl))


def _locked(name: str) -> AbstractContextManager[int]:
    what = f"another command that brings cluster {name} up or down"
    return locks.locked(paths.lock_file(name), what)


def _answers(cluster: KindCluster) -> bool:
    ready = ("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=1s")
    return cluster.kubeconfig.exists() and cluster.kubectl(*ready, check=False).returncode == 0


def _remove(cluster: KindCluster) -> bool:
    if not cluster.folder.exists():
        return False
    commands.run([str(build.kind()), "delete", "cluster", f"--name={cluster.unique}"])
    shutil.rmtree(cluster.folder)
    return True


def _create(cluster: KindCluster) -> None:
    try:
        from pytest_kind.cluster import KindCluster as PytestKind  # noqa: PLC0415
    except ImportError as error:
        message = "kind clusters need pytest-kind: make .venv/.locked, then .venv/bin/python"
        raise ClusterError(message) from error
    configuration = config.write(cluster.folder)
    with contextlib.chdir(_FOLDERS):  # it makes a folder of its own where it is run
        made = PytestKind(
            cluster.unique,
            kubeconfig=cluster.kubeconfig,
            kind_path=build.kind(),
            kubectl_path=cluster.kubectl_program,
        )
    made.create(configuration)
