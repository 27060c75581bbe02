"""What operations can measure of the operator itself, for Prometheus."""

import logging
from collections.abc import Callable, Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from modelward import __version__

log = logging.getLogger(__name__)

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30)


class Metrics:
    """Counters of one operator process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._turns = {
            "releases": self._counter(
                "modelward_releases", "Releases that ended.", "outcome", "reason"
            ),
            "verdicts": self._counter(
                "modelward_benchmark_runs", "BenchmarkRuns that finished.", "verdict", "reason"
            ),
        }
        self._rounds = self._histogram(
            "modelward_round_seconds", "Time to observe, decide and act.", "kind", "outcome"
        )
        self._requests = self._histogram(
            "modelward_api_request_seconds",
            "Time until the API server answered; code 0: it did not.",
            "verb", "kind", "code",
        )  # fmt: skip
        self._depth = Gauge(
            "modelward_queue_depth", "Keys that wait for a worker.", ["kind"],
            registry=self.registry,
        )  # fmt: skip
        self._rebuilt = self._counter(
            "modelward_cache_corrections", "Objects whose change a watch had not told.", "kind"
        )
        Gauge(
            "modelward_build_info", "Version of the operator.", ["version"], registry=self.registry
        ).labels(__version__).set(1)

    def turns(self, counted: Iterable[tuple[str, str]]) -> None:
        """Count what a plan says has happened: pairs of a name and `value/reason`."""
        for name, value in counted:
            main, _, reason = value.partition("/")
            if name in self._turns:
                self._turns[name].labels(main, reason).inc()
            else:
                log.error("There is no metric %r.", name)

    def round(self, kind: str, outcome: str, seconds: float) -> None:
        """Count one round of a loop."""
        self._rounds.labels(kind, outcome).observe(seconds)

    def request(self, verb: str, kind: str, status: int, seconds: float) -> None:
        """Count one request to the API server."""
        self._requests.labels(verb, kind, str(status)).observe(seconds)

    def corrected(self, kind: str) -> None:
        """Count an object that the cache had wrong."""
        self._rebuilt.labels(kind).inc()

    def watch_depth(self, kind: str, depth: Callable[[], float]) -> None:
        """Ask for the depth of a queue whenever the metrics are read."""
        self._depth.labels(kind).set_function(depth)

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(name, text, labels, buckets=_SECONDS, registry=self.registry)
