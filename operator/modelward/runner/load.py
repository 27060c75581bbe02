"""Sends load on a schedule, whether or not answers come.

Latency counts from when a request was due and not from when it was sent: a client that waits for
a slow server would otherwise leave out the requests that would have been slow.

Where so many callers are asked for (`concurrency`), a request also waits until one of them has its
answer. Such a loop is closed: a slow server is asked less, and the schedule is put off by as long.
Latency counts from when a caller was free, which is what these callers see, and no more.

Where stable is compared with, it is sent the same row half an interval later: both get the same
rate, in turn.
"""

import asyncio
import itertools
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter_ns

from modelward.benchmark.log import LOAD_PROFILE
from modelward.judge import FAILED, LoadSession, due_times
from modelward.protocols.base import Request
from modelward.runner.alarm import Alarm
from modelward.runner.client import Client
from modelward.runner.delays import Delays
from modelward.runner.profile import Profile
from modelward.runner.throughput import Throughput
from modelward.runner.tokentimes import Measure, times_of

_START_NS = 50_000_000
_SECOND = 1_000_000_000
_LAST_ANSWERS_SECONDS = 1.0
_AT_ONCE = 16
"""Requests after which others have their turn, however late the schedule is."""
_log = logging.getLogger(__name__)


@dataclass
class Target:
    """One revision under load, and what went wrong with it."""

    client: Client
    requests: list[Request]
    """Sent in turn."""
    profile: Profile = field(default_factory=Profile)
    began: int | None = None
    """When the first request that counts was due, in nanoseconds of a clock."""
    unreached: int = 0

    @property
    def mostly_unreached(self) -> bool:
        """True where most failed requests found nobody to connect to."""
        return self.unreached * 2 > self.profile.failures.total()


@dataclass(frozen=True)
class Pace:
    """When requests are sent, beyond what the shape says of it."""

    seed: str = ""
    """Of a Poisson schedule."""
    concurrency: int | None = None
    """Callers, each with one request at a time; None where a request waits for no answer."""


class Load:
    """The load of one attempt: sends it, feeds the session and knows how late it was itself."""

    def __init__(
        self,
        session: LoadSession,
        candidate: Target,
        baseline: Target | None = None,
        pace: Pace | None = None,
        measured: Sequence[Measure] = (),
        throughput: Throughput | None = None,
    ) -> None:
        """`measured` are the times of each answer that KPIs are about, beside its latency."""
        self.delays = Delays()
        """How late requests were sent that count."""
        self._session = session
        self._pace = pace or Pace()
        self._measured = measured
        self._throughput = throughput
        self._targets = [candidate] if baseline is None else [candidate, baseline]
        self._halves: dict[int, dict[int, _Asked]] = {}
        """By request and target, until both have answered."""
        self._finished = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self.sent = 0
        """Requests to each revision so far, those of the warm-up among them."""

    @property
    def vanished(self) -> list[Client]:
        """Whoever could mostly not be connected to when requests failed."""
        return [target.client for target in self._targets if target.mostly_unreached]

    async def send(self) -> None:
        """Send until the session has what it needs; then wait shortly for the last answers."""
        start = perf_counter_ns() + _START_NS
        interval = int(_SECOND / self._session.shape.rate)
        try:
            async with asyncio.TaskGroup() as group:
                streams = [
                    group.create_task(self._stream(group, i, start + i * interval // 2))
                    for i in range(len(self._targets))
                ]
                await self._finished.wait()
                for stream in streams:
                    stream.cancel()
                if self._throughput:
                    self._throughput.end(perf_counter_ns())
                await self._end()
        finally:
            tell(self._targets, self.delays)

    async def _stream(self, group: asyncio.TaskGroup, target: int, start: int) -> None:
        """Send all requests to one target."""
        shape = self._session.shape
        callers = _Callers(self._pace.concurrency) if self._pace.concurrency else None
        schedule = itertools.islice(due_times(shape, self._pace.seed), shape.requests)
        with Alarm() as alarm:
            for request, after in enumerate(schedule):
                due = start + after
                await alarm.until(due)
                if callers:
                    free = await callers.free()
                    start += max(free - due, 0)
                    due = max(free, due)
                if self._throughput and target == 0 and shape.window_of(request) >= 0:
                    self._throughput.sent(due)
                self.sent = max(self.sent, request + 1)
                task = group.create_task(self._ask(target, request, due, callers))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
                if request % _AT_ONCE == 0:
                    await asyncio.sleep(0)
        if self._throughput and target == 0:
            self._throughput.end(due + int(_SECOND / shape.rate))

    async def _ask(self, i: int, request: int, due: int, callers: "_Callers | None") -> None:
        sent = perf_counter_ns()
        target = self._targets[i]
        counts = self._session.shape.window_of(request) >= 0
        if counts and target.began is None:
            target.began = due
        answer = await target.client.predict(target.requests[request % len(target.requests)])
        if callers:
            callers.release()
        if counts and target.began is not None:
            self.delays.add(sent - due)
            target.profile.add(due - target.began, answer.ended - due, answer.problem)
            target.unreached += answer.unreached
        if self._throughput and i == 0:
            self._throughput.add(answer, due)
        latency = FAILED if answer.problem else answer.ended - due
        others = times_of(answer, due, self._measured)
        self._record(i, request, _Asked(latency, answer.unreached, others))
        if self._session.finished:
            self._finished.set()

    def _record(self, i: int, request: int, asked: "_Asked") -> None:
        if len(self._targets) == 1:
            self._session.record(request, asked.latency, others=asked.others)
            return
        both = self._halves.setdefault(request, {})
        both[i] = asked
        if len(both) == len(self._targets):
            self._halves.pop(request)
            ours, stables = both[0], both[1]
            # That stable can't be connected to excuses no error, unless it is so for both.
            gone = stables.unreached and not ours.unreached
            stable_latency = 0 if gone else stables.latency
            self._session.record(request, ours.latency, stable_latency, ours.others)

    async def _end(self) -> None:
        """Give the requests that don't matter any more a second to end by themselves.

        Where it is counted what came, all end: a part of them came in time.
        """
        if self._running:
            seconds = None if self._throughput else _LAST_ANSWERS_SECONDS
            await asyncio.wait(self._running, timeout=seconds)
        for task in self._running:
            task.cancel()


def tell(targets: Sequence[Target], delays: Delays, *, by_turns: bool = False) -> None:
    """Log what a load came to for each revision, for people and for the page of a run."""
    told: dict[str, object] = {
        "requests": delays.requests,
        "p99_send_delay_ms": delays.p99 / 1e6,
        "by_turns": by_turns,
    }
    for target in targets:
        seen = target.profile.seen(target.client.name, by_turns=by_turns)
        told |= {"to": target.client.name, "problems": seen.failures}
        _log.info("load sent", extra=told)
        _log.info(LOAD_PROFILE, extra=seen.model_dump())


class _Callers:
    """So many callers of a closed loop, each with one request at a time."""

    def __init__(self, number: int) -> None:
        self._idle = asyncio.Semaphore(number)
        self._freed = 0

    async def free(self) -> int:
        """Wait for a caller, and return since when it was free; 0 where one was all along."""
        waits = self._idle.locked()
        await self._idle.acquire()
        return self._freed if waits else 0

    def release(self) -> None:
        """Take note that a caller has its answer."""
        self._freed = perf_counter_ns()
        self._idle.release()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request of a pair."""

    latency: int
    unreached: bool
    others: tuple[int, ...] = ()
    """Times of its tokens."""
