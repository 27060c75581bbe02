"""Charts as plain values: what a page draws as SVG. Coordinates are those of the drawing."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from modelward.benchmark.log import LoadProfile, bucket_ceiling

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 22, 34
_STEPS = (1, 2, 5)
_MOST_INTERVALS = 4
"""Between the lines of a grid."""
_LABEL_HEIGHT, _CHAR_WIDTH = 15, 6.5
_MOST_LABELS = 8
"""More would stand on the curve, and on each other."""
_LABELS_FROM = HEIGHT - BOTTOM - 12
"""Labels stand low: the curve of a distribution is high up where limits are."""


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """A line of a chart, and whose it is."""

    points: str
    """As the attribute `points` of a polyline."""
    of: str
    kind: str
    """Class of its style: ours, stable, or failed."""


@dataclass(frozen=True)
class Mark:
    """A vertical line, such as a limit."""

    at: float
    label: str
    kind: str
    before: bool
    """True where there is no room for the label on the right of it, below the curve."""
    y: int
    """Where the label stands: each has a line of its own."""


@dataclass(frozen=True)
class Chart:
    """One chart."""

    title: str
    says: str
    """The same in words, for those who don't see it."""
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...] = ()
    note: str = ""
    """What is told below it."""


def kind_of(number: int) -> str:
    """Return the style of a revision: the one that is judged comes first."""
    return "ours" if number == 0 else "stable"


def quantile(load: LoadProfile, share: float) -> int | None:
    """Return which latency (in us) that share of all requests stays within, failed ones included.

    It is the upper end of a bucket. None where so many failed that there is none.
    """
    rank = math.ceil(share * (_answers(load) + sum(load.failed)))
    reached = 0
    for floor, count in load.latency_us:
        reached += count
        if reached >= rank:
            return bucket_ceiling(floor)
    return None


def latency_chart(
    loads: Sequence[LoadProfile], marks: Sequence[tuple[str, float, str]]
) -> Chart | None:
    """Return the distribution of latencies: which share was answered within how long.

    `marks` are labels, seconds and styles. None where nothing was answered.
    """
    seen = [floor for load in loads for floor, _ in load.latency_us]
    if not seen:
        return None
    limits = [seconds * 1e6 for _, seconds, _ in marks]
    low = max(min(seen), 50) * 0.8
    high = max(bucket_ceiling(max(seen)), low * 10, *limits) * 1.25

    def x(micros: float) -> float:
        share = math.log(max(micros, low) / low) / math.log(high / low)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    lines = []
    for number, load in enumerate(loads):
        total = _answers(load) + sum(load.failed)
        points, reached = [(x(low), _y(0, 1))], 0
        for floor, count in load.latency_us:
            points.append((x(floor), points[-1][1]))
            reached += count
            points.append((x(bucket_ceiling(floor)), _y(reached, total)))
        points.append((x(high), points[-1][1]))
        lines.append(Line(_polyline(points), load.of, kind_of(number)))
    return Chart(
        title="Requests answered within a time",
        says="Share of requests, failed ones included, that were answered within a time.",
        x_ticks=tuple(Tick(x(each), duration(each)) for each in _log_steps(low, high)),
        y_ticks=tuple(Tick(_y(share, 100), f"{share}%") for share in range(0, 101, 25)),
        lines=tuple(lines),
        marks=_marks(marks, x),
        note="" if _have_room(marks) else f"The lines are {', '.join(each[0] for each in marks)}.",
    )


def _marks(
    marks: Sequence[tuple[str, float, str]], x: Callable[[float], float]
) -> tuple[Mark, ...]:
    """Return limits as lines, labelled where the labels have room below the curve."""
    named = _have_room(marks)
    return tuple(
        _mark(x(seconds * 1e6), label if named else "", kind, line)
        for line, (label, seconds, kind) in enumerate(marks)
    )


def _mark(at: float, label: str, kind: str, line: int) -> Mark:
    before = at + _CHAR_WIDTH * len(label) > WIDTH - RIGHT
    return Mark(at, label, kind, before, _LABELS_FROM - line * _LABEL_HEIGHT)


