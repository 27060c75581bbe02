"""A cluster that somebody else made, named by KUBECONFIG: used as it is, never taken down."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import paths
from tests.cluster.errors import ClusterError, LacksError
from tests.cluster.local import build
from tests.cluster.provider import run_kubectl

KUBECONFIG = "KUBECONFIG"


@dataclass(frozen=True)
class GivenCluster:
    """A cluster behind a kubeconfig; what needs its node is not to be had."""

    name: str
    kubeconfig: Path
    kubectl_program: Path

    @property
    def audit_log(self) -> Path:
        """Raise LacksError."""
        raise self._lacks("the API server's audit log")

    @property
    def netns(self) -> Path | None:
        """Raise LacksError."""
        raise self._lacks("the node's network namespace")

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl."""
        return run_kubectl(self.kubectl_program, self.kubeconfig, arguments, stdin, check)

    def load_image(self, reference: str) -> None:
        """Raise LacksError."""
        raise self._lacks(f"a way to its nodes for image {reference}")

    def run_in_node(
        self, command: Sequence[str], *, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Raise LacksError."""
        raise self._lacks(f"the node's network, for {command[0]} (check={check})")

    def without(self, program: str) -> AbstractContextManager[None]:
        """Raise LacksError."""
        raise self._lacks(f"a way to stop its {program}")

    def _lacks(self, what: str) -> LacksError:
        return LacksError(f"the cluster that {KUBECONFIG} names lacks here: {what}")


class GivenProvider:
    """The one cluster that KUBECONFIG names, under any name."""

    def up(
        self, name: str, *, control_plane_only: bool = False, until_exit: bool = False
    ) -> GivenCluster:
        """The cluster; it is neither made nor ended. Raises ClusterError where it can't be used."""
        del until_exit
        if control_plane_only:
            message = "a control plane without controllers is made by the provider local only"
            raise ClusterError(message)
        files = os.environ.get(KUBECONFIG)
        if not files:
            message = f"{KUBECONFIG} is not set: name the kubeconfig of the cluster"
            raise ClusterError(message)
        kubectl = shutil.which("kubectl") or str(build.kubectl())
        # One file with the current context alone, whatever KUBECONFIG consists of.
        view = [kubectl, "config", "view", "--raw", "--flatten", "--minify"]
        result = subprocess.run(view, check=False, capture_output=True, text=True)
        if result.returncode != 0:
            raise ClusterError(f"{KUBECONFIG}={files}: {result.stderr.strip()}")
        path = paths.CLUSTERS / ".given" / "kubeconfig"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(result.stdout)
        cluster = GivenCluster(name, path, Path(kubectl))
        cluster.kubectl("version")  # fails with kubectl's own words where nobody answers
        return cluster

    def find(self, name: str) -> GivenCluster | None:
        """The cluster, if it answers."""
        with contextlib.suppress(ClusterError):
            return self.up(name)
        return None

    def names(self) -> list[str]:
        """None: it is not of this checkout."""
        return []

    def down(self, name: str) -> bool:
        """Do nothing: who made it takes it down."""
        del name
        return False
