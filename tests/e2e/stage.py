"""A namespace in which a story is told: what the user applies, and what there is to see."""

import itertools
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from tests.cluster.install import DEPLOYMENT, image
from tests.cluster.provider import Cluster
from tests.e2e.clients.pods import Client, Clients
from tests.e2e.looks import Looks, looks
from tests.e2e.server.behaviour import golden_rows

PROJECT = Path(__file__).resolve().parents[2]
IMAGE = image()
OPERATOR = DEPLOYMENT
PORT = 8080
NAME = "fraud"

Document = dict[str, Any]
_NUMBERS = itertools.count(1)


def server_template(version: str, **behaviour: object) -> Document:
    """Return a pod template of the story server, which starts at once and behaves as told."""
    security: Document = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    container: Document = {
        "name": "server",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "workingDir": "/srv",
        "command": ["python", "-m", "server.app"],
        "env": [
            {"name": "VERSION", "value": version},
            {"name": "BEHAVIOUR", "value": json.dumps(behaviour)},
        ],
        "readinessProbe": {
            "httpGet": {"path": "/ready", "port": PORT},
            "periodSeconds": 1,
            # A busy machine may hold one probe up; a serving pod that flaps is another story.
            "timeoutSeconds": 3,
            "failureThreshold": 2,
        },
        # Without requests it has next to no share of a busy machine's CPU, and misses probes; with
        # many more, stories that mostly wait would find no room on two processors.
        "resources": {"requests": {"cpu": "20m", "memory": "48Mi"}},
        "securityContext": security,
        "volumeMounts": [{"name": "program", "mountPath": "/srv/server"}],
    }
    return {
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 15,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
            "volumes": [{"name": "program", "configMap": {"name": "story-server"}}],
        }
    }


class BrokenOffError(Exception):
    """The run of the tests ended while a story waited for something."""


