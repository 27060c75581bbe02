"""Asks the model that is measured, and tells what came of it."""

from dataclasses import dataclass
from time import perf_counter_ns
from typing import Self

import aiohttp
from yarl import URL

from modelward.benchmark.strictjson import Json, StrictJsonError, loads_floats
from modelward.runner.protocols import Protocol

MAX_BODY = 16 * 1024 * 1024
"""Bytes of an answer that are read; a longer one is a failed request."""
_DETAIL_BYTES = 200
_CONNECT_SECONDS = 5.0
_CONNECTIONS = 1000
_DNS_SECONDS = 300
_IDLE_SECONDS = 1.0
"""How long an idle connection is kept: less than any server does, or a request would now and then
meet a connection that its server is just closing, and count as the model's error."""

_FAULTS: dict[type[BaseException], str] = {
    aiohttp.ClientConnectorDNSError: "name not resolved",
    aiohttp.ConnectionTimeoutError: "no connection in time",
    aiohttp.ClientConnectorError: "no connection",
    TimeoutError: "no answer in time",
    aiohttp.ClientPayloadError: "connection closed within the answer",
    aiohttp.ServerDisconnectedError: "connection closed before the answer",
    ConnectionError: "connection closed before the answer",
    aiohttp.ClientOSError: "connection closed before the answer",
}
"""In this order: the first kind that an error is of counts."""


@dataclass(frozen=True)
class Answer:
    """What came of one request."""

    document: Json = None
    """The JSON of a good answer; numbers are int or float."""
    problem: str | None = None
    """Why the request failed, in few words; None for a good answer."""
    detail: str = ""
    """What the server said of it."""
    status: int | None = None
    """HTTP status, where there was one."""
    unreached: bool = False
    """True where no connection came about, so that the server never saw the request."""
    ended: int = 0
    """When the last byte had come, by time.perf_counter_ns."""


class Client:
    """Requests to one subject over kept connections. An async context manager."""

    def __init__(
        self, base: str, protocol: Protocol, seconds: float, name: str = "the revision"
    ) -> None:
        """`seconds` is how long one request may take, `name` who is asked, for people."""
        self.base = base
        self.name = name
        self.protocol = protocol
        self._infer = URL(base + protocol.path, encoded=True)
        self._ready = URL(base + protocol.ready_path, encoded=True)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=_CONNECTIONS, keepalive_timeout=_IDLE_SECONDS, ttl_dns_cache=_DNS_SECONDS
            ),
            timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=_CONNECT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "modelward-runner", "Content-Type": "application/json"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def predict(self, body: bytes) -> Answer:
        """Ask for a prediction. Anything but JSON with a status of 2xx is a failed request."""
        return await self._ask("POST", self._infer, body)

    async def ready(self) -> Answer:
        """Ask whether the model is there."""
        return await self._ask("GET", self._ready, None)

    async def _ask(self, method: str, url: URL, body: bytes | None) -> Answer:
        # A redirect is not followed: where it leads is not the subject.
        try:
            async with self._session.request(
                method, url, data=body, allow_redirects=False
            ) as response:
                content = await _read(response)
                ended = perf_counter_ns()
                return _judged(response.status, content, ended)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            connecting = aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError
            return Answer(
                problem=describe(error),
                unreached=isinstance(error, connecting),
                ended=perf_counter_ns(),
            )


def describe(error: BaseException) -> str:
    """Return in a few words why a request got no answer."""
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(
        error.os_error, ConnectionRefusedError
    ):
        return "connection refused"
    for kind, words in _FAULTS.items():
        if isinstance(error, kind):
            return words
    return type(error).__name__


async def _read(response: aiohttp.ClientResponse) -> bytes | None:
    """Return the body, None for one that is too long."""
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > MAX_BODY:
            return None
    return bytes(content)


def _judged(status: int, content: bytes | None, ended: int) -> Answer:
    if not 200 <= status < 300:
        detail = (content or b"")[:_DETAIL_BYTES].decode(errors="replace")
        return Answer(problem=f"status {status}", detail=detail, status=status, ended=ended)
    if content is None:
        problem = f"the answer is longer than {MAX_BODY} bytes"
        return Answer(problem=problem, status=status, ended=ended)
    try:
        document = loads_floats(content.decode())
    except (StrictJsonError, UnicodeDecodeError):
        return Answer(problem="the answer is not JSON", status=status, ended=ended)
    return Answer(document=document, status=status, ended=ended)
