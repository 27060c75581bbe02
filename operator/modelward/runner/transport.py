"""HTTP/1.1 to one server over kept connections: what every protocol but gRPC is spoken on.

    async with Transport("http://fraud.ml.svc:8080", seconds=10) as transport:
        response = await transport.send("POST", "/infer", {"Content-Type": "text/plain"}, b"hi")

One `send` is one request, sent once. It ends with a Response, whatever its status, or with a
RequestFailedError whose `reason` is for people. Redirects are not followed: where they lead is not
the subject. Nothing is asked for compressed, and nothing is unpacked.

However a server behaves, a request ends after `seconds`, an answer takes at most MAX_BODY bytes and
its headers MAX_HEAD, and all answers that are read at a time together take at most MAX_HELD.
ARCHITECTURE.md says why this stands on a parser (llhttp, that of Node.js) and on no client library.
"""

import asyncio
import contextlib
import functools
import re
import socket
from collections import deque
from collections.abc import Mapping
from time import perf_counter_ns
from typing import Literal, Self

from aiohappyeyeballs import AddrInfoType, start_connection

from modelward.runner.address import Address
from modelward.runner.exchange import (
    MAX_BODY,
    MAX_HEAD,
    MAX_HELD,
    NO_ANSWER,
    Connection,
    Held,
    OnChunk,
    RequestFailedError,
    Response,
)
from modelward.runner.tls import SYSTEM, Trust, trouble

MAX_CONNECTIONS = 1000
"""To the server at a time; a request that has to wait for one waits on its own time."""
CONNECT_SECONDS = 5.0
IDLE_NS = 1_000_000_000
"""How long an idle connection is kept: less than any server does, or a request would now and then
meet a connection that its server is just closing, and count as the model's error."""
_UNREACHED: dict[type[BaseException], str] = {
    TimeoutError: "no connection in time",
    ConnectionRefusedError: "connection refused",
    socket.gaierror: "name not resolved",
}
_NOT_REACHED = "no connection"
_NO_WAIT = contextlib.nullcontext()
_ADDRESS_SECONDS = 300.0
_EYEBALLS_SECONDS = 0.25
_PATH = re.compile(r"/[\x21-\x7e]*")
_HEADER = re.compile(r"[\x21-\x39\x3b-\x7e]+: [\x20-\x7e]*")

__all__ = ["MAX_BODY", "MAX_HEAD", "MAX_HELD", "OnChunk", "RequestFailedError", "Response",
           "Transport"]  # fmt: skip


class Transport:
    """Requests to one server, over connections that are kept and opened as needed.

    An async context manager. Connections are reused as service clients do: the one that was used
    last comes first, so that only as many stay open as are needed.
    """

    def __init__(self, base: str, seconds: float, trust: Trust = SYSTEM) -> None:
        """`base` is http://HOST:PORT or https://HOST:PORT, `seconds` how long a request may take.

        `trust` says whose certificates are believed. Raises ValueError for another base.
        """
        self._address = Address.of(base)
        self._tls = trust.context() if self._address.secure else None
        self._seconds = seconds
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)
        self._idle: deque[Connection] = deque()
        self._held = Held()
        self._addresses: list[AddrInfoType] = []
        self._addresses_until = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    async def send(
        self,
        method: Literal["GET", "POST"],
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        on_chunk: OnChunk | None = None,
    ) -> Response:
        """Send a request and return its response, read to its end.

        `path` is percent-encoded, with its query. Host, Content-Length, User-Agent and Accept are
        added. `on_chunk(data, time)` is called for each part of the body as it comes, with the
        time.perf_counter_ns at which it came; what it raises is raised here.

        Raises RequestFailedError, and ValueError for a path or header that no request can have.
        """
        wire = _head(self._address.netloc, method, path, tuple((headers or {}).items()))
        if body is None:
            wire += b"\r\n"
        else:
            wire += b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        until = asyncio.get_running_loop().time() + self._seconds
        await self._take_slot(until)
        connection: Connection | None = None
        try:
            connection = self._kept() or await self._connect(until)
            return await connection.exchange(wire, on_chunk, until)
        finally:
            self._slots.release()
            if connection:
                self._put_back(connection)

    async def _take_slot(self, until: float) -> None:
        """Wait until one more connection may be in use."""
        try:
            # A timeout costs as much as all the rest here, and is seldom needed.
            async with asyncio.timeout_at(until) if self._slots.locked() else _NO_WAIT:
                await self._slots.acquire()
        except TimeoutError:
            raise RequestFailedError(NO_ANSWER) from None

    def _kept(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_reusable and perf_counter_ns() - connection.last_used < IDLE_NS:
                return connection
            connection.close()
        return None

    def _put_back(self, connection: Connection) -> None:
        if connection.is_reusable:
            self._idle.append(connection)
        else:
            connection.close()
        while self._idle and connection.last_used - self._idle[0].last_used > IDLE_NS:
            self._idle.popleft().close()

    async def _connect(self, until: float) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(min(until, loop.time() + CONNECT_SECONDS)):
                connected = await start_connection(
                    await self._resolved(), happy_eyeballs_delay=_EYEBALLS_SECONDS, loop=loop
                )
                try:
                    _, connection = await loop.create_connection(
                        lambda: Connection(self._held),
                        sock=connected,
                        ssl=self._tls,
                        server_hostname=self._address.host if self._tls else None,
                    )
                except BaseException:
                    connected.close()
                    raise
                return connection
        except (OSError, RuntimeError) as error:
            # The name may by now be that of another address.
            self._addresses_until = 0.0
            known = (_UNREACHED[kind] for kind in _UNREACHED if isinstance(error, kind))
            reason = trouble(error) or next(known, _NOT_REACHED)
            raise RequestFailedError(reason, unreached=True) from None

    async def _resolved(self) -> list[AddrInfoType]:
        loop = asyncio.get_running_loop()
        if loop.time() >= self._addresses_until:
            host, port = self._address.host, self._address.port
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            self._addresses = [*found]
            self._addresses_until = loop.time() + _ADDRESS_SECONDS
        return self._addresses


@functools.lru_cache(maxsize=64)
def _head(netloc: str, method: str, path: str, headers: tuple[tuple[str, str], ...]) -> bytes:
    """Return request line and headers, but for the empty line at their end. Raises ValueError."""
    lines = [f"{name}: {value}" for name, value in headers]
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!r} is no path: it begins with / and is percent-encoded")
    for line in lines:
        if not _HEADER.fullmatch(line):
            raise ValueError(f"{line!r} is no header")
    fixed = [f"Host: {netloc}", "User-Agent: modelward-runner", "Accept: */*"]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *fixed, *lines, ""]).encode()
