"""Pods that count requests and expose the counters, all in one server on this machine."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import web
from prometheus_client import CollectorRegistry, Histogram, generate_latest

CODES = ("500", "502", "503")


@dataclass
class CountingPod:
    """One pod: a counter for each code appears with the first request that it counts."""

    name: str
    namespace: str
    error_rate: float = 0.0
    requests_each_tick: int = 10
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    counters: Counter[str] = field(default_factory=Counter)
    served: Counter[str] = field(default_factory=Counter)
    """In truth, whatever its process forgot."""
    at_scrapes: list[Counter[str]] = field(default_factory=list)
    """What was served until each scrape."""
    restart_at: int | None = None
    """Number of the scrape after which its process begins anew."""

    def tick(self) -> None:
        for _ in range(self.requests_each_tick):
            failed = self.chance.random() < self.error_rate
            code = self.chance.choice(CODES) if failed else "200"
            self.counters[code] += 1
            self.served[code] += 1

    def scrape(self) -> str:
        """Return the metrics; the process may end right after."""
        lines = [
            "# TYPE requests_total counter",
            *(f'requests_total{{code="{code}"}} {n}' for code, n in sorted(self.counters.items())),
        ]
        self.at_scrapes.append(self.served.copy())
        if self.restart_at == len(self.at_scrapes):
            self.counters.clear()
        return "\n".join(lines) + "\n"

    @property
    def between_scrapes(self) -> tuple[int, int]:
        """Requests and bad ones between the first scrape and the last, in truth."""
        counted = self.at_scrapes[-1] - self.at_scrapes[0]
        return counted.total(), sum(counted[code] for code in CODES)


LATENCIES = ((0.02, 90), (0.2, 7), (0.7, 2), (5.0, 1))
"""Seconds that requests take, and how many of a hundred do."""
BOUNDS = (0.05, 0.1, 0.25, 1.0)


@dataclass
class TimedPod(CountingPod):
    """A pod whose histogram is that of the official client; `served` is by seconds."""

    histogram: Histogram | None = None
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def tick(self) -> None:
        if self.histogram is None:
            self.registry = CollectorRegistry()
            self.histogram = Histogram(
                "request_duration_seconds", "Time.", buckets=BOUNDS, registry=self.registry
            )
        seconds, weights = zip(*LATENCIES, strict=True)
        for took in self.chance.choices(seconds, weights, k=self.requests_each_tick):
            self.histogram.observe(took)
            self.served[str(took)] += 1

    def scrape(self) -> str:
        """Return the metrics; the process may end right after."""
        text = generate_latest(self.registry).decode()
        self.at_scrapes.append(self.served.copy())
        if self.restart_at == len(self.at_scrapes):
            self.histogram = None
            self.tick()
        return text


@dataclass
class CountingPods:
    """All pods that Prometheus discovers, by name."""

    pods: dict[str, CountingPod] = field(default_factory=dict)
    keep_up: Callable[[], None] = lambda: None
    """Called at every tick, so that pods can come and go."""
    port: int = 0

    @property
    def discovery(self) -> str:
        """URL of the HTTP service discovery."""
        return f"http://127.0.0.1:{self.port}/targets"

    def add(self, pod: CountingPod) -> CountingPod:
        self.pods[pod.name] = pod
        return pod

    async def targets(self, _: web.Request) -> web.Response:
        return web.json_response(
            [
                {
                    "targets": [f"127.0.0.1:{self.port}"],
                    "labels": {
                        "__metrics_path__": f"/{pod.name}/metrics",
                        "instance": f"{pod.name}:8080",
                        "pod": pod.name,
                        "namespace": pod.namespace,
                    },
                }
                for pod in self.pods.values()
            ]
        )

    async def metrics(self, request: web.Request) -> web.Response:
        pod = self.pods.get(request.match_info["pod"])
        if pod is None:
            raise web.HTTPNotFound
        return web.Response(text=pod.scrape())

    async def live(self, seconds: float = 0.1) -> None:
        while True:
            self.keep_up()
            for pod in list(self.pods.values()):
                pod.tick()
            await asyncio.sleep(seconds)


@asynccontextmanager
async def counting() -> AsyncIterator[CountingPods]:
    """Serve pods and their metrics meanwhile."""
    pods = CountingPods()
    app = web.Application()
    app.add_routes([web.get("/targets", pods.targets), web.get("/{pod}/metrics", pods.metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    pods.port = runner.addresses[0][1]
    task = asyncio.create_task(pods.live())
    try:
        yield pods
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await runner.cleanup()
