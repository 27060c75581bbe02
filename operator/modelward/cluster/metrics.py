"""What operations can measure of the operator itself, for Prometheus.

Names are OpenMetrics' and, where the thing is the same, client-go's (`workqueue_*`). Counters have
labels of few values and no object's name: a series that begins with its first event hides it from
`increase()`, and one for each object that ever was would stay. So every value is there from the
start, as 0; what is told of single objects are gauges, read at the scrape (see
modelward.cluster.inventory).
"""

import platform
from collections.abc import Callable, Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.registry import Collector

from modelward import __version__
from modelward.cluster.documents import Key
from modelward.cluster.kinds import OURS, WATCHED
from modelward.cluster.labels import (
    OUTCOMES,
    STEP_RESULTS,
    STEPS,
    VERDICTS,
    bounded,
)
from modelward.cluster.queue import Observer as QueueObserver
from modelward.cluster.queue import WorkQueue
from modelward.writes import Happening, ReleaseEnded, StepEnded, VerdictReached

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_STEP_SECONDS = (1, 5, 15, 60, 180, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400)

READ_RESULTS = ("Read", "Unreachable", "QueryRefused")
ROUND_RESULTS = ("success", "outdated", "refused", "error")


class Metrics:
    """What one operator process has counted, in a registry of its own."""

    def __init__(self) -> None:
        # They would double the counters; Prometheus' text format has no place for them.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._define_releases()
        self._define_rounds()
        self._define_queues()
        self._define_requests()
        info = self._gauge("modelward_build_info", "Version of the operator; always 1.",
                           "version", "python_version")  # fmt: skip
        info.labels(__version__, platform.python_version()).set(1)

    def happened(self, what: Happening) -> None:
        """Count something that a plan has brought about."""
        match what:
            case ReleaseEnded():
                reason = bounded(what.reason, OUTCOMES[what.outcome])
                self._releases.labels(what.outcome, reason).inc()
            case StepEnded():
                self._steps.labels(what.step, what.result).observe(what.seconds)
            case VerdictReached():
                reason = bounded(what.reason, VERDICTS[what.verdict])
                self._verdicts.labels(what.verdict, reason).inc()

    def round(self, kind: str, result: str, seconds: float) -> None:
        """Count one round of a loop; the result is one of ROUND_RESULTS."""
        self._rounds.labels(kind, result).observe(seconds)

    def request(self, verb: str, resource: str, code: str, seconds: float) -> None:
        """Count one request to the API server."""
        self._requests.labels(verb, resource, code).inc()
        self._request_seconds.labels(verb, resource).observe(seconds)

    def prometheus_read(self, result: str, seconds: float) -> None:
        """Count a reading of users' requests; the result is one of READ_RESULTS."""
        self._readings.labels(result).observe(seconds)

    def watch_restarted(self, resource: str) -> None:
        """Count a watch that was asked for once more."""
        self._restarts.labels(resource).inc()

    def corrected(self, kind: str) -> None:
        """Count an object that the cache had wrong."""
        self._corrections.labels(kind).inc()

    def queue_observer(self, name: str) -> QueueObserver:
        """Return what a queue of this name must be given to be measured."""
        return _Queue(
            self._adds.labels(name),
            self._waited.labels(name),
            self._worked.labels(name),
            self._retries.labels(name),
        )

    def measure_queue(self, name: str, queue: WorkQueue[Key]) -> None:
        """Ask the queue how it is whenever the metrics are read."""
        gauges: tuple[tuple[Gauge, Callable[[], float]], ...] = (
            (self._depth, lambda: len(queue)),
            (self._unfinished, lambda: queue.unfinished),
            (self._longest, lambda: queue.oldest),
        )
        for gauge, read in gauges:
            gauge.labels(name).set_function(read)

    def read_at_scrape(self, collector: Collector) -> None:
        """Ask the collector whenever the metrics are read."""
        self.registry.register(collector)

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _define_releases(self) -> None:
        self._releases = self._counter(
            "modelward_releases", "Releases that ended, by how and why.", "outcome", "reason",
            known=((outcome, why) for outcome, reasons in OUTCOMES.items() for why in reasons),
        )  # fmt: skip
        self._verdicts = self._counter(
            "modelward_verdicts", "BenchmarkRuns that finished, by verdict and why.",
            "verdict", "reason",
            known=((verdict, why) for verdict, reasons in VERDICTS.items() for why in reasons),
        )  # fmt: skip
        self._steps = self._histogram(
            "modelward_step_duration_seconds",
            "Time that steps of releases took, without the time that spec.paused held them.",
            "step", "result", buckets=_STEP_SECONDS,
            known=((step, result) for step in STEPS for result in STEP_RESULTS),
        )  # fmt: skip

    def _define_rounds(self) -> None:
        self._rounds = self._histogram(
            "modelward_reconcile_duration_seconds",
            "Time to observe, decide and act for one object. Result refused: by the API server; "
            "outdated: the object had changed meanwhile; error: a bug.",
            "kind", "result",
            known=((kind.name, result) for kind in OURS for result in ROUND_RESULTS),
        )  # fmt: skip
        self._corrections = self._counter(
            "modelward_cache_corrections",
            "Objects whose change no watch had told, found by the periodic check.",
            "kind", known=((kind.name,) for kind in WATCHED),
        )  # fmt: skip

    def _define_queues(self) -> None:
        names = [(kind.name,) for kind in OURS]
        self._adds = self._counter(
            "workqueue_adds", "Keys that were added to the queue.", "name", known=names
        )
        self._retries = self._counter(
            "workqueue_retries", "Keys that failed and were queued again.", "name", known=names
        )
        self._waited = self._histogram(
            "workqueue_queue_duration_seconds", "Time that keys waited for a worker.",
            "name", known=names,
        )  # fmt: skip
        self._worked = self._histogram(
            "workqueue_work_duration_seconds", "Time that workers spent on keys.",
            "name", known=names,
        )  # fmt: skip
        self._depth = self._gauge("workqueue_depth", "Keys that wait for a worker.", "name")
        self._unfinished = self._gauge(
            "workqueue_unfinished_work_seconds",
            "Time that keys have been worked on that still are, together.", "name",
        )  # fmt: skip
        self._longest = self._gauge(
            "workqueue_longest_running_processor_seconds",
            "Time that the key has been worked on that takes longest.", "name",
        )  # fmt: skip

    def _define_requests(self) -> None:
        self._requests = self._counter(
            "modelward_api_requests",
            "Requests to the API server, named as in its audit log and in RBAC; an empty resource "
            "is a discovery, code <error> no answer.",
            "verb", "resource", "code",
        )  # fmt: skip
        self._request_seconds = self._histogram(
            "modelward_api_request_duration_seconds",
            "Time until the head of the API server's answer.", "verb", "resource",
        )  # fmt: skip
        self._readings = self._histogram(
            "modelward_prometheus_read_duration_seconds",
            "Time to read users' requests from Prometheus, for gates of weight steps. Result "
            "Unreachable: no whole answer in time; QueryRefused: it does not take the query.",
            "result", known=((result,) for result in READ_RESULTS),
        )  # fmt: skip
        self._restarts = self._counter(
            "modelward_watch_restarts",
            "Watches that were asked for once more, which is every five minutes in the ordinary "
            "course.",
            "resource", known=((kind.plural,) for kind in WATCHED),
        )  # fmt: skip

    def _counter(
        self, name: str, text: str, *labels: str, known: Iterable[tuple[str, ...]] = ()
    ) -> Counter:
        counter = Counter(name, text, labels, registry=self.registry)
        for values in known:
            counter.labels(*values)
        return counter

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _histogram(
        self,
        name: str,
        text: str,
        *labels: str,
        buckets: Iterable[float] = _SECONDS,
        known: Iterable[tuple[str, ...]] = (),
    ) -> Histogram:
        histogram = Histogram(name, text, labels, buckets=tuple(buckets), registry=self.registry)
        for values in known:
            histogram.labels(*values)
        return histogram


class _Queue(QueueObserver):
    """Measures one queue; its series are looked up once, as this is called for every key."""

    def __init__(
        self, adds: Counter, waited: Histogram, worked: Histogram, retries: Counter
    ) -> None:
        self._adds, self._waited, self._worked, self._retries = adds, waited, worked, retries

    def added(self) -> None:
        self._adds.inc()

    def taken(self, waited: float) -> None:
        self._waited.observe(waited)

    def finished(self, worked: float) -> None:
        self._worked.observe(worked)

    def retried(self) -> None:
        self._retries.inc()
