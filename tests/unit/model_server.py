"""A real HTTP server with known faults, for tests of the runner."""

import asyncio
import contextlib
import random
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class ModelServer:
    """Answers {"prediction": inputs * 2} on /predict and the same by v2, or as its faults say."""

    error_share: float = 0.0
    """Share of predictions with status 500."""
    slow_share: float = 0.0
    slow_seconds: float = 0.12
    wrong: frozenset[int] = frozenset()
    """Inputs that are answered wrongly."""
    random_answers: bool = False
    is_ready: bool = True
    predict: Handler | None = None
    """Takes the place of all that."""
    rows: Handler | None = None
    """Answers /rows.jsonl, where a data set is."""
    rng: random.Random = field(default_factory=lambda: random.Random(1))
    requests: int = 0
    enough: int | None = None
    """So many predictions set `had_enough`."""
    had_enough: asyncio.Event = field(default_factory=asyncio.Event)
    tls: ssl.SSLContext | None = None
    """How it speaks TLS, where it does."""
    url: str = ""

    async def _prediction(self, request: web.Request) -> int:
        self.requests += 1
        if self.requests == self.enough:
            self.had_enough.set()
        inputs = (await request.json())["inputs"]
        if self.rng.random() < self.error_share:
            raise web.HTTPInternalServerError(text="out of luck")
        if self.rng.random() < self.slow_share:
            await asyncio.sleep(self.slow_seconds)
        if self.random_answers:
            return self.rng.randrange(1000)
        value: int = inputs[0]["data"][0]
        return 2 * value + (value in self.wrong)

    async def _v2(self, request: web.Request) -> web.StreamResponse:
        if self.predict:
            return await self.predict(request)
        prediction = await self._prediction(request)
        return web.json_response({"outputs": [{"name": "y", "data": [prediction]}]})

    async def _ready(self, _: web.Request) -> web.Response:
        return web.Response(status=200 if self.is_ready else 503)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["ModelServer"]:
        """Serve on a free port of the loopback interface; `url` says where."""
        app = web.Application()
        app.router.add_get("/v2/models/m/ready", self._ready)
        app.router.add_post("/v2/models/m/infer", self._v2)
        app.router.add_post("/predict", self._v2)
        if self.rows:
            app.router.add_get("/rows.jsonl", self.rows)
        async with serving_app(app, self.tls) as self.url:
            yield self


@contextlib.asynccontextmanager
async def serving_app(
    app: web.Application, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Serve an application on a free port of the loopback interface; yield its URL."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextlib.contextmanager
def serving(server: ModelServer) -> Iterator[str]:
    """Serve from another thread; yields the URL."""
    loop, done, up = asyncio.new_event_loop(), asyncio.Event(), threading.Event()

    async def serve() -> None:
        async with server.serving():
            up.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    assert up.wait(10)
    try:
        yield server.url
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)
        loop.close()
