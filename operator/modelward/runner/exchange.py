"""One connection: writes a request, reads the response, within bounds whatever comes."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import cast

import httptools

MAX_BODY = 16 * 1024 * 1024
"""Bytes of an answer's body; a longer one is a failed request."""
MAX_HEAD = 64 * 1024
"""Bytes of an answer's status line, headers and trailers, and of interim answers before it."""
MAX_HELD = 64 * 1024 * 1024
"""Bytes of all bodies that are being read at a time."""
_CHUNK_FRAME = 32
"""Bytes around a chunk that are allowed on top: its length, line ends and a short extension."""

NO_ANSWER = "no answer in time"
_LONG_HEAD = f"headers longer than {MAX_HEAD} bytes"

OnChunk = Callable[[bytes, int], None]
"""Called with a part of a body and the time.perf_counter_ns at which it came."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response that was read to its end."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case; those of one name joined by a comma."""
    body: bytes
    ended: int
    """When the last byte had come, by time.perf_counter_ns."""


class RequestFailedError(Exception):
    """A request without a whole response; `reason` says why in few words."""

    def __init__(self, reason: str, *, status: int | None = None, unreached: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        """Of an answer that began."""
        self.unreached = unreached
        """True where no connection came about, so that the server never saw the request."""
        self.ended = perf_counter_ns()
        """When that was known, by time.perf_counter_ns."""


@dataclass
class Held:
    """Bytes of bodies that are being read, over all connections of a transport."""

    bytes: int = 0


@dataclass(slots=True)
class _Answer:
    """As much of an answer as has come."""

    status: int | None = None
    headers: dict[str, list[str]] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    wire: int = 0
    """Bytes in all."""
    head: int = 0
    """Bytes of headers."""
    chunks: int = 0
    until_eof: bool = False
    """Whether the body ends where the connection does."""

    @property
    def frame(self) -> int:
        """Bytes that are no body, but for what frames its chunks."""
        return self.wire - len(self.body) - self.chunks * _CHUNK_FRAME


class Connection(asyncio.Protocol):
    """A connection to the server, for one request at a time.

    It reports what is wrong with an answer by ending the request, never by an exception into the
    event loop.
    """

    def __init__(self, held: Held) -> None:
        self._held = held
        self._socket: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._waiting: asyncio.Future[Response] | None = None
        self._on_chunk: OnChunk | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._now = 0
        self._answer = _Answer()
        self.is_reusable = False
        """Whether another request can be sent: the last one has its whole answer."""
        self.last_used = 0
        """When the last answer ended, by time.perf_counter_ns."""

    @property
    def status(self) -> int | None:
        """Status of the answer that is being read, once it is known."""
        return self._answer.status

    def exchange(
        self, wire: bytes, on_chunk: OnChunk | None, until: float
    ) -> "asyncio.Future[Response]":
        """Write a request and return what becomes of it: a Response or a RequestFailedError.

        `until` is the event loop's time at which the request is given up.
        """
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        self._waiting, self._on_chunk = waiting, on_chunk
        self._timer = loop.call_at(until, self._give_up)
        self.is_reusable = False
        if self._socket is None or self._socket.is_closing():
            self._end_with(self._failed("connection closed before the answer"))
        else:
            self._socket.write(wire)
        return waiting

    def close(self) -> None:
        """Close at once; what was not written yet is dropped."""
        self.is_reusable = False
        self._let_go()
        if self._socket:
            self._socket.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket (called by the event loop)."""
        # uvloop's transports are no subclass.
        self._socket = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Parse what has come (called by the event loop)."""
        if self._waiting is None or self._waiting.done() or self._parser is None:
            # Nobody has asked: the two sides are out of step.
            self.close()
            return
        self._now = perf_counter_ns()
        self._answer.wire += len(data)
        try:
            self._parser.feed_data(data)
            if self._waiting and self._answer.frame > MAX_HEAD:
                self._end_with(self._failed(_LONG_HEAD))
        except httptools.HttpParserUpgrade:
            self._end_with(self._failed("the server changes the protocol"))
        except httptools.HttpParserError as error:
            # What a callback raised is the context; anything else is about the answer's form.
            self._end_with(error.__context__ or self._failed("the answer is not HTTP"))

    def eof_received(self) -> None:
        """Take note that the server sends no more (called by the event loop)."""
        self._now = perf_counter_ns()
        if self._answer.until_eof:
            self._complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note that the connection has gone (called by the event loop)."""
        where = "before" if self.status is None else "within"
        self._end_with(self._failed(f"connection closed {where} the answer"))
        self._parser = None  # they refer to each other

    def on_message_begin(self) -> None:
        """Refuse a second answer (called by the parser)."""
        if self._waiting is None:
            raise self._failed("more than one answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header or trailer, if that is not too much (called by the parser)."""
        self._answer.head += len(name) + len(value)
        if self._answer.head > MAX_HEAD:
            raise self._failed(_LONG_HEAD)
        values = self._answer.headers.setdefault(name.decode("latin-1").lower(), [])
        values.append(value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        """Take note of the status (called by the parser)."""
        assert self._parser
        headers = self._answer.headers
        self._answer.status = self._parser.get_status_code()
        self._answer.until_eof = not headers.keys() & {"content-length", "transfer-encoding"}

    def on_chunk_header(self) -> None:
        """Count a chunk (called by the parser)."""
        self._answer.chunks += 1

    def on_body(self, data: bytes) -> None:
        """Keep a part of the body, if that is not too much (called by the parser)."""
        self._answer.body += data
        self._held.bytes += len(data)
        if len(self._answer.body) > MAX_BODY:
            raise self._failed(f"the answer is longer than {MAX_BODY} bytes")
        if self._held.bytes > MAX_HELD:
            raise self._failed(f"answers longer than {MAX_HELD} bytes at a time")
        if self._on_chunk:
            self._on_chunk(data, self._now)

    def on_message_complete(self) -> None:
        """End the request, unless this was an interim answer (called by the parser)."""
        assert self._parser
        if self.status is not None and self.status < 200:
            self._answer.headers, self._answer.status = {}, None
            return
        self.is_reusable = self._parser.should_keep_alive()
        self._complete()

    def _complete(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting and not waiting.done() and self.status is not None:
            headers = {name: ", ".join(values) for name, values in self._answer.headers.items()}
            body = bytes(self._answer.body)
            waiting.set_result(Response(self.status, headers, body, self._now))
        self.last_used = self._now
        self._let_go()

    def _failed(self, reason: str) -> RequestFailedError:
        return RequestFailedError(reason, status=self.status)

    def _end_with(self, problem: BaseException) -> None:
        """End the request, if there is one, with what is wrong, and the connection."""
        waiting, self._waiting = self._waiting, None
        if waiting and not waiting.done():
            waiting.set_exception(problem)
        self.close()

    def _give_up(self) -> None:
        self._end_with(self._failed(NO_ANSWER))

    def _let_go(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._held.bytes -= len(self._answer.body)
        self._answer = _Answer()
