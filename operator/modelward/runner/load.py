"""Sends load on a fixed schedule, whether or not answers come.

Latency counts from when a request was due and not from when it was sent: a client that waits for
a slow server would otherwise leave out the requests that would have been slow.

Where stable is compared with, it is sent the same row half an interval later: both get the same
rate, in turn.
"""

import asyncio
import logging
from array import array
from dataclasses import dataclass, field
from time import perf_counter_ns

from modelward.benchmark.log import LOAD_PROFILE
from modelward.judge import FAILED, LoadSession
from modelward.runner.client import Answer, Client
from modelward.runner.profile import Profile

_START_NS = 50_000_000
_LAST_ANSWERS_SECONDS = 1.0
_log = logging.getLogger(__name__)


@dataclass
class Target:
    """One revision under load, and what went wrong with it."""

    client: Client
    bodies: list[bytes]
    """Sent in turn."""
    profile: Profile = field(default_factory=Profile)
    unreached: int = 0

    @property
    def mostly_unreached(self) -> bool:
        """True where most failed requests found nobody to connect to."""
        return self.unreached * 2 > self.profile.failures.total()


class Load:
    """The load of one attempt: sends it, feeds the session and knows how late it was itself."""

    def __init__(
        self, session: LoadSession, candidate: Target, baseline: Target | None = None
    ) -> None:
        self._session = session
        self._candidate = candidate
        self._baseline = baseline
        self._targets = [candidate] if baseline is None else [candidate, baseline]
        self._delays = array("q")
        self._finished = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self.sent = 0
        """Requests to each revision so far, those of the warm-up among them."""

    def lagged(self, tolerance: int) -> bool:
        """Tell whether more than 1% of the requests were sent later than `tolerance` ns."""
        late = sum(delay > tolerance for delay in self._delays)
        return late * 100 > len(self._delays)

    @property
    def vanished(self) -> list[Client]:
        """Whoever could mostly not be connected to when requests failed."""
        return [target.client for target in self._targets if target.mostly_unreached]

    async def send(self) -> None:
        """Send until the session has what it needs; then wait shortly for the last answers."""
        start = perf_counter_ns() + _START_NS
        try:
            async with asyncio.TaskGroup() as group:
                for request in range(self._session.shape.requests):
                    due = start + self._session.shape.due(request)
                    if await self._finished_before(due):
                        break
                    self.sent = request + 1
                    task = group.create_task(self._ask(request, due))
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)
                await self._finished.wait()
                await self._end()
        finally:
            self._tell()

    async def _finished_before(self, due: int) -> bool:
        """Wait until a request is due; True when the session has finished before."""
        wait = (due - perf_counter_ns()) / 1e9
        try:
            async with asyncio.timeout(max(wait, 0)):
                await self._finished.wait()
        except TimeoutError:
            return False
        return True

    async def _ask(self, request: int, due: int) -> None:
        if self._baseline is None:
            ours = await self._ask_one(self._candidate, request, due)
            self._session.record(request, _latency(ours, due))
        else:
            later = due + self._session.shape.due(1) // 2
            ours, stables = await asyncio.gather(
                self._ask_one(self._candidate, request, due),
                self._ask_one(self._baseline, request, later),
            )
            # That stable can't be connected to excuses no error, unless it is so for both.
            gone = stables.unreached and not ours.unreached
            stable_latency = 0 if gone else _latency(stables, later)
            self._session.record(request, _latency(ours, due), stable_latency)
        if self._session.finished:
            self._finished.set()

    async def _ask_one(self, target: Target, request: int, due: int) -> Answer:
        await asyncio.sleep(max(due - perf_counter_ns(), 0) / 1e9)
        sent = perf_counter_ns()
        answer = await target.client.predict(target.bodies[request % len(target.bodies)])
        shape = self._session.shape
        if shape.window_of(request) >= 0:
            self._delays.append(sent - due)
            first = shape.due(request - shape.warm_up)
            target.profile.add(first, answer.ended - due, answer.problem)
            target.unreached += answer.unreached
        return answer

    async def _end(self) -> None:
        """Give the requests that don't matter any more a second to end by themselves."""
        if self._running:
            await asyncio.wait(self._running, timeout=_LAST_ANSWERS_SECONDS)
        for task in self._running:
            task.cancel()

    def _tell(self) -> None:
        delays = sorted(self._delays)
        p99 = delays[len(delays) * 99 // 100] if delays else 0
        told: dict[str, object] = {"requests": len(delays), "p99_send_delay_ms": p99 / 1e6}
        for target in self._targets:
            seen = target.profile.seen(target.client.name)
            told |= {"to": target.client.name, "problems": seen.failures}
            _log.info("load sent", extra=told)
            _log.info(LOAD_PROFILE, extra=seen.model_dump())


def _latency(answer: Answer, due: int) -> int:
    return FAILED if answer.problem else answer.ended - due
