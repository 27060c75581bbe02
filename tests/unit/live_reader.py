"""A reader of users' requests, and a Prometheus that answers when it is told to."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from modelward.benchmark.live.scrapes import Reading
from modelward.benchmark.snapshot import RunSnapshot, Unread
from modelward.cluster.documents import Key
from modelward.cluster.metrics import Metrics
from modelward.cluster.observe.live import LiveReader
from modelward.cluster.prometheus import Prometheus, PrometheusSettings
from tests.unit.benchmark_world import IMAGE, START
from tests.unit.live_world import VERSUS_STABLE, live_run

KEY = Key("BenchmarkRun", "ml", "fraud-x7f9k2m4q1-1")
NOW = START + timedelta(minutes=1)


@dataclass
class Slow(Prometheus):
    """A Prometheus that answers when it is told to: what can't be had from a real one."""

    settings: PrometheusSettings = field(
        default_factory=lambda: PrometheusSettings(url="http://none", at_once=2)
    )
    answer: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    async def read(self, *question: Any) -> Reading | Unread:  # noqa: ANN401
        self.asked.append(question)
        await self.answer.wait()
        return Reading(end=question[3][1])

    async def close(self) -> None:
        self.answer.set()


def snapshot(now: datetime = NOW) -> RunSnapshot:
    return RunSnapshot(now, live_run(VERSUS_STABLE), IMAGE)


def reader(prometheus: Prometheus | None, woken: list[Key]) -> LiveReader:
    return LiveReader(prometheus, woken.append, lambda: NOW, Metrics())


async def until_all_wait() -> None:
    """Let every task go on until it waits for something; no time counts, however busy we are."""
    for _ in range(100):
        await asyncio.sleep(0)
