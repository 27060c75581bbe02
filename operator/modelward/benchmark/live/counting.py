"""How far a live run has counted, and how it counts on: in windows, each of them once.

Counts and the moment until which they reach are written together, in one patch of the status. A
killed operator leaves either both or neither, and the next one reads the missing windows from the
metrics server.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.kpi import Kpi
from modelward.api.live import LiveStatus
from modelward.api.values import format_duration, parse_duration, seconds_of
from modelward.benchmark.live.buckets import slow
from modelward.benchmark.live.scrapes import Counted, Pods, Reading, counted, interval, scrapes
from modelward.judge.declared import declared
from modelward.judge.guards import UnusableError
from modelward.judge.livecounts import LiveCounts, LiveLatencyCounts, LiveShareCounts

AnyCounts = LiveCounts | LiveLatencyCounts | LiveShareCounts

SHORTEST_WINDOW = 30_000
"""Milliseconds; two scrapes where these take longer."""
USUAL_SCRAPE = 15_000
"""Milliseconds from scrape to scrape, where nothing tells."""
LONGEST_SCRAPE = 10_000
"""Milliseconds until a scrape's samples can be read, unless the next scrape comes before."""
LOOKBACK = timedelta(minutes=5)
"""How far before a window the scrape may lie that its first one is compared with."""
MOST_AT_ONCE = timedelta(minutes=10)
"""The longest that is counted in one round, after the operator has been away."""
_MARGIN = 1_000


@dataclass(frozen=True)
class Progress:
    """How far a run has counted. Moments are milliseconds since 1970."""

    began: int
    until: int
    evidence_at: int
    window: int
    counts: Mapping[str, AnyCounts]
    """By KPI, of this run alone."""
    problem: str = ""
    """Why the last window is no evidence about one of the KPIs."""
    unusable: frozenset[str] = frozenset()
    """KPIs about which the last windows are no evidence."""
    lag: int = _MARGIN
    """How long after a window's end all of its scrapes can be read."""
    seen: frozenset[str] = frozenset()
    """Pods that were scraped in the last two windows."""

    @property
    def next_at(self) -> datetime:
        """When the next window is over and can be read."""
        return moment(self.until + self.window + self.lag)

    @property
    def silent(self) -> bool:
        """Whether there was no evidence for two windows."""
        return self.until - self.evidence_at >= 2 * self.window


def began(run: BenchmarkRun) -> datetime:
    """Return when the step began to be measured."""
    return datetime.fromisoformat(run.status.started_at or run.metadata.creation_timestamp)


def so_far(run: BenchmarkRun) -> Progress:
    """Return what the status says; where it was wiped, everything is counted anew."""
    first, status = to_millis(began(run)), run.status.live
    if status is None:
        return Progress(first, first, first, SHORTEST_WINDOW, _counts(run, ()))
    shown = [(kpi.name, kpi.evidence) for kpi in run.status.kpis if kpi.evidence]
    return Progress(
        began=first,
        until=to_millis(datetime.fromisoformat(status.until)),
        evidence_at=to_millis(datetime.fromisoformat(status.evidence_at)),
        window=parse_duration(status.window) // timedelta(milliseconds=1),
        counts=_counts(run, shown),
        problem=status.problem or "",
    )


def to_status(progress: Progress, without_value: str) -> LiveStatus:
    """Return what the status keeps of it, and of expressions that have no value."""
    return LiveStatus(
        until=from_millis(progress.until),
        evidence_at=from_millis(progress.evidence_at),
        window=format_duration(timedelta(milliseconds=progress.window)),
        problem=progress.problem or None,
        without_value=without_value or None,
    )


def new_counts(kpi: Kpi) -> AnyCounts:
    """Return the counts of a KPI before anything was counted."""
    if kpi.objective.versus:
        return LiveShareCounts()
    return LiveLatencyCounts() if kpi.quantile and kpi.objective.expected else LiveCounts()


def counts_from(kpi: Kpi, ints: Sequence[int]) -> AnyCounts:
    """Return what the integers of a live KPI mean. Raises ValueError for others."""
    none = new_counts(kpi)
    if not ints:
        return none
    if len(ints) != len(none.to_ints()):
        raise ValueError(f"{kpi.name} has {len(ints)} counts of {len(none.to_ints())}")
    return type(none)(*ints)


def _counts(run: BenchmarkRun, shown: Iterable[tuple[str, Sequence[int]]]) -> dict[str, AnyCounts]:
    known = dict(shown)
    return {kpi.name: counts_from(kpi, known.get(kpi.name, ())) for kpi in run.spec.counted_kpis}


