"""Pods that count requests, a metrics server that scrapes them, and the run that judges them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.benchmark.decide import decide
from modelward.benchmark.live.counting import to_millis
from modelward.benchmark.live.decide import due
from modelward.benchmark.live.scalars import Scalar
from modelward.benchmark.live.scrapes import Reading, Series
from modelward.benchmark.snapshot import LivePod, LiveView, RunSnapshot, Unread
from modelward.writes import Announce, PatchStatus, Plan
from tests.unit.benchmark_world import IMAGE, START, a_run

CANDIDATE, STABLE = "fraud-x7f9k2m4q1", "fraud-b2c4d5f6g7"
BAD, TOTAL = 'requests_total{code=~"5.."}', "requests_total"
SCRAPE = 10
LIVE_ERRORS: dict[str, Any] = {
    "name": "errors",
    "prometheus": {"bad": BAD, "total": TOTAL},
    "objective": {"atMost": "5%", "expected": "1%"},
}
BUCKETS = "request_duration_seconds_bucket"
LIVE_LATENCY: dict[str, Any] = {
    "name": "latency",
    "prometheus": {"latency": BUCKETS, "quantile": "p90"},
    "objective": {"atMost": "250ms", "expected": "100ms"},
}
QUEUE: dict[str, Any] = {
    "name": "queue",
    "prometheus": {"query": 'sum(queue_length{pod=~"$pods"})'},
    "objective": {"atMost": "100"},
    "effect": "report",
}
VERSUS_STABLE: dict[str, Any] = LIVE_ERRORS | {
    "name": "errors-vs-stable",
    "objective": {"versus": "stable", "worseByAtMost": "100%"},
}


def pod_of(replica_set: str, number: int = 1) -> str:
    """Return the name of a ReplicaSet's pod."""
    return f"{replica_set}-{number:05d}"


@dataclass
class Fleet:
    """What pods have counted by code, and what was scraped of it."""

    now: int = field(default_factory=lambda: to_millis(START))
    counters: dict[str, dict[str, float]] = field(default_factory=dict)
    up: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    samples: dict[tuple[str, str], list[tuple[int, float]]] = field(default_factory=dict)
    bounds: tuple[str, ...] = ("0.1", "0.25", "1.0", "+Inf")
    """Of the buckets of pods that `take` some time to answer."""
    buckets: dict[str, dict[str, float]] = field(default_factory=dict)
    bucket_samples: dict[tuple[str, str], list[tuple[int, float]]] = field(default_factory=dict)
    values: dict[str, Scalar] = field(default_factory=dict)
    """What expressions come to."""

    def serve(self, pod: str, good: int, bad: int = 0, code: str = "500") -> None:
        """Let a pod answer requests; a counter appears with the first that it counts."""
        counted = self.counters.setdefault(pod, {})
        for status, number in (("200", good), (code, bad)):
            if number:
                counted[status] = counted.get(status, 0) + number

    def take(self, pod: str, seconds: float, requests: int) -> None:
        """Let a pod answer requests, each in so many seconds; its histogram begins with them."""
        counted = self.buckets.setdefault(pod, dict.fromkeys(self.bounds, 0.0))
        for bound in self.bounds:
            counted[bound] += requests * (seconds <= float(bound))

    def restart(self, pod: str) -> None:
        """Let the process of a pod begin anew."""
        self.counters[pod] = {}
        self.buckets.pop(pod, None)

    def scrape(self, *, failing: tuple[str, ...] = ()) -> None:
        """Scrape all pods now."""
        for pod, counted in self.counters.items():
            works = pod not in failing
            self.up.setdefault(pod, []).append((self.now, float(works)))
            for code, value in counted.items() if works else ():
                self.samples.setdefault((pod, code), []).append((self.now, value))
            for bound, value in self.buckets.get(pod, {}).items() if works else ():
                self.bucket_samples.setdefault((pod, bound), []).append((self.now, value))

    def reading(self) -> Reading:
        """Return all that was scraped so far."""
        up = tuple(_series(pod, "up", at) for pod, at in self.up.items())
        total = {key: _series(key[0], f"code={key[1]}", at) for key, at in self.samples.items()}
        bad = tuple(series for (_, code), series in total.items() if code.startswith("5"))
        buckets = tuple(
            replace(_series(pod, f"le={bound}", at), le=bound, histogram=pod)
            for (pod, bound), at in self.bucket_samples.items()
        )
        counters = {TOTAL: tuple(total.values()), BAD: bad, BUCKETS: buckets}
        return Reading(self.now, up, counters, self.values)


