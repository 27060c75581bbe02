"""Reading users' requests for live runs, beside the rounds: no round waits for a Prometheus.

Tenants' expressions may be slow. They wait for each other, and no reading of requests waits for
them, nor does its time have theirs in it.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic

from modelward.api.live import PrometheusSource
from modelward.benchmark.live.counting import (
    LOOKBACK,
    MOST_AT_ONCE,
    moment,
    so_far,
    to_millis,
)
from modelward.benchmark.live.decide import due
from modelward.benchmark.live.scrapes import Reading
from modelward.benchmark.snapshot import RunSnapshot, Unread
from modelward.cluster.documents import Key
from modelward.cluster.expressions import evaluate
from modelward.cluster.metrics import Metrics
from modelward.cluster.prometheus import Prometheus

log = logging.getLogger(__name__)

NOT_CONFIGURED = Unread(
    "NotConfigured",
    "this operator was given no Prometheus; whoever runs it names one, see docs/operations.md",
)


@dataclass(frozen=True)
class _Question:
    """What is read, so that an answer to an older question counts for nothing."""

    run_uid: str
    until: int
    """How far the run has counted."""


@dataclass
class LiveReader:
    """Reads in tasks of its own, a few at a time; a finished one wakes the run's key.

    As many evaluate expressions at a time.
    """

    prometheus: Prometheus | None
    wake: Callable[[Key], None]
    now: Callable[[], datetime]
    metrics: Metrics
    _tasks: dict[Key, asyncio.Task[None]] = field(default_factory=dict)
    _answers: dict[Key, tuple[_Question, Reading | Unread]] = field(default_factory=dict)
    _reads: asyncio.Semaphore = field(init=False)
    _evaluations: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        at_once = self.prometheus.settings.at_once if self.prometheus else 1
        self._reads, self._evaluations = asyncio.Semaphore(at_once), asyncio.Semaphore(at_once)

    def take(self, key: Key, snapshot: RunSnapshot) -> Reading | Unread | None:
        """Return what has been read for a run since it last counted; begin to read where it is due.

        None while nothing is due, and while it is being read.
        """
        moment_due = due(snapshot)
        if moment_due is None or snapshot.now < moment_due:
            return None
        if self.prometheus is None:
            return NOT_CONFIGURED
        question = _Question(snapshot.run.metadata.uid, so_far(snapshot.run).until)
        asked, answer = self._answers.pop(key, (None, None))
        if asked == question:
            return answer
        if key not in self._tasks:
            reading = self._read(key, question, snapshot, self.prometheus)
            self._tasks[key] = asyncio.create_task(reading)
        return None

    def forget(self, key: Key) -> None:
        """Drop what was read for a run that is gone."""
        self._answers.pop(key, None)

    async def close(self) -> None:
        """End all readings."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.prometheus:
            await self.prometheus.close()

    async def _read(
        self, key: Key, question: _Question, snapshot: RunSnapshot, prometheus: Prometheus
    ) -> None:
        try:
            self._answers[key] = question, await self._ask(question, snapshot, prometheus)
        finally:
            del self._tasks[key]
            self.wake(key)

    async def _ask(
        self, question: _Question, snapshot: RunSnapshot, prometheus: Prometheus
    ) -> Reading | Unread:
        """Read, and count how that went; a reading that fails is one, whatever the reason.

        Its time is that of the requests alone, without waiting and without expressions.
        """
        took = 0.0
        try:
            async with self._reads:
                began = monotonic()
                try:
                    answer = await self._requests(question, snapshot, prometheus)
                finally:
                    took = monotonic() - began
            if isinstance(answer, Reading):
                answer = await self._with_values(answer, snapshot, prometheus)
        except Exception:
            log.exception("Reading users' requests failed.")
            answer = Unread("Unreachable", "reading failed, see the log")
        result = answer.reason if isinstance(answer, Unread) else "Read"
        self.metrics.prometheus_read(result, took)
        return answer

    async def _requests(
        self, question: _Question, snapshot: RunSnapshot, prometheus: Prometheus
    ) -> Reading | Unread:
        spec, namespace = snapshot.run.spec, snapshot.run.metadata.namespace
        sides = [spec.subject, *([spec.baseline] if spec.baseline else [])]
        sources = _sources(snapshot)
        selectors = {
            selector
            for source in sources
            for selector in (source.bad, source.total, source.latency)
            if selector
        }
        last = min(self.now(), moment(question.until) + MOST_AT_ONCE)
        return await prometheus.read(
            namespace,
            [side.service for side in sides],
            selectors,
            (to_millis(moment(question.until) - LOOKBACK), to_millis(last)),
        )

    async def _with_values(
        self, reading: Reading, snapshot: RunSnapshot, prometheus: Prometheus
    ) -> Reading:
        expressions = [source.query for source in _sources(snapshot) if source.query]
        if not expressions:
            return reading
        namespace, subject = snapshot.run.metadata.namespace, snapshot.run.spec.subject
        async with self._evaluations:
            values = await evaluate(
                prometheus, namespace, subject.service, expressions, reading.end
            )
        return replace(reading, values=values)


def _sources(snapshot: RunSnapshot) -> list[PrometheusSource]:
    return [kpi.prometheus for kpi in snapshot.run.spec.applicable_kpis if kpi.prometheus]
