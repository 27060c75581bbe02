"""The operator's own HTTP endpoints: /healthz, /readyz and /metrics."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from modelward.cluster.metrics import Metrics

Check = Callable[[], str | None]
"""Returns what is wrong, or None."""


@asynccontextmanager
async def endpoints(
    host: str, port: int, *, live: Check, ready: Check, metrics: Metrics
) -> AsyncIterator[int]:
    """Serve meanwhile, and yield the port, which is a free one for port 0.

    That an answer comes at all shows that the event loop turns.
    """

    async def render(_: web.Request) -> web.Response:
        return web.Response(body=metrics.render(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz", _answering(live))
    app.router.add_get("/readyz", _answering(ready))
    app.router.add_get("/metrics", render)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def _answering(check: Check) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        problem = check()
        return web.Response(text=problem or "ok", status=503 if problem else 200)

    return answer
