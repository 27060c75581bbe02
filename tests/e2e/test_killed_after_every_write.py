"""The operator is killed after every single write of a release; what comes out is the same.

Which writes there are, and when they were carried out, is read from the API server's audit log. The
releases of a first, a good and a bad version are told undisturbed, with operators that live for
one write each, and with operators that live for a few.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.cluster.provider import Cluster
from tests.e2e.audit import AuditTail, Written
from tests.e2e.holdings import holdings, words_of
from tests.e2e.local_operator import LocalOperator
from tests.e2e.stage import Document, Stage, new_stage, playing

pytestmark = [pytest.mark.e2e, pytest.mark.disturbance]

ROLLOUT: Document = {
    "steps": [{"benchmark": {"upTo": "5m"}}, {"weight": 50, "for": "1s", "upTo": "5m"}],
    "drainDelay": "1s",
    "progressDeadline": "2m",
}
QUIET_SECONDS = 4.0
FOREVER = 10**9


@dataclass
class Killer:
    """Kills an operator as soon as it has written so often, and starts the next one."""

    operator: LocalOperator
    tail: AuditTail
    writes: int
    lives: list[list[Written]] = field(default_factory=lambda: [[]])
    last_write: float = field(default_factory=time.monotonic)

    def work(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._take_note()
            if len(self.lives[-1]) >= self.writes:
                self.operator.kill()
                self._take_note()
                self.lives.append([])
                self.operator.start()
            time.sleep(0.005)

    def until_quiet(self, seconds: float = 120) -> None:
        """Wait until nothing was written for a while, however often it was looked at anew."""
        deadline = time.monotonic() + seconds
        while time.monotonic() - self.last_write < QUIET_SECONDS:
            assert time.monotonic() < deadline, self.lives[-1]
            time.sleep(0.2)

    def _take_note(self) -> None:
        written = self.tail.new()
        if written:
            self.lives[-1] += written
            self.last_write = time.monotonic()


@dataclass(frozen=True)
class Told:
    """What came of a story."""

    holdings: dict[str, Any]
    lives: list[list[Written]]
    """What each operator wrote; all but the last one were killed."""

    def done(self) -> Counter[Written]:
        """Count what was made and deleted."""
        return Counter(w for life in self.lives for w in life if w.verb in {"create", "delete"})

    def written(self) -> set[Written]:
        """Everything that was written at least once."""
        return {write for life in self.lives for write in life}

    def interrupted(self) -> Counter[Written]:
        """Count the writes that one of the two loops was killed after."""
        return Counter(w for life in self.lives[:-1] for w in _last_of_each_loop(life))


def _last_of_each_loop(life: Iterable[Written]) -> Iterable[Written]:
    return {write.loop: write for write in life}.values()


def tell(stage: Stage, writes: int) -> Told:
    """Serve a first version, promote another and roll a third one back, with such operators."""
    tail = AuditTail(stage.cluster.audit_log, stage.namespace)
    with playing(stage), LocalOperator(stage.cluster, stage.namespace, "paced") as operator:
        killer, stop = Killer(operator, tail, writes), threading.Event()
        thread = threading.Thread(target=killer.work, args=[stop])
        thread.start()
        try:
            for version in ("one", "two"):
                stage.declare(version, replicas=2, rollout=ROLLOUT)
                stage.until_promoted(version, 240)
                killer.until_quiet()
            stage.declare("three", {"accuracy": 0.5}, replicas=2, rollout=ROLLOUT)
            stage.until_rolled_back("three", 240)
            killer.until_quiet()
        finally:
            stop.set()
            thread.join()
            tail.close()
        words = words_of(stage)
        named = [
            [Written(w.verb, w.resource, words(w.name)) for w in life] for life in killer.lives
        ]
        return Told(holdings(stage), named)


def test_killed_after_every_write_a_release_ends_as_if_nothing_had_been(at_rest: Cluster) -> None:
    lengths = (FOREVER, 1, 3)
    with ThreadPoolExecutor() as threads:
        stages = [new_stage(at_rest) for _ in lengths]
        undisturbed, *disturbed = threads.map(tell, stages, lengths)
    assert undisturbed.holdings["Service/fraud"]["spec"]["selector"] == {
        "modelward.dev/name": "fraud",
        "modelward.dev/revision": "TWO",
    }
    for told in disturbed:
        assert told.holdings == undisturbed.holdings
        assert told.done() == undisturbed.done()
    one_write_each = disturbed[0]
    interrupted = one_write_each.interrupted()
    missing = {w for w in undisturbed.written() if not interrupted[w]}
    assert not missing
    made = undisturbed.done()
    assert {write: interrupted[write] for write in made} == made
