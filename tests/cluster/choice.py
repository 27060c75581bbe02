"""Which kind of cluster is used, and why."""

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

from tests.cluster.errors import ClusterError

VARIABLE = "MODELWARD_PROVIDER"
LOCAL, KIND, GIVEN = "local", "kind", "kubeconfig"
NAMES = (LOCAL, KIND, GIVEN)


@dataclass(frozen=True)
class Choice:
    """A provider's name, and why it is that one."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"Clusters by provider {self.name}: {self.why}."


class NoClusterError(ClusterError):
    """There is no way to have a cluster here."""


def choose(forced: str, hindrance: str, docker: bool) -> Choice:
    """Choose a provider: the one that is `forced`, if any; else the bare node; else kind.

    `hindrance` says why there can be no bare node, and is empty where there can be one. It goes
    first because it is the same everywhere and gives tests more: the audit log, the node's network,
    an API server that can be killed. kind is for machines on which only a Docker daemon may do
    what a node needs. A cluster that is given is never chosen by itself. Raises NoClusterError.
    """
    if forced:
        if forced not in NAMES:
            message = f"{VARIABLE}={forced}: there is no such provider; use {', '.join(NAMES)}"
            raise NoClusterError(message)
        return Choice(forced, f"{VARIABLE} says so")
    if not hindrance:
        return Choice(LOCAL, f"this is Linux, and root; {VARIABLE}=kind would use Docker")
    if docker:
        return Choice(KIND, f"{hindrance}, but a Docker daemon answers")
    message = (
        f"there is no way to have a cluster: {hindrance}, and no Docker daemon answers. "
        f"Use root, start Docker, or name a cluster: {VARIABLE}={GIVEN} KUBECONFIG=..."
    )
    raise NoClusterError(message)


def present() -> Choice:
    """Choose for this machine and environment. Raises NoClusterError."""
    forced = os.environ.get(VARIABLE, "")
    hindrance = _hindrance(sys.platform, os.geteuid())
    return choose(forced, hindrance, docker=bool(hindrance and not forced) and docker_answers())


def _hindrance(platform: str, user: int) -> str:
    if platform != "linux":
        return "a bare node needs Linux"
    return "a bare node needs root" if user else ""


@functools.cache
def docker_answers() -> bool:
    """Whether there is a Docker client, and a daemon that answers it."""
    if shutil.which("docker") is None:
        return False
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    probe = subprocess.run(command, check=False, capture_output=True, timeout=20)
    return probe.returncode == 0
