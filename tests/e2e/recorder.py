"""Everything that happens to objects of a namespace, in the order of the API server's versions."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from tests.e2e.stage import NAME, Document, Stage

REVISION = "modelward.dev/revision"


@dataclass(frozen=True)
class Moment:
    """What there was after one change."""

    selector: Document
    """Of the root Service."""
    pods: dict[str, Document]
    """Serving pods by name: those that exist, terminating ones too."""
    status: Document
    """Of the ModelDeployment."""

    @property
    def is_split(self) -> bool:
        """Whether users reach pods of every revision."""
        return bool(self.selector) and REVISION not in self.selector

    def revisions(self) -> set[str]:
        """Return the revisions that have pods which are not on their way out.

        Others get users only where no pod is ready (KEP-1669).
        """
        return {_revision(pod) for pod in self.pods.values() if not _is_leaving(pod)}

    def leaving(self, revision: str) -> bool:
        """Tell whether a pod of this revision is on its way out."""
        mine = (pod for pod in self.pods.values() if _revision(pod) == revision)
        return any(map(_is_leaving, mine))


def _revision(pod: Document) -> str:
    return str(pod["metadata"]["labels"][REVISION])


def _is_leaving(pod: Document) -> bool:
    return "deletionTimestamp" in pod["metadata"]


class Recorder:
    """Watches the ModelDeployment, its root Service and its pods while a story is told."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._folder = TemporaryDirectory()
        self._watches: list[subprocess.Popen[bytes]] = []
        self._written: list[Path] = []

    def __enter__(self) -> Self:
        for kind, *which in (
            ("mdep", "--field-selector", f"metadata.name={NAME}"),
            ("services", "--field-selector", f"metadata.name={NAME}"),
            ("pods", "-l", f"modelward.dev/name={NAME}"),
        ):
            file = Path(self._folder.name, kind)
            self._written.append(file)
            cluster = self._stage.cluster
            command = [str(cluster.kubectl_program), f"--kubeconfig={cluster.kubeconfig}"]
            command += ["-n", self._stage.namespace, "get", kind, *which]
            command += ["-o", "json", "--watch", "--output-watch-events"]
            with file.open("wb") as output:
                self._watches.append(subprocess.Popen(command, stdout=output))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for watch in self._watches:
            watch.terminate()
            watch.wait()

    def moments(self) -> Iterator[Moment]:
        """Yield what there was after each change; call it after the story."""
        selector: Document = {}
        status: Document = {}
        pods: dict[str, Document] = {}
        for event in sorted(self._events(), key=_version):
            seen, name = event["object"], event["object"]["metadata"]["name"]
            if seen["kind"] == "Service":
                selector = seen["spec"].get("selector", {})
            elif seen["kind"] == "ModelDeployment":
                status = seen.get("status", {})
            elif event["type"] == "DELETED":
                pods = {key: pod for key, pod in pods.items() if key != name}
            else:
                pods = pods | {name: seen}
            yield Moment(selector, pods, status)

    def _events(self) -> Iterator[Document]:
        decoder = json.JSONDecoder()
        for file in self._written:
            text, at = file.read_text(), 0
            while (at := text.find("{", at)) >= 0:
                try:
                    event, at = decoder.raw_decode(text, at)
                except ValueError:  # cut off at the end of the watch
                    break
                yield event


def _version(event: Document) -> int:
    """All of a cluster's objects have their versions from one sequence (etcd's revisions)."""
    return int(event["object"]["metadata"]["resourceVersion"])
