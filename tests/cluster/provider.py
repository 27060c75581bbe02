"""What tests ask of a cluster, and what a kind of cluster offers to be one."""

import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from tests.cluster.errors import ClusterError


class Cluster(Protocol):
    """A running Kubernetes.

    What a kind of cluster has not raises LacksError, and the story that asks for it is skipped.
    """

    @property
    def name(self) -> str:
        """Its name, unique within this checkout."""

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; it works from this machine."""

    @property
    def audit_log(self) -> Path:
        """The API server's audit log: JSON lines at level Metadata, stage ResponseComplete."""

    @property
    def kubectl_program(self) -> Path:
        """A kubectl of the cluster's own version."""

    @property
    def netns(self) -> Path | None:
        """The node's network namespace, None if the cluster has no node."""

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl; KubectlError with its output when it fails and `check` is set."""

    def load_image(self, reference: str) -> None:
        """Let the nodes have an image that was built on this machine; nothing if they have it."""

    def run_in_node(
        self, command: Sequence[str], *, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of this machine in the node's network."""

    def without(self, program: str) -> AbstractContextManager[None]:
        """Have a program of the cluster (`kube-apiserver`, ...) killed, and started afterwards."""


class Provider(Protocol):
    """A way to have clusters."""

    def up(
        self, name: str, *, control_plane_only: bool = False, until_exit: bool = False
    ) -> Cluster:
        """The cluster `name`, running: as it is if it is healthy, else made anew.

        With `until_exit`, a cluster that is made ends with the calling process.
        """

    def find(self, name: str) -> Cluster | None:
        """The cluster `name` if it is healthy."""

    def names(self) -> list[str]:
        """The clusters of this checkout, healthy or not."""

    def down(self, name: str) -> bool:
        """Remove the cluster `name` in whatever state it is; False if there was none."""


class KubectlError(ClusterError):
    """kubectl failed; the text holds the command and what it printed."""


def run_kubectl(
    program: Path, kubeconfig: Path, arguments: Sequence[str], stdin: str | None, check: bool
) -> subprocess.CompletedProcess[str]:
    """Run kubectl on a cluster. Raises KubectlError when it fails and `check` is set."""
    command = [str(program), f"--kubeconfig={kubeconfig}", *arguments]
    result = subprocess.run(command, check=False, input=stdin, capture_output=True, text=True)
    if check and result.returncode != 0:
        message = f"kubectl {' '.join(arguments)} exited {result.returncode}:\n"
        raise KubectlError(message + result.stdout + result.stderr)
    return result
