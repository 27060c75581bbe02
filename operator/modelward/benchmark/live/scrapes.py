"""From the raw samples of a metrics server to the requests of a window.

A scrape is one moment of one target of a pod; the metrics server itself says with `up` when there
was one. Counters are compared between two scrapes of a target: a series that is not in the first
of them began at 0 since then, because the pod was scraped and had not counted it yet.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

from modelward.judge.guards import Scrape, UnusableError, increments

Pod = str
Selector = str


@dataclass(frozen=True)
class Series:
    """Raw samples of one series, oldest first."""

    pod: Pod
    job: str
    instance: str
    name: str
    """All of its labels, as a name."""
    samples: tuple[tuple[int, float], ...]
    """Milliseconds since 1970, and the value."""

    @property
    def target(self) -> "Target":
        """Where it was scraped."""
        return Target(self.pod, self.job, self.instance)


@dataclass(frozen=True)
class Target:
    """One endpoint of a pod that is scraped."""

    pod: Pod
    job: str
    instance: str


@dataclass(frozen=True)
class Reading:
    """What was read of some pods, all of it over the same time."""

    end: int
    """Until when, in milliseconds since 1970."""
    up: tuple[Series, ...] = ()
    """1 for each scrape that worked, 0 for others."""
    counters: Mapping[Selector, tuple[Series, ...]] = field(default_factory=dict)
    """Samples by the selector that was asked for."""


@dataclass(frozen=True)
class Pods:
    """The pods of one revision, gone ones among them: a ReplicaSet names its pods after itself."""

    replica_set: str

    def has(self, pod: Pod) -> bool:
        """Tell whether a pod is one of them, by its name."""
        head, dash, tail = pod.rpartition("-")
        return bool(dash) and head == self.replica_set and len(tail) == SUFFIX


SUFFIX = 5
"""Characters that a ReplicaSet adds to its own name, after a dash."""


@dataclass(frozen=True)
class Counted:
    """Requests that a target counted between two of its scrapes."""

    after: int
    """The earlier scrape, in milliseconds since 1970; the later one itself where it is unusable."""
    at: int
    """The later one."""
    requests: int = 0
    bad: int = 0
    problem: str = ""
    """Why what was scraped can't be evidence; empty where it can."""


def scrapes(up: Iterable[Series]) -> dict[Target, list[int]]:
    """Return when each target was scraped with success, in order."""
    return {series.target: [at for at, value in series.samples if value == 1] for series in up}


def interval(up: Iterable[Series]) -> int | None:
    """Return how long it takes from scrape to scrape, in milliseconds; None where nothing tells."""
    gaps = [
        later[0] - at[0]
        for series in up
        for at, later in zip(series.samples, series.samples[1:], strict=False)
    ]
    return round(median(gaps)) if gaps else None


def counted(reading: Reading, bad: Selector, total: Selector, pods: Pods) -> list[Counted]:
    """Return what the pods of a revision counted, from scrape to scrape of each target.

    Raises UnusableError where no sample can be evidence; the message names the pod.
    """
    times = {t: at for t, at in scrapes(reading.up).items() if pods.has(t.pod)}
    chosen = {
        selector: [s for s in reading.counters.get(selector, ()) if pods.has(s.pod)]
        for selector in (bad, total)
    }
    _check_once(chosen[total])
    _check_times(chosen[total], times)
    found: list[Counted] = []
    for target, at in times.items():
        found += _of_target(at, _by_time(chosen[bad], target), _by_time(chosen[total], target))
    return found


def _of_target(
    times: Iterable[int], bad: Mapping[int, dict[str, float]], total: Mapping[int, dict[str, float]]
) -> Iterator[Counted]:
    """Compare each scrape with what was last known of each series."""
    known: Scrape | None = None
    last = 0
    for at in times:
        now = Scrape(bad.get(at, {}), total.get(at, {}))
        try:
            failed, requests = increments(known, now)
        except UnusableError as error:
            yield Counted(at, at, problem=str(error))
            known = None
            continue
        if known is not None:
            yield Counted(last, at, requests, failed)
        before = known or Scrape({}, {})
        known = Scrape({**before.bad, **now.bad}, {**before.total, **now.total})
        last = at


def _by_time(series: Iterable[Series], target: Target) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for each in series:
        if each.target == target:
            for at, value in each.samples:
                found.setdefault(at, {})[each.name] = value
    return found


def _check_once(total: Iterable[Series]) -> None:
    """The same endpoint under two jobs would count each request twice."""
    jobs: dict[tuple[Pod, str], set[str]] = {}
    for series in total:
        jobs.setdefault((series.pod, series.instance), set()).add(series.job)
    for (pod, instance), names in jobs.items():
        if len(names) > 1:
            raise UnusableError(
                f"pod {pod}: {instance} is scraped by {len(names)} jobs "
                f"({', '.join(sorted(names))}), so that each request is counted by each: name "
                'one, as in total{job="..."}'
            )


def _check_times(total: Iterable[Series], times: Mapping[Target, list[int]]) -> None:
    """Samples at other times than those of scrapes can't be matched with each other."""
    for series in total:
        at = times.get(series.target)
        if at and series.samples and not {t for t, _ in series.samples}.intersection(at):
            span = range(at[0], at[-1] + 1)
            if any(t in span for t, _ in series.samples):
                raise UnusableError(
                    f"pod {series.pod}: {series.name} has no sample at the time of a scrape; take "
                    "raw counters, scraped without timestamps of their own"
                )
