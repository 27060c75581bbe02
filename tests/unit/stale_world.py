"""A simulated cluster whose watches lag behind, whose writes fail, and whose operator is killed.

What the operator sees is put together as its store does it. Of everything that others write (the
user's object, pods, how many a ReplicaSet counts, how runs come out) it is some earlier state, each
lagging for itself, so that news overtake each other, but never older than what was seen before.
What it wrote itself it knows at once, unless the answer to the write was lost on the way.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal

from modelward.api.benchmarkrun import BenchmarkRun, BenchmarkRunStatus
from modelward.api.modeldeployment import ModelDeployment
from modelward.api.names import PROMOTE, RELEASE, REVISION
from modelward.release.decide import decide, needs_datasets
from modelward.release.snapshot import Revision, Snapshot
from modelward.traffic import switch
from modelward.writes import Announce, Apply, Create, Delete, PatchStatus, Plan, Write
from tests.unit.documents import Document
from tests.unit.world import World

Fate = Literal["written", "refused", "answer lost", "killed before", "killed after"]
"""What becomes of a write: a 5xx refuses it, or it works but nobody hears of it."""


NEWS_ARRIVE_EVERY = 4
"""Seconds after which a watch has brought what the answer to a write didn't tell, at the latest."""


@dataclass
class StaleWorld(World):
    """A world whose operator looks through lagging watches; it checks the rules at every write."""

    lags: list[int] = field(default_factory=list)
    """How many moments each thing that is looked at lags behind, in turn and again and again."""
    fates: list[Fate] = field(default_factory=list)
    """What becomes of the writes, the next one last; they work when it is empty."""
    past: list[Snapshot] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    """By what was looked at: the latest moment of `past` of which it was seen."""
    unheard: dict[tuple[str, str], Document | None] = field(default_factory=dict)
    """Objects as the operator knows them while the answer to its last write is lost."""
    stable: str = ""
    """The revision that users were led to last."""
    _looked: int = 0
    _stamped: Document = field(default_factory=dict)
    _parsed: ModelDeployment | None = None

    def record(self) -> None:
        """Take note of this moment, and give the user's object its resourceVersion."""
        metadata = self.deployment["metadata"]
        if self.deployment != self._stamped:
            metadata["resourceVersion"] = str(int(metadata.get("resourceVersion", "0")) + 1)
            self._stamped, self._parsed = copy.deepcopy(self.deployment), super().parsed()
        self.past.append(super().snapshot())

    def parsed(self) -> ModelDeployment:
        """Return the user's object; parsed once for each of its versions, for that takes long."""
        unchanged = self.deployment == self._stamped
        return self._parsed if self._parsed and unchanged else super().parsed()

    def tick(self) -> None:
        """Let a second pass: controllers act, and the operator looks through its watches."""
        self.now += timedelta(seconds=1)
        if self.now.second % NEWS_ARRIVE_EVERY == 0:
            self.unheard.clear()
        self.play_controllers()
        self.record()
        self.look()

    def look(self) -> Plan:
        """Decide on what is known, and write until a write fails or the operator is killed."""
        plan = decide(self.known())
        for write in plan.writes:
            if isinstance(write, Announce):
                self._write(write)
            elif not self._try(write, self.fates.pop() if self.fates else "written"):
                break
        return plan

    def catch_up(self) -> None:
        """Let all news arrive, and nothing fail from now on."""
        self.lags, self.fates = [], []
        self.restart()

    def restart(self) -> None:
        """Let another operator begin: it lists everything afresh."""
        self.unheard.clear()
        self.record()
        self.seen = dict.fromkeys(self.seen, len(self.past) - 1)
        self._dirty = True

    # What the operator knows

    def known(self) -> Snapshot:
        """Return what the operator's store would hold now."""
        with self._as_heard():
            own = super().snapshot()
        deployment = self._news("deployment").deployment
        judged = needs_datasets(deployment, own.service)
        return replace(
            own,
            deployment=deployment,
            revisions=tuple(self._revision(revision) for revision in own.revisions),
            copies=tuple(self._copy(copy) for copy in own.copies),
            runs=tuple(self._run(run) for run in own.runs),
            datasets={"golden": self.dataset} if judged else None,
        )

    def _news(self, what: str) -> Snapshot:
        """Return the moment that the watch of this has come to; it never goes back."""
        latest, self._looked = len(self.past) - 1, self._looked + 1
        lag = self.lags[self._looked % len(self.lags)] if self.lags else 0
        self.seen[what] = max(self.seen.get(what, 0), latest - lag)
        return self.past[self.seen[what]]

    def _revision(self, own: Revision) -> Revision:
        pods = self._same(self._news(f"pods of {own.name}").revisions, own.uid)
        counted = self._same(self._news(f"status of {own.name}").revisions, own.uid)
        return replace(
            own,
            pods=pods.pods if pods else (),
            replicas=counted.replicas if counted else 0,
        )

    def _copy(self, own: Revision) -> Revision:
        pods = self._same(self._news(f"pods of {own.name}").copies, own.uid)
        return replace(own, pods=pods.pods if pods else ())

    def _same(self, revisions: tuple[Revision, ...], uid: str) -> Revision | None:
        return next((revision for revision in revisions if revision.uid == uid), None)

    def _run(self, own: BenchmarkRun) -> BenchmarkRun:
        runs = self._news(f"run {own.metadata.name}").runs
        seen = next((run for run in runs if run.metadata.uid == own.metadata.uid), None)
        return seen or own.model_copy(update={"status": BenchmarkRunStatus()})

    @contextmanager
    def _as_heard(self) -> Iterator[None]:
        real = self.objects
        heard = real | self.unheard
        self.objects = {key: document for key, document in heard.items() if document}
        try:
            yield
        finally:
            self.objects = real

    # What becomes of writes

    def _try(self, write: Write, fate: Fate) -> bool:
        """Carry one write out as the cluster's adapter would; tell whether the plan goes on."""
        key = _key(write)
        heard = self.unheard.get(key, copy.deepcopy(self.objects.get(key)))
        works = fate not in ("refused", "killed before") and self._write(write)
        if fate.startswith("killed"):
            self.restart()
        elif fate == "answer lost":
            self.unheard[key] = heard
        elif fate == "written":
            self._hear(write, works)
        return works and fate == "written"

    def _hear(self, write: Write, works: bool) -> None:
        """Take in the answer to a write: how the object is now, or that it is gone."""
        self.unheard.pop(_key(write), None)
        if isinstance(write, PatchStatus) and works:
            self.record()
            self.seen["deployment"] = len(self.past) - 1

    def _write(self, write: Write) -> bool:
        if isinstance(write, PatchStatus):
            assert (write.kind, write.name) == ("ModelDeployment", "fraud")
            if write.resource_version != self.deployment["metadata"].get("resourceVersion", ""):
                return False
        if isinstance(write, Create | Apply | Delete):
            kind, name = key = _key(write)
            assert kind in {"ReplicaSet", "Service", "BenchmarkRun"}
            if isinstance(write, Create) and key in self.objects:
                return False
            if isinstance(write, Apply) and not self._is_there(key, write.body):
                return False
            if isinstance(write, Apply) and (kind, name) == ("Service", "fraud"):
                self._check_evidence(switch.from_selector(write.body["spec"]["selector"]))
        served = bool(self.serving())
        works = super()._write(write)
        assert self.serving() or not served, f"nobody serves after {write}"
        return works

    def _is_there(self, key: tuple[str, str], body: Document) -> bool:
        present = self.objects.get(key)
        return present is not None and present["metadata"]["uid"] == body["metadata"]["uid"]

    def _check_evidence(self, selection: switch.Selection) -> None:
        """Users are led to another revision alone only after a Pass, or by a person."""
        if selection.revision in (None, self.stable):
            return
        revision = selection.revision
        (release,) = (
            document["metadata"]["annotations"][RELEASE]
            for document in self.of("ReplicaSet")
            if document["metadata"]["labels"][REVISION] == revision
        )
        passed = any(
            run.get("status", {}).get("verdict") == "Pass"
            for run in self.of("BenchmarkRun")
            if run["metadata"]["labels"][REVISION] == revision
            and run["metadata"]["labels"][RELEASE] == release
        )
        given = self.deployment["metadata"].get("annotations", {}).get(PROMOTE, "")
        assert passed or given.startswith(f"{revision}/"), f"{revision} has shown nothing"
        self.stable = revision


def _key(write: Write) -> tuple[str, str]:
    match write:
        case Create() | Apply():
            return write.body["kind"], write.body["metadata"]["name"]
        case Delete() | PatchStatus():
            return write.kind, write.name
        case Announce():
            return "Event", write.key
