"""What the story server counts of its users' requests, as Prometheus scrapes it."""

import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RequestMetrics:
    """Predictions that were asked for: how many by status, and how long they took."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "requests", "Predictions, by HTTP status.", ["code"], registry=self._registry
        )
        self._seconds = Histogram(
            "request_duration_seconds", "Time that predictions took.", registry=self._registry
        )

    @web.middleware
    async def count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count a prediction; probes, scrapes and what a story tells the server are none."""
        began = time.perf_counter()
        answer = await handler(request)
        if request.method == "POST":
            self._requests.labels(str(answer.status)).inc()
            self._seconds.observe(time.perf_counter() - began)
        return answer

    async def render(self, _: web.Request) -> web.Response:
        """Answer a scrape in Prometheus' text format."""
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
