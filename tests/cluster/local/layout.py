"""What lies where in a local cluster's folder, and what it is called outside of it."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.cluster.errors import ClusterError
from tests.cluster.local.identity import ProcessIdentity


@dataclass(frozen=True)
class Layout:
    """The files of the cluster in `folder`."""

    folder: Path

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self.folder.name

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, written when the cluster is up."""
        return self.folder / "kubeconfig"

    @property
    def pki(self) -> Path:
        """Keys, certificates and the components' own kubeconfigs."""
        return self.folder / "pki"

    @property
    def config(self) -> Path:
        """The components' configuration files."""
        return self.folder / "config"

    @property
    def logs(self) -> Path:
        """One log for each component, and the API server's audit log."""
        return self.folder / "logs"

    @property
    def audit_log(self) -> Path:
        """The API server's audit log, one JSON object a line."""
        return self.logs / "audit.jsonl"

    @property
    def processes(self) -> Path:
        """One file for each process that the supervisor is to keep running."""
        return self.folder / "processes"

    @property
    def var(self) -> Path:
        """What the node sees as /var."""
        return self.folder / "var"

    @property
    def supervisor(self) -> Path:
        """The record of the process that all others end with."""
        return self.folder / "supervisor.json"

    @property
    def supervisor_log(self) -> Path:
        """What the supervisor says: which process ended."""
        return self.logs / "supervisor.log"

    @property
    def ready(self) -> Path:
        """Exists once the supervisor takes processes."""
        return self.folder / "supervisor.ready"

    @property
    def alive(self) -> Path:
        """Locked while any process of the cluster is there."""
        return self.folder / "alive.lock"

    @property
    def state(self) -> Path:
        """What the cluster was made with; written when it is up."""
        return self.folder / "state.json"

    @property
    def unique(self) -> str:
        """A name for this cluster that no other checkout's cluster has."""
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]
        return f"mw-{digest}"

    @property
    def node_name(self) -> str:
        """The name of the cluster's one Kubernetes node."""
        return f"{self.name}-node"

    def supervisor_identity(self) -> ProcessIdentity | None:
        """The recorded supervisor, None before there is a record."""
        record = read_json(self.supervisor)
        return None if record is None else ProcessIdentity(**record)

    def recorded_supervisor(self) -> ProcessIdentity:
        """The recorded supervisor; ClusterError if there is none."""
        identity = self.supervisor_identity()
        if identity is None:
            message = f"cluster {self.name} has no supervisor: bring it up"
            raise ClusterError(message)
        return identity

    def record_supervisor(self, identity: ProcessIdentity) -> None:
        """Record which process to end."""
        write_json(self.supervisor, asdict(identity))


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object from a file, None where there is no file."""
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object so that readers see all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.replace(path)
