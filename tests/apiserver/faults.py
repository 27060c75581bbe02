"""A proxy between an operator and its API server that fails as it is told.

Made here on aiohttp, as the known ones fall short: toxiproxy and its like shape TCP streams and
know neither status codes nor watches, and mitmproxy brings a second HTTP and TLS stack along.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web
from kubernetes.aio.client import Configuration

from modelward.cluster.connection import configure

WRITES = frozenset({"create", "patch", "delete"})
_OF_ONE_HOP = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding"}
)


@dataclass(frozen=True)
class Asked:
    """What a request is for, in Kubernetes' words."""

    verb: str
    """get, list, watch, create, patch or delete."""
    resource: str
    """As in the URL; with /status for that subresource."""


@dataclass
class Exchange:
    """One request, not answered yet."""

    request: web.Request
    asked: Asked
    session: aiohttp.ClientSession
    server: str

    async def forward(self) -> web.StreamResponse:
        """Let the API server answer."""
        async with self._sent() as answer:
            headers = {k: v for k, v in answer.headers.items() if k.lower() not in _OF_ONE_HOP}
            response = web.StreamResponse(status=answer.status, headers=headers)
            with suppress(ConnectionResetError):  # who asked is gone
                await response.prepare(self.request)
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
        return response

    async def carry_out(self) -> None:
        """Let the API server do what was asked, and keep its answer."""
        async with self._sent() as answer:
            await answer.read()

    def cut(self) -> web.StreamResponse:
        """End the connection without an answer."""
        assert self.request.transport is not None
        self.request.transport.abort()
        return web.Response()

    @asynccontextmanager
    async def _sent(self) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {k: v for k, v in self.request.headers.items() if k.lower() not in _OF_ONE_HOP}
        async with self.session.request(
            self.request.method,
            f"{self.server}{self.request.path_qs}",
            headers=headers,
            data=await self.request.read() or None,
            skip_auto_headers=("Accept", "Content-Type", "User-Agent"),
        ) as answer:
            yield answer


Fault = Callable[[Exchange], Awaitable[web.StreamResponse]]


@dataclass
class Rule:
    """When something goes wrong, and how: of the requests that match, every so many."""

    matches: Callable[[Asked], bool]
    fault: Fault
    every: int = 1
    seen: int = 0
    hits: int = 0

    def strikes(self, asked: Asked) -> bool:
        """Tell whether this request fails, and count it."""
        if not self.matches(asked):
            return False
        self.seen += 1
        struck = self.seen % self.every == 0
        self.hits += struck
        return struck


@dataclass
class FaultyProxy:
    """Passes requests on, but for those that a rule strikes; the first such rule counts."""

    configuration: Configuration
    rules: list[Rule] = field(default_factory=list)
    port: int = 0
    _runner: web.AppRunner | None = None
    _session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Listen; on the same port as before, if it did."""
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=_ssl(self.configuration), limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        )
        # Whoever is answered may go away at any time, and its watch with it.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Be gone: end all connections and refuse new ones."""
        if self._runner and self._session:
            await self._runner.cleanup()
            await self._session.close()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        assert self._session is not None
        exchange = Exchange(request, asked(request), self._session, str(self.configuration.host))
        rule = next((rule for rule in self.rules if rule.strikes(exchange.asked)), None)
        return await (rule.fault(exchange) if rule else exchange.forward())

    def kubeconfig(self, folder: Path) -> Path:
        """Write a kubeconfig that leads here; who asks is who the proxy is."""
        named = {"name": "proxy"}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{**named, "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
            "users": [{**named, "user": {}}],
            "contexts": [{**named, "context": {"cluster": "proxy", "user": "proxy"}}],
            "current-context": "proxy",
        }
        path = folder / "proxy.kubeconfig"
        path.write_text(json.dumps(document))
        return path


@asynccontextmanager
async def proxying(kubeconfig: Path) -> AsyncIterator[FaultyProxy]:
    """A proxy of the API server of this kubeconfig."""
    proxy = FaultyProxy(await configure(kubeconfig, None))
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()


def asked(request: web.Request) -> Asked:
    """Read a request as the API server would."""
    parts = request.path.strip("/").split("/")[2 if request.path.startswith("/api/") else 3 :]
    if parts[:1] == ["namespaces"] and len(parts) > 2:
        parts = parts[2:]
    names_one = len(parts) > 1
    reading = "watch" if "watch" in request.query else "get" if names_one else "list"
    verbs = {"POST": "create", "PATCH": "patch", "DELETE": "delete"}
    resource = "/".join(parts[::2]) if len(parts) < 3 else f"{parts[0]}/{parts[2]}"
    return Asked(verbs.get(request.method, reading), resource)


def _ssl(configuration: Configuration) -> ssl.SSLContext:
    assert configuration.cert_file is not None
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context


def any_write(asked: Asked) -> bool:
    """Match writes."""
    return asked.verb in WRITES


def any_watch(asked: Asked) -> bool:
    """Match watches."""
    return asked.verb == "watch"


def anything(_: Asked) -> bool:
    """Match every request."""
    return True


def answers(code: int, reason: str = "", retry_after: int | None = None) -> Fault:
    """Answer with a Status, and do nothing."""

    async def answer(_: Exchange) -> web.StreamResponse:
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        return web.json_response(_status(code, reason), status=code, headers=headers)

    return answer


def slowly(seconds: float) -> Fault:
    """Answer after a while."""

    async def answer(exchange: Exchange) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await exchange.forward()

    return answer


async def cut_before(exchange: Exchange) -> web.StreamResponse:
    """Cut the connection before the API server hears of the request."""
    return exchange.cut()


async def cut_after(exchange: Exchange) -> web.StreamResponse:
    """Cut the connection when the API server has done what was asked."""
    await exchange.carry_out()
    return exchange.cut()


async def dead(_: Exchange) -> web.StreamResponse:
    """Never answer, as on a connection whose other end is gone without a word."""
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


async def silent(exchange: Exchange) -> web.StreamResponse:
    """Accept a watch and never tell of anything."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(exchange.request)
    return await dead(exchange)


def cut_within(seconds: float) -> Fault:
    """Cut a watch after a while."""

    async def answer(exchange: Exchange) -> web.StreamResponse:
        try:
            async with asyncio.timeout(seconds):
                return await exchange.forward()
        except TimeoutError:
            return exchange.cut()

    return answer


def error_event(code: int, reason: str) -> Fault:
    """End a watch by an ERROR event."""

    async def answer(exchange: Exchange) -> web.StreamResponse:
        event = {"type": "ERROR", "object": _status(code, reason)}
        return web.Response(text=json.dumps(event) + "\n", content_type="application/json")

    return answer


def _status(code: int, reason: str) -> dict[str, object]:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": f"{reason or code}, as told",
    }
