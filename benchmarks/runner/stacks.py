"""Other HTTP clients for asyncio, each in place of the runner's own below the same schedule.

Each asks as the runner does: one POST of JSON, the answer read whole and parsed, ten seconds at
most, a thousand connections at most, no redirects and no cookies.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import perf_counter_ns
from typing import Any, Protocol

from modelward.protocols.base import Request
from modelward.runner.client import Answer

PATH = "/v2/models/m/infer"
_SECONDS = 10.0
_CONNECTIONS = 1000
_JSON = {"Content-Type": "application/json"}


class Asks(Protocol):
    """What a load needs of a client."""

    name: str

    async def predict(self, request: Request) -> Answer:
        """Ask for a prediction."""
        ...


class _Stack:
    def __init__(self, name: str, post: Callable[[bytes], Any]) -> None:
        self.name = name
        self._post = post

    async def predict(self, request: Request) -> Answer:
        """Ask for a prediction; the time is taken when the body is there."""
        content = await self._post(request.body)
        ended = perf_counter_ns()
        return Answer(document=json.loads(content), ended=ended)


@asynccontextmanager
async def _aiohttp(base: str) -> AsyncIterator[Asks]:
    import aiohttp  # noqa: PLC0415
    from yarl import URL  # noqa: PLC0415

    url = URL(base + PATH)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
        timeout=aiohttp.ClientTimeout(total=_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=_JSON,
    ) as session:

        async def post(body: bytes) -> bytes:
            async with session.post(url, data=body, allow_redirects=False) as response:
                return await response.read()

        yield _Stack("aiohttp", post)


@asynccontextmanager
async def _pyreqwest(base: str) -> AsyncIterator[Asks]:
    from datetime import timedelta  # noqa: PLC0415

    from pyreqwest.client import ClientBuilder  # noqa: PLC0415

    builder = ClientBuilder().timeout(timedelta(seconds=_SECONDS)).max_connections(_CONNECTIONS)
    async with builder.build() as client:

        async def post(body: bytes) -> bytes:
            request = client.post(base + PATH).header("Content-Type", "application/json")
            response = await request.body_bytes(body).build().send()
            return bytes(await response.bytes())

        yield _Stack("pyreqwest", post)


@asynccontextmanager
async def _aiosonic(base: str) -> AsyncIterator[Asks]:
    import aiosonic  # noqa: PLC0415

    async with aiosonic.HTTPClient() as client:

        async def post(body: bytes) -> bytes:
            response = await client.post(base + PATH, data=body, headers=_JSON)
            content: bytes = await response.content()
            return content

        yield _Stack("aiosonic", post)


@asynccontextmanager
async def _httpx(base: str) -> AsyncIterator[Asks]:
    import httpx  # noqa: PLC0415

    limits = httpx.Limits(max_connections=_CONNECTIONS)
    async with httpx.AsyncClient(limits=limits, timeout=_SECONDS) as client:

        async def post(body: bytes) -> bytes:
            content: bytes = (await client.post(base + PATH, content=body, headers=_JSON)).content
            return content

        yield _Stack("httpx", post)


@asynccontextmanager
async def _niquests(base: str) -> AsyncIterator[Asks]:
    import niquests  # noqa: PLC0415

    async with niquests.AsyncSession(pool_maxsize=_CONNECTIONS) as session:

        async def post(body: bytes) -> bytes:
            response = await session.post(
                base + PATH, data=body, headers=_JSON, timeout=_SECONDS, allow_redirects=False
            )
            return response.content or b""

        yield _Stack("niquests", post)


STACKS: dict[str, Callable[[str], AbstractAsyncContextManager[Asks]]] = {
    "pyreqwest": _pyreqwest,
    "aiohttp": _aiohttp,
    "aiosonic": _aiosonic,
    "niquests": _niquests,
    "httpx": _httpx,
}
"""By name, from the base of a URL."""
