"""The server that all tools ask: it answers at once, or after latencies that are known.

    python -m benchmarks.runner.server at-once | delays | stall | endless

It answers in the order of the delays and not in that of the requests, so that one slow request
holds up no other. With `stall` nothing is answered for two seconds, eight after the first request;
with `endless` answers begin and never end.
"""

import asyncio
import heapq
import itertools
import sys
from time import perf_counter_ns
from typing import cast

import httptools
import uvloop

from benchmarks.runner import truth
from modelward.runner.alarm import Alarm

ANSWER = b'{"model_name":"m","outputs":[{"name":"y","shape":[1],"datatype":"INT64","data":[14]}]}'
_WIRE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
    len(ANSWER),
    ANSWER,
)
_SECOND = 1_000_000_000
_NAP = int(truth.SHORTEST * _SECOND / 2)


class Delays:
    """Answers each request after its delay."""

    def __init__(self, *, stalls: bool) -> None:
        self._delays = itertools.cycle(int(each * _SECOND) for each in truth.latencies())
        self._stalls = stalls
        self._first = 0
        self._due: list[tuple[int, int, asyncio.Transport]] = []
        self._numbers = itertools.count()

    def answer(self, connection: asyncio.Transport) -> None:
        """Answer a request that has just come."""
        now = perf_counter_ns()
        self._first = self._first or now
        if self._stalls:
            began = self._first + int(truth.STALL_AFTER * _SECOND)
            ends = began + int(truth.STALL_SECONDS * _SECOND)
            now = ends if began <= now < ends else now
        due = now + next(self._delays)
        heapq.heappush(self._due, (due, next(self._numbers), connection))

    async def run(self) -> None:
        """Send the answers when they are due, for ever."""
        with Alarm() as alarm:
            while True:
                # What comes meanwhile is due later than that.
                soon = perf_counter_ns() + _NAP
                await alarm.until(min(soon, self._due[0][0]) if self._due else soon)
                while self._due and self._due[0][0] <= perf_counter_ns():
                    connection = heapq.heappop(self._due)[2]
                    if not connection.is_closing():
                        connection.write(_WIRE)


class Connection(asyncio.Protocol):
    """One connection of a tool."""

    def __init__(self, delays: Delays | None) -> None:
        self._delays = delays
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Parse a part of a request."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Answer, now or later."""
        if self._delays:
            self._delays.answer(self._transport)
        else:
            self._transport.write(_WIRE)


class Endless(Connection):
    """A connection on which answers never end."""

    _sends = False

    def pause_writing(self) -> None:
        """Wait until what was written is on its way."""
        self._sends = False

    def resume_writing(self) -> None:
        """Go on."""
        self._sends = True
        self._send()

    def on_message_complete(self) -> None:
        """Begin an answer."""
        self._transport.write(b"HTTP/1.1 200 OK\r\n\r\n")
        self.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """End with the connection."""
        self._sends = False

    def _send(self) -> None:
        if self._sends:
            self._transport.write(bytes(65_536))
            asyncio.get_running_loop().call_soon(self._send)


async def serve(mode: str) -> None:
    """Serve on a free port of the loopback interface until standard input ends; print the URL."""
    delays = Delays(stalls=mode == "stall") if mode in ("delays", "stall") else None
    kind = Endless if mode == "endless" else Connection
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: kind(delays), "127.0.0.1", 0, backlog=1000)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    answers = asyncio.create_task(delays.run()) if delays else None
    await ended.wait()
    if answers:
        answers.cancel()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
