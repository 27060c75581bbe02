"""Start clients as pods of the cluster, read their reports, stop them."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.cluster.install import image
from tests.cluster.provider import Cluster
from tests.e2e.clients.report import Report

IMAGE = image()
_PROGRAM = ("__init__.py", "connections.py", "load.py", "report.py")
_PROGRAM_CONFIG_MAP = "load-client"


@dataclass(frozen=True)
class Client:
    """What a client calls, and how."""

    name: str
    """Name of its pod."""
    connections: Literal["new", "kept"]
    url: str
    rows_config_map: str
    """ConfigMap whose key rows.jsonl holds the golden rows that are its payload."""
    protocol: Literal["v2", "http"] = "v2"
    rate: float = 50.0
    """Requests per second."""
    at_least: int = 3000
    """Requests that are sent even when it is stopped earlier."""


class Clients:
    """The clients of one namespace."""

    def __init__(self, cluster: Cluster, namespace: str, clients: Iterable[Client]) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._clients = tuple(clients)
        self.started = False

    def start(self) -> None:
        """Create the pods and wait until each has sent its first requests."""
        objects = [program_config_map(), *(pod(client) for client in self._clients)]
        document = {"apiVersion": "v1", "kind": "List", "items": objects}
        self._kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(document))
        self.started = True
        self._wait("the clients have started", lambda: all(r.sent for r in self.reports()), 180)

    def reports(self) -> list[Report]:
        """What each client has seen so far."""
        return [self._report(client) for client in self._clients]

    def stop(self) -> list[Report]:
        """Tell the clients to end once they have sent enough, and return their last reports."""
        for client in self._clients:
            self._kubectl("exec", client.name, "--", "sh", "-c", "kill -TERM 1")
        self._wait("the clients are done", lambda: all(r.done for r in self.reports()), 180)
        return self.reports()

    def delete(self) -> None:
        """Remove the pods."""
        pods = [f"pod/{client.name}" for client in self._clients]
        self._kubectl("delete", "--ignore-not-found", "--grace-period=1", "--wait=false", *pods)

    def _report(self, client: Client) -> Report:
        logs = self._kubectl("logs", "--tail=1", client.name, check=False)
        if not logs.startswith("{"):
            return Report(client.name, client.connections)
        return Report.parse(logs)

    def _wait(self, what: str, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                pods = (
                    self._kubectl("logs", "--tail=5", c.name, check=False) for c in self._clients
                )
                raise TimeoutError(f"not within {seconds:g} s: {what}; " + "; ".join(pods))
            time.sleep(0.5)

    def _kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        run = self._cluster.kubectl("-n", self._namespace, *arguments, stdin=stdin, check=check)
        return run.stdout


def program_config_map() -> dict[str, Any]:
    """Return the ConfigMap that holds the client's program."""
    folder = Path(__file__).parent
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": _PROGRAM_CONFIG_MAP},
        "data": {file: (folder / file).read_text() for file in _PROGRAM},
    }


def pod(client: Client) -> dict[str, Any]:
    """Return the pod of a client; it fits the restricted Pod Security standard."""
    container = {
        "name": "client",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "workingDir": "/srv",
        "command": ["python", "-m", "clients.load"],
        "args": [
            *("--name", client.name, "--url", client.url, "--rows", "/rows/rows.jsonl"),
            *("--connections", client.connections, "--protocol", client.protocol),
            *("--rate", f"{client.rate}", "--at-least", f"{client.at_least}"),
        ],
        # A client that is starved counts failures that are its own.
        "resources": {"requests": {"cpu": f"{max(client.rate, 20):.0f}m", "memory": "64Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [
            {"name": "program", "mountPath": "/srv/clients"},
            {"name": "rows", "mountPath": "/rows"},
        ],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": client.name},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
            "volumes": [
                {"name": "program", "configMap": {"name": _PROGRAM_CONFIG_MAP}},
                {"name": "rows", "configMap": {"name": client.rows_config_map}},
            ],
        },
    }
