"""Being told to end: rounds in progress are finished, within bounds, and none is begun."""

import asyncio
import logging
from dataclasses import replace

import pytest

from modelward.cluster import ending
from modelward.cluster.assembly import Assembly, assemble
from modelward.cluster.documents import Key
from modelward.cluster.loop import Loop
from modelward.cluster.metrics import Metrics
from modelward.cluster.observe.runs import Runner
from modelward.cluster.requests import Requests
from modelward.writes import Plan
from tests.unit.fake_api import FakeApi

A, B = Key("ModelDeployment", "ml", "a"), Key("ModelDeployment", "ml", "b")


class Bench:
    """One worker, whose rounds last until the test lets them go on."""

    def __init__(self) -> None:
        self.began, self.may_end = asyncio.Event(), asyncio.Event()
        self.finished: list[Key] = []
        metrics = Metrics()
        whole = assemble(FakeApi(), metrics, Requests(metrics), Runner("modelward:dev", "Never"))
        queue = whole.queues["ModelDeployment"]
        loop = Loop("ModelDeployment", queue, self.observe, lambda _: Plan(), self.act, metrics)
        self.assembly: Assembly = replace(whole, loops=(loop,))
        check, worker = self.assembly.work(1)
        check.close()
        self.worker = asyncio.create_task(worker)
        self.assembly.wake(A)
        self.assembly.wake(B)

    async def observe(self, key: Key) -> Key:
        return key

    async def act(self, key: Key, _: Plan) -> None:
        self.began.set()
        await self.may_end.wait()
        self.finished.append(key)


async def test_the_round_in_progress_is_finished_and_the_next_key_is_left() -> None:
    bench = Bench()
    bench.assembly.resync.filled.set()
    await bench.began.wait()
    finishing = asyncio.create_task(ending.finish_rounds(bench.assembly, [bench.worker]))
    await asyncio.sleep(0)
    assert bench.assembly.unready() == "the operator ends"
    bench.assembly.wake(B)
    bench.may_end.set()
    await finishing
    assert bench.finished == [A]
    assert bench.worker.done()


async def test_a_round_that_does_not_end_is_named_and_left(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    bench.assembly.resync.filled.set()
    await bench.began.wait()
    with caplog.at_level(logging.WARNING):
        await ending.finish_rounds(bench.assembly, [bench.worker], seconds=0)
    assert caplog.messages == ["Not finished within 0 s: ModelDeployment ml/a."]
    await ending.cancel([bench.worker])
    assert bench.worker.cancelled()
    assert bench.finished == []


async def test_where_nothing_was_begun_nothing_is_waited_for() -> None:
    bench = Bench()
    await asyncio.wait_for(ending.finish_rounds(bench.assembly, [bench.worker]), timeout=5)
    assert not bench.worker.done()
    await ending.cancel([bench.worker])