def _series(pod: str, name: str, samples: list[tuple[int, float]]) -> Series:
    return Series(pod, "pods", f"{pod}:8080", name, tuple(samples))


def live_run(*kpis: dict[str, Any], **live: object) -> BenchmarkRun:
    """Return a live run as the release loop makes it."""
    run = a_run(*(kpis or (LIVE_ERRORS,)), live={"step": 0, "steps": 1, "for": "2m"} | live)
    if any(kpi["objective"].get("versus") for kpi in kpis):
        subject = run.spec.subject.model_copy(update={"service": STABLE, "revision": "b2c4d5f6g7"})
        run = run.model_copy(update={"spec": run.spec.model_copy(update={"baseline": subject})})
    return run


@dataclass
class LiveWorld:
    """A live run, its fleet, and time."""

    run: BenchmarkRun = field(default_factory=live_run)
    fleet: Fleet = field(default_factory=Fleet)
    pods: tuple[LivePod, ...] = (LivePod(pod_of(CANDIDATE), ready=True, settled=START),)
    unread: Unread | None = None
    """What the metrics server says instead of samples."""
    events: list[Announce] = field(default_factory=list)
    lose_writes: int = 0
    """So many plans are decided and never written, as by an operator that is killed."""

    def __post_init__(self) -> None:
        for pod in (pod_of(CANDIDATE), pod_of(STABLE)):
            self.fleet.counters.setdefault(pod, {})
        self.fleet.scrape()

    @property
    def now(self) -> datetime:
        """The time."""
        return START + timedelta(milliseconds=self.fleet.now - to_millis(START))

    def pass_time(self, seconds: int, traffic: Callable[[Fleet], None]) -> "LiveWorld":
        """Let traffic come each second, scrapes every ten, and the run be looked at."""
        for _ in range(seconds):
            traffic(self.fleet)
            self.fleet.now += 1000
            if (self.fleet.now - to_millis(START)) % (SCRAPE * 1000) == 0:
                self.fleet.scrape()
            if not self.finished:
                self.look()
        return self

    def look(self) -> Plan:
        """Decide and write once."""
        snapshot = RunSnapshot(self.now, self.run, IMAGE, live=LiveView(self.pods))
        moment = due(snapshot)
        if moment and moment <= self.now:
            view = LiveView(self.pods, self.unread or self.fleet.reading())
            snapshot = replace(snapshot, live=view)
        plan = decide(snapshot)
        if self.lose_writes and plan.writes:
            self.lose_writes -= 1
            return plan
        for write in plan.writes:
            if isinstance(write, PatchStatus):
                status = self.run.status.to_wire() | write.status
                kept = {key: value for key, value in status.items() if value is not None}
                document = self.run.to_wire() | {"status": kept}
                self.run = BenchmarkRun.model_validate(document)
            elif isinstance(write, Announce):
                self.events.append(write)
        return plan

    @property
    def finished(self) -> bool:
        """Whether the run has."""
        return self.run.status.phase == "Finished"

    @property
    def outcome(self) -> tuple[str | None, str]:
        """Its verdict, and the reason that the condition Complete tells."""
        return self.run.status.verdict, self.run.status.conditions[0].reason

    @property
    def seconds(self) -> float:
        """How long it took."""
        finished = datetime.fromisoformat(self.run.status.finished_at or "")
        return (finished - START).total_seconds()

    def evidence(self, name: str = "errors") -> list[int]:
        """Return the counts of a KPI."""
        return next(kpi.evidence for kpi in self.run.status.kpis if kpi.name == name)


def steady(good: int, bad: int = 0, *, every: int = 1, pod: str = pod_of(CANDIDATE)) -> Any:  # noqa: ANN401
    """Return traffic: requests each second, and failed ones every so many seconds."""

    def traffic(fleet: Fleet) -> None:
        due_now = (fleet.now // 1000) % every == 0
        fleet.serve(pod, good, bad if due_now else 0)

    return traffic


def timed(seconds: float, requests: int, *, pod: str = pod_of(CANDIDATE)) -> Any:  # noqa: ANN401
    """Return traffic: requests each second that take so long."""
    return lambda fleet: fleet.take(pod, seconds, requests)


def together(*traffics: Callable[[Fleet], None]) -> Callable[[Fleet], None]:
    """Return all of these at once."""

    def traffic(fleet: Fleet) -> None:
        for each in traffics:
            each(fleet)

    return traffic