def _have_room(marks: Sequence[tuple[str, float, str]]) -> bool:
    return len(marks) <= _MOST_LABELS


@dataclass(frozen=True)
class _Series:
    """Values over time."""

    of: str
    kind: str
    seconds: int
    """Seconds that each value stands for."""
    values: list[float]


def throughput_chart(loads: Sequence[LoadProfile]) -> Chart | None:
    """Return answers and failures per second over time; None where no request ended."""
    series = []
    for number, load in enumerate(loads):
        width = load.slot_seconds
        answered = [count / width for count in load.answered]
        series.append(_Series(load.of, kind_of(number), width, answered))
        if any(load.failed):
            failed = [count / width for count in load.failed]
            kind = f"failed {kind_of(number)}"
            series.append(_Series(f"failed, {load.of}", kind, width, failed))
    return _over_time(
        "Answers per second",
        "Requests that were answered, and those that failed, in each second of the load.",
        series,
        lambda value: f"{value:g}",
    )


def slowest_chart(loads: Sequence[LoadProfile]) -> Chart | None:
    """Return the slowest answer over time; None where no request was answered."""
    if not any(load.latency_us for load in loads):
        return None
    return _over_time(
        "Slowest answer",
        "The longest latency among the answers that came in each second of the load.",
        [
            _Series(
                load.of, kind_of(number), load.slot_seconds, [float(v) for v in load.slowest_us]
            )
            for number, load in enumerate(loads)
        ],
        duration,
    )


def _over_time(
    title: str, says: str, series: Sequence[_Series], label: Callable[[float], str]
) -> Chart | None:
    seconds = max((each.seconds * len(each.values) for each in series), default=0)
    if seconds == 0:
        return None
    highest = max(max(each.values, default=0) for each in series) or 1
    between = _nice(highest / _MOST_INTERVALS)
    intervals = math.ceil(highest / between)
    top = between * intervals

    def x(second: float) -> float:
        return round(LEFT + second / seconds * (WIDTH - LEFT - RIGHT), 1)

    def points(each: _Series) -> list[tuple[float, float]]:
        edges = ((i, i + 1) for i in range(len(each.values)))
        steps = zip(edges, each.values, strict=True)
        return [(x(edge * each.seconds), _y(v, top)) for pair, v in steps for edge in pair]

    step = _nice(seconds / 8)
    return Chart(
        title=title,
        says=says,
        x_ticks=tuple(Tick(x(i * step), f"{i * step:g}s") for i in range(int(seconds / step) + 1)),
        y_ticks=tuple(Tick(_y(i, intervals), label(between * i)) for i in range(intervals + 1)),
        lines=tuple(Line(_polyline(points(each)), each.of, each.kind) for each in series),
    )


def duration(micros: float) -> str:
    """Return a time for people, three digits of it."""
    if micros == 0:
        return "0"
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if micros >= size:
            return f"{micros / size:.3g}{unit}"
    return f"{micros:.3g}us"


def _answers(load: LoadProfile) -> int:
    return sum(count for _, count in load.latency_us)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM), 1)


def _polyline(points: Sequence[tuple[float, float]]) -> str:
    """Return the points without those on a straight line between others."""
    kept: list[tuple[float, float]] = []
    for point in points:
        if len(kept) > 1 and kept[-2][1] == kept[-1][1] == point[1]:
            kept.pop()
        kept.append(point)
    return " ".join(f"{x:g},{y:g}" for x, y in kept)


def _nice(value: float) -> float:
    """Return the next value of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (*_STEPS, 10) if step * power >= value * 0.999)


def _log_steps(low: float, high: float) -> list[float]:
    """Return round values in a range: 1, 2 and 5 of each power of ten, or these powers alone."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = _STEPS if len(powers) <= 4 else (1,)
    found = (step * 10.0**power for power in powers for step in steps)
    return [value for value in found if low <= value <= high]