@dataclass
class Stage:
    """One namespace with the story server's program and its golden rows."""

    cluster: Cluster
    namespace: str
    over: Event = field(default_factory=Event)
    """Set when nobody wants to know any more how the story goes on."""
    name: str = field(default=NAME, kw_only=True)
    """Of the ModelDeployment that the story is about."""

    def open(self) -> None:
        """Make the namespace, restricted as production namespaces are."""
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        folder = Path(__file__).parent / "server"
        program = {file.name: file.read_text() for file in folder.glob("*.py")}
        self.apply(_named("v1", "Namespace", self.namespace, labels=labels))
        self.apply(_named("v1", "ConfigMap", "story-server") | {"data": program})
        rows = {"rows.jsonl": golden_rows("http")}
        self.apply(_named("v1", "ConfigMap", "golden") | {"data": rows})

    def close(self) -> None:
        """Delete the namespace; the next story doesn't wait for it."""
        self.kubectl("delete", "mdep", "--all", "--wait=false")
        self.cluster.kubectl("delete", "namespace", self.namespace, "--wait=false")

    def kubectl(self, *arguments: str, check: bool = True) -> str:
        """Run kubectl in the namespace and return what it prints."""
        return self.cluster.kubectl("-n", self.namespace, *arguments, check=check).stdout

    def apply(self, document: Document) -> None:
        """Apply an object as a person would."""
        where = () if document["kind"] == "Namespace" else ("-n", self.namespace)
        text = json.dumps(document)
        self.cluster.kubectl(*where, "apply", "--server-side", "-f", "-", stdin=text)

    def declare(self, version: str, behaviour: Document | None = None, **spec: object) -> None:
        """Apply the ModelDeployment with this version of the story server."""
        self.apply(model_deployment(version, behaviour or {}, self.name, **spec))

    def get(self, kind: str, *names: str) -> Document:
        """Return an object, or the List of all of a kind."""
        document: Document = json.loads(self.kubectl("get", kind, *names, "-o", "json"))
        return document

    @property
    def status(self) -> Document:
        """Status of the ModelDeployment."""
        status: Document = self._looks.deployment(self.namespace, self.name).get("status", {})
        return status

    @property
    def _looks(self) -> Looks:
        return looks(self.cluster.kubeconfig)

    def history(self) -> list[tuple[str, str]]:
        """Return the ended releases: version and outcome."""
        return [(e.get("version", ""), e["outcome"]) for e in self.status.get("history", [])]

    def reasons(self) -> list[str]:
        """Reasons of the Events about the ModelDeployment, sorted."""
        events = self.get("events.events.k8s.io")["items"]
        return sorted(e["reason"] for e in events if e["regarding"]["kind"] == "ModelDeployment")

    def account(self) -> str:
        """Return what happened here, a line each, for those who must find out why."""
        events = self.get("events.events.k8s.io", "--sort-by=.metadata.creationTimestamp")["items"]
        lines = (
            f"{event['metadata']['creationTimestamp']} {event['regarding']['kind']}"
            f" {event['regarding']['name']}: {event['reason']}: {event.get('note', '')}"
            for event in events
        )
        slices = self.kubectl("get", "endpointslices", "-o", "wide")
        nodes = self.cluster.kubectl("get", "events", "-n", "default", "-o", "wide").stdout
        return "\n".join((*lines, slices, nodes))

    def verb(self, verb: str, token: str = "1") -> None:
        """Give a verb to the present candidate."""
        value = f"{self.status['candidate']['revision']}/{token}"
        self.kubectl("annotate", "mdep", self.name, "--overwrite", f"modelward.dev/{verb}={value}")

    def until(
        self, what: str, condition: Callable[[Document], object], seconds: float = 180
    ) -> None:
        """Wait until the status fulfils a condition."""
        deadline = time.monotonic() + seconds
        while not condition(status := self.status):
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds:g} s: {what}; {json.dumps(status)}")
            self._pause(what)

    def wait(self, what: str, condition: Callable[[], object], seconds: float = 180) -> None:
        """Wait until something is so, whatever the status says."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
            self._pause(what)

    def _pause(self, what: str) -> None:
        """Let a quarter of a second pass before the next look."""
        if self.over.wait(0.25):
            raise BrokenOffError(what)

    def until_promoted(self, version: str, seconds: float = 240) -> None:
        """Wait until a version is stable and healthy."""
        self.until(
            f"{version} is stable",
            lambda s: s.get("stable", {}).get("version") == version and s["phase"] == "Healthy",
            seconds,
        )

    def until_rolled_back(self, version: str, seconds: float = 240) -> None:
        """Wait until a version was rolled back and its pods are gone."""
        self.until(
            f"{version} is rolled back",
            lambda s: s.get("failedRevision", {}).get("version") == version,
            seconds,
        )
        self.until_gone(self.status["failedRevision"]["revision"])

    def until_gone(self, revision: str) -> None:
        """Wait until a revision's pods are gone."""
        selector = f"modelward.dev/revision={revision}"
        self.wait("its pods are gone", lambda: not self._looks.has_pods(self.namespace, selector))

    def until_shared(self) -> None:
        """Wait until users reach both versions."""
        self.until("both serve", lambda s: s.get("candidate", {}).get("actualWeight", 0) > 0)

    def clients(self, rate: float = 100, at_least: int = 3000) -> Clients:
        """Return two clients: one with a new connection for each request, one that keeps them."""
        url = f"http://{self.name}.{self.namespace}.svc:{PORT}/predict"
        kinds = ("new", "kept")
        clients = [
            Client(f"client-{kind}", kind, url, "golden", "http", rate, at_least)  # type: ignore[arg-type]
            for kind in kinds
        ]
        return Clients(self.cluster, self.namespace, clients)


def new_stage(cluster: Cluster, over: Event | None = None) -> Stage:
    """Return a stage in a namespace that no other one has had."""
    return Stage(cluster, f"story-{os.getpid()}-{next(_NUMBERS)}", over or Event())


@contextmanager
def playing(stage: Stage) -> Iterator[Stage]:
    """Open a stage, and close it in the end."""
    stage.open()
    try:
        yield stage
    finally:
        stage.close()


def model_deployment(
    version: str, behaviour: Document, name: str = NAME, **spec: object
) -> Document:
    """Return a ModelDeployment of the story server; keywords replace members of spec."""
    template = spec.pop("template", None) or server_template(version, **behaviour)
    serving = {
        "protocol": "http",
        "port": PORT,
        "http": {"path": "/predict"},
        "template": template,
    }
    declared: Document = {
        "replicas": 1,
        "model": {"version": version},
        "serving": serving,
        "datasets": [{"name": "golden", "configMap": {"name": "golden", "key": "rows.jsonl"}}],
        "load": {"rate": "40/s", "for": "20s", "warmUp": "1s"},
        "kpis": [
            {
                "name": "accuracy",
                "benchmark": {"dataset": "golden", "metric": "accuracy"},
                "objective": {"atLeast": "92%"},
            }
        ],
        "rollout": {
            "steps": [{"benchmark": {"upTo": "3m"}}, {"weight": 50, "for": "5s", "upTo": "2m"}],
            "progressDeadline": "20s",
        },
    }
    document = _named("modelward.dev/v1alpha1", "ModelDeployment", name)
    return document | {"spec": declared | spec}


def _named(api_version: str, kind: str, name: str, **metadata: object) -> Document:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **metadata}}
