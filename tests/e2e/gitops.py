"""A stand-in for a GitOps tool: it applies what is in Git again and again, whatever happens."""

import json
import threading
from dataclasses import dataclass, field
from subprocess import CompletedProcess
from types import TracebackType
from typing import Self

from tests.cluster.provider import KubectlError
from tests.e2e.stage import Document, Stage

MANAGER = "gitops-tool"
EVERY = 1.0
"""Seconds between two applies; the tools themselves do it every few minutes."""


@dataclass(frozen=True)
class Applied:
    """What the API server answered to one apply."""

    commit: int
    """Which commit was applied, from 1."""
    generation: int
    changed_at: str
    """When what the tool owns last changed: an apply that changes nothing leaves it as it is."""


@dataclass
class GitOpsTool:
    """Applies the latest commit by server-side apply, forced, under a field manager of its own."""

    stage: Stage
    applied: list[Applied] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _commits: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def commit(self, document: Document) -> None:
        """Put another manifest into Git, and wait until it has been applied."""
        self._commits.append(json.dumps(document))
        self.rounds(1)

    def rounds(self, count: int) -> None:
        """Wait until the latest commit was applied this many more times."""
        commit = len(self._commits)
        wanted = self._count(commit) + count
        while self._count(commit) < wanted:
            assert self._thread.is_alive(), self.problems
            self._ended.wait(EVERY / 5)

    def drift(self) -> str:
        """Return what an apply would change now, or why that can't be said; empty where nothing."""
        compared = self._kubectl("diff", self._commits[-1], "--server-side", check=False)
        return "" if compared.returncode == 0 else compared.stdout + compared.stderr

    def _count(self, commit: int) -> int:
        return sum(each.commit == commit for each in self.applied)

    def _apply_again_and_again(self) -> None:
        while not self._ended.wait(EVERY):
            commits = tuple(self._commits)
            if not commits:
                continue
            shown = ("--server-side", "-o", "json", "--show-managed-fields")
            try:
                answer = json.loads(self._kubectl("apply", commits[-1], *shown).stdout)
            except KubectlError as problem:
                self.problems.append(str(problem))
                return
            self.applied.append(_applied(len(commits), answer["metadata"]))

    def _kubectl(
        self, verb: str, manifest: str, *arguments: str, check: bool = True
    ) -> CompletedProcess[str]:
        return self.stage.cluster.kubectl(
            *("-n", self.stage.namespace, verb, *arguments),
            *("--force-conflicts", f"--field-manager={MANAGER}", "-f", "-"),
            stdin=manifest,
            check=check,
        )

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._apply_again_and_again, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()


def _applied(commit: int, metadata: Document) -> Applied:
    (own,) = [each for each in metadata["managedFields"] if each["manager"] == MANAGER]
    return Applied(commit, metadata["generation"], own["time"])
