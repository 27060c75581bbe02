"""How load is sent: open and closed loops, one target or two, and when requests count from."""

import asyncio
import itertools
import sys
import time
from dataclasses import dataclass, field, replace
from fractions import Fraction
from time import perf_counter_ns

import pytest

from modelward.judge import LoadKpi, LoadSession, LoadShape, errors_objective
from modelward.protocols.base import Request
from modelward.runner.alarm import Alarm
from modelward.runner.client import Answer
from modelward.runner.load import Load, Pace, Target

MS = 1_000_000
FIVE = Fraction(5, 100)


class Noted(LoadSession):
    """Takes note of what it is told."""

    def __init__(self, shape: LoadShape) -> None:
        super().__init__(shape, (LoadKpi(errors_objective(FIVE, FIVE / 2, FIVE, FIVE)),))
        self.told: dict[int, tuple[int, int]] = {}

    def record(
        self, request: int, latency: int, baseline: int = 0, others: tuple[int, ...] = ()
    ) -> None:
        self.told[request] = (latency, baseline)
        super().record(request, latency, baseline, others)


@dataclass
class Model:
    """A client of a model that takes its time, one request at a time where it is `alone`."""

    seconds: float = 0.0
    alone: bool = False
    stalls_at: int | None = None
    problem: str | None = None
    name: str = "the revision"
    sent: list[tuple[bytes, int]] = field(default_factory=list)
    ended: dict[int, int] = field(default_factory=dict)
    most_at_once: int = 0
    _now: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _stall: float = 0.0

    async def predict(self, asked: Request) -> Answer:
        number = len(self.sent)
        self.sent.append((asked.body, perf_counter_ns()))
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        if len(self.sent) == self.stalls_at:
            self._stall = asyncio.get_running_loop().time() + 0.5
        stall = max(self._stall - asyncio.get_running_loop().time(), 0)
        if self.alone:
            async with self._turn:
                await asyncio.sleep(self.seconds)
        else:
            await asyncio.sleep(self.seconds + stall)
        self._now -= 1
        self.ended[number] = perf_counter_ns()
        return Answer(problem=self.problem, ended=self.ended[number])


def target(model: Model) -> Target:
    requests = [Request("POST", "/", body) for body in (b"0", b"1", b"2")]
    return Target(model, requests)  # type: ignore[arg-type]


def session(rate: int, windows: int, window: int = 10) -> Noted:
    return Noted(LoadShape(Fraction(rate), 0, window, windows, calibration_windows=0))


async def test_rows_are_sent_in_turn_and_each_request_is_told_once() -> None:
    noted, model = session(500, 5), Model()
    load = Load(noted, target(model))
    await load.send()
    assert [body for body, _ in model.sent[:4]] == [b"0", b"1", b"2", b"0"]
    assert sorted(noted.told) == list(range(50))
    assert load.delays.requests == 50


async def test_no_request_is_sent_before_it_is_due() -> None:
    noted, model = session(200, 2), Model()
    await Load(noted, target(model)).send()
    # The model answers at once, so that a latency below 0 would be that of an early request.
    assert [latency for latency, _ in noted.told.values() if latency < 0] == []
    assert len(noted.told) == 20


async def test_who_waits_for_no_answer_shows_a_stall_to_every_request_that_was_due_in_it() -> None:
    noted, model = session(200, 20), Model(stalls_at=50)
    await Load(noted, target(model)).send()
    slow = [latency for latency, _ in noted.told.values() if latency > 100 * MS]
    assert len(slow) >= 70  # of the 80 that were due in the first 0.4 of its 0.5 seconds
    assert model.most_at_once > 2


async def test_what_the_sender_loses_itself_is_in_the_latency_and_in_the_send_delay() -> None:
    class Blocking(Model):
        async def predict(self, request: Request) -> Answer:
            if len(self.sent) == 50:
                time.sleep(0.3)  # noqa: ASYNC251 -- nothing is sent meanwhile, and that is the point
            return await super().predict(request)

    noted = session(200, 20)
    load = Load(noted, target(Blocking()))
    await load.send()
    assert sum(latency > 100 * MS for latency, _ in noted.told.values()) >= 35
    assert load.delays.p99 > 100 * MS


async def test_callers_of_a_closed_loop_wait_for_their_answers() -> None:
    noted, model = session(1000, 4), Model(seconds=0.02)
    await Load(noted, target(model), pace=Pace(concurrency=3)).send()
    assert model.most_at_once == 3
    assert sorted(noted.told) == list(range(40))


async def test_a_closed_loop_sees_a_stall_once_for_each_caller() -> None:
    noted, model = session(200, 20), Model(stalls_at=50)
    await Load(noted, target(model), pace=Pace(concurrency=2)).send()
    slow = sum(latency > 300 * MS for latency, _ in noted.told.values())
    assert (
        2 <= slow < 20
    )  # 40 were due in the first 0.2 of its 0.5 seconds; a busy machine adds some


async def test_latency_in_a_closed_loop_counts_from_when_a_caller_was_free() -> None:
    noted, model = session(1000, 3), Model(seconds=0.02, alone=True)
    load = Load(noted, target(model), pace=Pace(concurrency=1))
    await load.send()
    # Thirty answers take 0.6 seconds; of a schedule of 0.03 the last would be 0.57 late.
    assert sorted(latency for latency, _ in noted.told.values())[15] < 200 * MS
    assert load.delays.p99 < 450 * MS


async def test_a_closed_loop_does_not_catch_up_after_a_stall() -> None:
    noted, model = session(200, 10), Model(stalls_at=10)
    await Load(noted, target(model), pace=Pace(concurrency=4)).send()
    times = [sent for _, sent in model.sent]
    # 0.5 seconds of the schedule are put off, and not made good for by a burst.
    assert times[-1] - times[0] >= 900 * MS


async def test_both_revisions_are_sent_the_same_rows_in_turn() -> None:
    noted, ours, stables = session(200, 4), Model(), Model(problem="status 500", name="stable")
    load = Load(noted, target(ours), target(stables))
    await load.send()
    assert [body for body, _ in ours.sent] == [body for body, _ in stables.sent]
    assert all(latency < stable for latency, stable in noted.told.values())
    assert load.delays.requests == 80


async def test_a_poisson_schedule_sends_the_same_again() -> None:
    shape = LoadShape(Fraction(200), 0, 10, 4, calibration_windows=0, poisson=True)
    gaps = []
    for _ in range(2):
        noted, model = Noted(shape), Model()
        await Load(noted, target(model), pace=Pace(seed="a")).send()
        due = [ended - noted.told[request][0] for request, ended in sorted(model.ended.items())]
        gaps.append([b - a for a, b in itertools.pairwise(due)])
    assert gaps[0] == gaps[1]
    assert len(set(gaps[0])) == 39


async def test_requests_of_the_warm_up_do_not_count_as_late() -> None:
    shape = replace(session(500, 2).shape, warm_up=30)
    load = Load(Noted(shape), target(Model()))
    await load.send()
    assert load.delays.requests == 20


@pytest.mark.parametrize("platform", ["linux", "darwin"])
async def test_an_alarm_wakes_its_waiter(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with Alarm() as alarm:
        for wait in (0, 1_000, 3 * MS, -5 * MS):
            moment = perf_counter_ns() + wait
            await asyncio.wait_for(alarm.until(moment), 5)
            assert perf_counter_ns() >= moment - MS * (platform != "linux")
