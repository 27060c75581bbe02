"""Tell each turn of a release as it happens, and wait for its end."""

import threading
import time
from types import TracebackType
from typing import Self

from modelward.api.modeldeployment import ModelDeployment
from modelward.api.status import RevisionStatus
from tests.cluster.provider import Cluster

from .terminal import Colour, Terminal
from .watching import Document, Watch

_KINDS = ("ModelDeployment", "BenchmarkRun")
_ENDED = ("Healthy", "Degraded", "Paused")


class Narrator:
    """Follows Events and status of the namespace's ModelDeployment."""

    def __init__(self, cluster: Cluster, namespace: str, terminal: Terminal) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._terminal = terminal
        self._changed = threading.Condition()
        self._latest: ModelDeployment | None = None
        self._told: set[tuple[str, int]] = set()
        self._last_line = ""
        self._watches: list[Watch] = []

    def __enter__(self) -> Self:
        """Begin to follow."""
        follow = (("events.events.k8s.io", self._event), ("modeldeployment", self._deployment))
        for kind, seen in follow:
            self._watches.append(Watch(self._cluster, self._namespace, kind, seen))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop following."""
        for watch in self._watches:
            watch.stop()

    def wait_for_end(self, version: str, seconds: float) -> ModelDeployment:
        """Return the resource when the release of `version` has come to an end, whichever.

        Raises TimeoutError with the last message of the resource.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            while not (self._latest and has_ended(self._latest, version)):
                if not self._changed.wait(deadline - time.monotonic()):
                    message = self._latest.status.message if self._latest else "nothing was seen"
                    raise TimeoutError(f"version {version} after {seconds:g} s: {message}")
            return self._latest

    def _event(self, event: Document) -> None:
        series = event.get("series") or {}
        identity = (str(event["metadata"]["uid"]), int(series.get("count", 1)))
        if event["regarding"]["kind"] not in _KINDS or identity in self._told:
            return
        self._told.add(identity)
        colour: Colour = "red" if event["type"] == "Warning" else "green"
        self._terminal.line(f"{event['reason']:<20}  {event['note']}", colour)

    def _deployment(self, document: Document) -> None:
        deployment = ModelDeployment.model_validate(document)
        line = status_line(deployment)
        if deployment.status.phase and line != self._last_line:
            self._last_line = line
            self._terminal.line(line, "grey")
        with self._changed:
            self._latest = deployment
            self._changed.notify_all()


def has_ended(deployment: ModelDeployment, version: str) -> bool:
    """Whether the release of `version` is over, promoted or not, or waits for a person."""
    status = deployment.status
    wanted = deployment.spec.model.version if deployment.spec.model else None
    observed = status.observed_generation == deployment.metadata.generation
    return wanted == version and observed and status.phase in _ENDED


def status_line(deployment: ModelDeployment) -> str:
    """Return the status in one line: phase, who serves, who is judged, what for."""
    status = deployment.status
    parts = [f"{status.phase or '':<20}"]
    if status.stable:
        parts.append(f"stable: {called(status.stable)}")
    if status.candidate:
        parts.append(f"candidate: {called(status.candidate)}, weight {status.weight or '0/0'}")
    if status.kpi_summary:
        parts.append(f"KPIs {status.kpi_summary}")
    return "  ".join(parts)


def called(revision: RevisionStatus) -> str:
    """Return what people call a revision."""
    return revision.version or revision.revision