def count(
    run: BenchmarkRun, before: Progress, reading: Reading, required: Iterable[str]
) -> Progress:
    """Return the progress after the whole windows that were read.

    `required` are the KPIs without which a window is no evidence.
    """
    gap = interval(reading.up) or USUAL_SCRAPE
    window, lag = max(SHORTEST_WINDOW, 2 * gap), min(gap, LONGEST_SCRAPE) + _MARGIN
    sides = {kpi.name: _sides(run, kpi, reading) for kpi in run.spec.counted_kpis}
    progress, needed = replace(before, window=window, lag=lag), frozenset(required)
    while progress.until + window + lag <= reading.end:
        progress = _one_window(progress, sides, needed)
    lately = progress.until - 2 * window
    times = scrapes(reading.up).items()
    seen = frozenset(target.pod for target, at in times if at and at[-1] > lately)
    return replace(progress, seen=seen)


@dataclass(frozen=True)
class _Sides:
    """What was counted for a KPI, or why it can't be."""

    own: tuple[Counted, ...] = ()
    stable: tuple[Counted, ...] | None = None
    """None where nothing is compared with stable."""
    ratio: Fraction = Fraction(1)
    """The limit, as a multiple of stable's rate."""
    problem: str = ""


def _sides(run: BenchmarkRun, kpi: Kpi, reading: Reading) -> _Sides:
    baseline = run.spec.baseline
    stable: tuple[Counted, ...] | None = None
    try:
        own = tuple(_counted(kpi, reading, Pods(run.spec.subject.service)))
        if kpi.objective.versus and baseline:
            stable = tuple(_counted(kpi, reading, Pods(baseline.service)))
    except UnusableError as error:
        return _Sides(problem=str(error))
    ratio = 1 + declared(kpi).limit if kpi.objective.versus else Fraction(1)
    return _Sides(own, stable, ratio)


def _counted(kpi: Kpi, reading: Reading, pods: Pods) -> list[Counted]:
    source, objective = kpi.prometheus, kpi.objective
    assert source is not None, kpi.name
    if source.latency:
        limits = [limit for limit in (objective.at_most, objective.expected) if limit]
        return slow(reading, source.latency, [seconds_of(each) for each in limits], pods)
    return counted(reading, source.bad or "", source.total or "", pods)


def _one_window(
    progress: Progress, sides: Mapping[str, _Sides], needed: frozenset[str]
) -> Progress:
    end = progress.until + progress.window
    counts: dict[str, AnyCounts] = {}
    problems: dict[str, str] = {}
    lacking = set()
    for name, before in progress.counts.items():
        inside = [_inside(each, progress, end) for each in (sides[name].own, sides[name].stable)]
        bad_ones = (each.problem for side in inside for each in side if each.problem)
        problem = sides[name].problem or next(bad_ones, "")
        if problem:
            problems[name] = f"{name}: {problem}"
        own, stable = map(_sum, inside)
        match before:
            case LiveCounts():
                counts[name] = before.with_window(*own[:2])
            case LiveLatencyCounts():
                counts[name] = before.with_window(*own)
            case LiveShareCounts():
                counts[name] = before.with_window(own[:2], stable[:2], sides[name].ratio)
        if counts[name] == before or problem:
            lacking.add(name)
    return replace(
        progress,
        until=end,
        evidence_at=progress.evidence_at if needed & lacking else end,
        counts=counts,
        problem=next(iter(problems.values()), ""),
        unusable=frozenset(problems),
    )


def _inside(side: tuple[Counted, ...] | None, progress: Progress, end: int) -> list[Counted]:
    """Return what was counted between scrapes of the step, the later one in the window."""
    return [
        each
        for each in side or ()
        if progress.began <= each.after and progress.until < each.at <= end
    ]


def _sum(side: Iterable[Counted]) -> tuple[int, int, int]:
    """Return requests, bad ones, and those beyond what is expected."""
    usable = [each for each in side if not each.problem]
    return (
        sum(each.requests for each in usable),
        sum(each.bad for each in usable),
        sum(each.beyond_expected for each in usable),
    )


def to_millis(when: datetime) -> int:
    """Return milliseconds since 1970."""
    return (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def moment(millis: int) -> datetime:
    """Return the moment that is so many milliseconds after 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)


def from_millis(millis: int) -> str:
    """Return a moment as status holds it, to the millisecond."""
    return moment(millis).isoformat(timespec="milliseconds").replace("+00:00", "Z")
