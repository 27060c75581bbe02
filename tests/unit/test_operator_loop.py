"""The loop: what is done again, and when."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from modelward.cluster.act import OutdatedError
from modelward.cluster.documents import Key
from modelward.cluster.errors import NotYetError, UnavailableError
from modelward.cluster.loop import Loop
from modelward.cluster.metrics import Metrics
from modelward.cluster.queue import WorkQueue
from modelward.writes import Plan

A, B = Key("ModelDeployment", "ml", "a"), Key("ModelDeployment", "ml", "b")


class RecordingQueue(WorkQueue[Key]):
    """Notes what is asked for with a delay, and does not do it."""

    def __init__(self) -> None:
        super().__init__(asyncio.get_running_loop(), first_backoff=1.0)
        self.delayed: list[tuple[Key, float]] = []
        self.idle = asyncio.Event()

    def add(self, key: Key) -> None:
        super().add(key)
        self.idle.clear()

    def done(self, key: Key) -> None:
        super().done(key)
        if not len(self):
            self.idle.set()

    def add_after(self, key: Key, delay: float) -> None:
        self.delayed.append((key, delay))


@dataclass
class Rounds:
    """A loop whose rounds tests determine."""

    plan: Callable[[str], Plan | None] = field(default=lambda _: Plan())
    acted: list[Key] = field(default_factory=list)
    gone: bool = False
    metrics: Metrics = field(default_factory=Metrics)
    loop: Loop[str] = field(init=False)
    queue: RecordingQueue = field(init=False)

    def __post_init__(self) -> None:
        self.queue = RecordingQueue()

        async def observe(key: Key) -> str | None:
            return None if self.gone else key.name

        async def act(key: Key, _: Plan) -> None:
            self.acted.append(key)

        def decide(snapshot: str) -> Plan:
            return self.plan(snapshot) or Plan()

        self.loop = Loop("ModelDeployment", self.queue, observe, decide, act, self.metrics)

    async def until_idle(self) -> None:
        async with asyncio.timeout(10):
            await self.queue.idle.wait()

    def count(self, result: str) -> float:
        labels = {"kind": "ModelDeployment", "result": result}
        found = self.metrics.registry.get_sample_value(
            "modelward_reconcile_duration_seconds_count", labels
        )
        return found or 0.0


@asynccontextmanager
async def running(rounds: Rounds, workers: int = 1) -> AsyncIterator[Rounds]:
    tasks = [asyncio.create_task(rounds.loop.work()) for _ in range(workers)]
    try:
        yield rounds
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def raising(error: Exception) -> Callable[[str], Plan]:
    def plan(_: str) -> Plan:
        raise error

    return plan


async def test_a_plan_that_wakes_later_is_looked_at_again_then() -> None:
    async with running(Rounds(lambda _: Plan(wake_after=timedelta(seconds=90)))) as rounds:
        rounds.queue.add(A)
        await rounds.until_idle()
        assert rounds.acted == [A]
        assert rounds.queue.delayed == [(A, 90.0)]
        assert rounds.count("success") == 1


async def test_a_plan_that_waits_for_events_asks_for_no_time() -> None:
    async with running(Rounds()) as rounds:
        rounds.queue.add(A)
        await rounds.until_idle()
        assert rounds.queue.delayed == []


async def test_a_resource_that_is_gone_is_not_acted_on() -> None:
    async with running(Rounds(gone=True)) as rounds:
        rounds.queue.add(A)
        await rounds.until_idle()
        assert rounds.acted == []
        assert rounds.count("success") == 1


@pytest.mark.parametrize(
    ("error", "outcome", "delay"),
    [
        (OutdatedError("changed"), "outdated", 1.0),
        (UnavailableError("busy", 429, retry_after=12.0), "refused", 12.0),
        (UnavailableError("no answer"), "refused", 1.0),
        (RuntimeError("a bug"), "error", 1.0),
    ],
)
async def test_a_round_that_fails_is_tried_again(
    error: Exception, outcome: str, delay: float
) -> None:
    async with running(Rounds(raising(error))) as rounds:
        rounds.queue.add(A)
        await rounds.until_idle()
        assert rounds.queue.delayed == [(A, delay)]
        assert rounds.count(outcome) == 1


async def test_kinds_that_admission_learns_of_soon_are_tried_each_second() -> None:
    async with running(Rounds(raising(NotYetError("cannot find RESTMapping", 403)))) as rounds:
        for _ in range(4):
            rounds.queue.add(A)
            await rounds.until_idle()
    assert rounds.queue.delayed == [(A, 1.0)] * 4


async def test_back_off_grows_with_each_failure_and_ends_with_a_success() -> None:
    rounds = Rounds(raising(RuntimeError("a bug")))
    async with running(rounds):
        for _ in range(3):
            rounds.queue.add(A)
            await rounds.until_idle()
        rounds.plan = lambda _: Plan()
        rounds.queue.add(A)
        await rounds.until_idle()
        rounds.plan = raising(RuntimeError("a bug"))
        rounds.queue.add(A)
        await rounds.until_idle()
    assert [delay for _, delay in rounds.queue.delayed] == [1.0, 2.0, 4.0, 1.0]


async def test_one_resource_that_fails_does_not_keep_others_from_being_looked_after() -> None:
    def plan(name: str) -> Plan:
        if name == "a":
            raise RuntimeError("a bug")
        return Plan()

    async with running(Rounds(plan)) as rounds:
        rounds.queue.add(A)
        rounds.queue.add(B)
        await rounds.until_idle()
        assert rounds.acted == [B]


async def test_a_failure_is_logged_with_the_resource_it_is_about(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        async with running(Rounds(raising(RuntimeError("a bug")))) as rounds:
            rounds.queue.add(A)
            await rounds.until_idle()
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert "a bug" in str(record.exc_info[1])
