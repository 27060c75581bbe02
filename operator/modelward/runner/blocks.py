"""Sends load to two revisions by turns: a block of requests to the one, the same to the other.

Never to both at once. They may share a node, and a candidate that takes its processors would slow
stable down, and so hide how slow it is itself. Within a block requests are due on the declared
schedule, whether or not answers come, so that each is asked at the declared rate, and latency
counts from when a request was due.

A block is a window. The order is candidate, stable, stable, candidate, over and over: neither
always goes first, what drifts (other work on the node, a cache that fills) adds as much to the one
as to the other, and so does what a block leaves behind. A block begins when the one before is over
and its answers are there, but waits for them no longer than another block's time: then a backlog
is left to its own server, and a revision that hangs can't hold up the load for ever.
"""

import asyncio
import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter_ns

from modelward.judge import FAILED, UNANSWERED, ComparisonSession, due_times
from modelward.runner.client import Answer, Client
from modelward.runner.delays import Delays
from modelward.runner.load import Target

_START_NS = 50_000_000
_LAST_ANSWERS_SECONDS = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Block:
    """Requests that are sent to one revision and then to the other, on the same schedule."""

    first: int
    """Number of the first request."""
    due: list[int]
    """When each is due, in nanoseconds after the block's beginning."""
    length: int
    """When the block is over, in nanoseconds."""


class Blocks:
    """The load of one comparison: sends it, feeds the session, knows how late it was itself."""

    def __init__(
        self, session: ComparisonSession, candidate: Target, stable: Target, seed: str = ""
    ) -> None:
        """`seed` is that of a Poisson schedule."""
        self.delays = Delays()
        """How late requests were sent that count."""
        self.sent = 0
        """Requests to each revision so far, those of the warm-up among them."""
        self._session = session
        self._candidate, self._stable, self._seed = candidate, stable, seed
        self._halves: dict[int, tuple[Target, Answer, int]] = {}
        """Of each pair the request that ended first, and when it was due."""
        self._running: set[asyncio.Task[None]] = set()

    @property
    def vanished(self) -> list[Client]:
        """Whoever could mostly not be connected to when requests failed."""
        targets = (self._candidate, self._stable)
        return [target.client for target in targets if target.mostly_unreached]

    async def send(self) -> None:
        """Send until the session has what it needs."""
        begin = perf_counter_ns() + _START_NS
        try:
            async with asyncio.TaskGroup() as group:
                for target, block in self._blocks():
                    begin = await self._send_block(group, target, block, begin)
                    if self._session.finished:
                        break
                await self._end()
        finally:
            self._tell()

    def _blocks(self) -> Iterator[tuple[Target, _Block]]:
        """Yield whom to send which requests."""
        shape = self._session.shape
        due = due_times(shape, self._seed)
        one, other = self._candidate, self._stable
        last, begins = 0, next(due)
        while last < shape.requests:
            first, window = last, shape.window_of(last)
            last = min(shape.warm_up + (window + 1) * shape.window, shape.requests)
            times = [begins, *itertools.islice(due, last - first)]
            block = _Block(first, [time - begins for time in times[:-1]], times[-1] - begins)
            begins = times[-1]
            yield one, block
            yield other, block
            one, other = other, one

    async def _send_block(
        self, group: asyncio.TaskGroup, target: Target, block: _Block, begin: int
    ) -> int:
        """Send a block from `begin` on; return when the next one may begin."""
        sent = []
        for request, after in enumerate(block.due, block.first):
            await _sleep_until(begin + after)
            task = group.create_task(self._ask(target, request, begin + after))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            sent.append(task)
            self.sent = max(self.sent, request + 1)
        await _sleep_until(begin + block.length)
        _, late = await asyncio.wait(sent, timeout=0)
        if not late:
            return begin + block.length
        await asyncio.wait(late, timeout=block.length / 1e9)
        return perf_counter_ns()

    async def _ask(self, target: Target, request: int, due: int) -> None:
        sent = perf_counter_ns()
        answer = await target.client.predict(target.requests[request % len(target.requests)])
        if self._session.shape.window_of(request) >= 0:
            self.delays.add(sent - due)
            target.unreached += answer.unreached
            if answer.problem:
                target.profile.count_failure(answer.problem)
        other = self._halves.pop(request, None)
        if other is None:
            self._halves[request] = target, answer, due
        elif target is self._candidate:
            self._record(request, answer, due, *other[1:])
        else:
            self._record(request, *other[1:], answer, due)

    def _record(self, request: int, ours: Answer, due: int, stables: Answer, later: int) -> None:
        # What stable never got says nothing about how fast it is, unless it is so for both.
        gone = stables.unreached and not ours.unreached
        baseline = UNANSWERED if gone else _latency(stables, later)
        self._session.record(request, _latency(ours, due), baseline)

    async def _end(self) -> None:
        """Wait for the last answers; those that don't matter any more have a second."""
        if self._running:
            timeout = _LAST_ANSWERS_SECONDS if self._session.finished else None
            await asyncio.wait(self._running, timeout=timeout)
        for task in self._running:
            task.cancel()

    def _tell(self) -> None:
        told = {"requests": self.delays.requests, "p99_send_delay_ms": self.delays.p99 / 1e6}
        for target in (self._candidate, self._stable):
            problems = dict(target.profile.failures.most_common(10))
            extra = told | {"to": target.client.name, "problems": problems}
            _log.info("load sent by turns", extra=extra)


async def _sleep_until(moment: int) -> None:
    await asyncio.sleep(max(moment - perf_counter_ns(), 0) / 1e9)


def _latency(answer: Answer, due: int) -> int:
    return FAILED if answer.problem else answer.ended - due
