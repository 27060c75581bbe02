"""From the raw samples of a metrics server to the requests of a window.

A scrape is one moment of one target of a pod; the metrics server itself says with `up` when there
was one. Counters are compared between two scrapes of a target: a series that is not in the first
of them began at 0 since then, because the pod was scraped and had not counted it yet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from statistics import median

from modelward.benchmark.live.scalars import Scalar
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
    le: str | None = None
    """Upper bound, of a bucket of a histogram."""
    histogram: str = ""
    """All of its labels but le, as a name: that of the histogram that a bucket belongs to."""

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
    values: Mapping[str, Scalar] = field(default_factory=dict)
    """What expressions came to, by the expression that was asked for."""


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
    beyond_expected: int = 0
    """Requests slower than what is expected, where that is a count of its own."""
    problem: str = field(default="", kw_only=True)
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
    chosen = [
        [s for s in reading.counters.get(selector, ()) if pods.has(s.pod)]
        for selector in (bad, total)
    ]
    return compared(reading.up, chosen[:1], chosen[1], pods)


def compared(
    up: Iterable[Series], parts: Sequence[Sequence[Series]], total: Sequence[Series], pods: Pods
) -> list[Counted]:
    """Return how many requests the series of `total` counted, and those of each of the parts.

    There are one or two parts: what is counted as bad, and as beyond what is expected. All series
    are of these pods. Raises UnusableError where no sample can be evidence.
    """
    times = {t: at for t, at in scrapes(up).items() if pods.has(t.pod)}
    _check_once(total)
    _check_times(total, times)
    found: list[Counted] = []
    for target, at in times.items():
        by_time = [_by_time(part, target) for part in parts]
        found += _of_target(at, by_time, _by_time(total, target))
    return found


ByTime = Mapping[int, dict[str, float]]


def _of_target(times: Iterable[int], parts: Sequence[ByTime], total: ByTime) -> Iterator[Counted]:
    """Compare each scrape with what was last known of each series."""
    known: list[Scrape] = []
    last = 0
    for at in times:
        now = [Scrape(part.get(at, {}), total.get(at, {})) for part in parts]
        try:
            found = [increments(*each) for each in zip_longest(known, now)]
        except UnusableError as error:
            yield Counted(at, at, problem=str(error))
            known = []
            continue
        if known:
            yield Counted(last, at, found[0][1], *(part for part, _ in found))
        before = known or [Scrape({}, {})] * len(now)
        known = [
            Scrape({**old.bad, **new.bad}, {**old.total, **new.total})
            for old, new in zip(before, now, strict=True)
        ]
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
