"""Values, intervals and objectives as people read them, by the KPI's unit."""

from fractions import Fraction

from modelward.api.metrics import METRICS, TIME_METRICS
from modelward.api.modeldeployment import Kpi
from modelward.api.values import (
    format_duration,
    format_multiple,
    format_number,
    format_percent,
    format_points,
    format_rate,
    is_relative,
    parse_number,
    parse_percent,
)
from modelward.benchmark.counts import (
    ComparedLatencyCounts,
    Counts,
    LatencyCounts,
    SliceCounts,
    ThroughputCounts,
    ValueCounts,
)
from modelward.benchmark.jobs import metric_of
from modelward.judge import Verdict

_MOST_DIGITS = 6


def objective_text(kpi: Kpi) -> str:
    """Return an objective in words: `p95 <= 250ms, expected 150ms`, `>= stable - 1pp`."""
    objective = kpi.objective
    quantile = f"{kpi.quantile} " if kpi.quantile else ""
    if objective.versus:
        more_is_better = METRICS[metric_of(kpi)].direction == "atLeast"
        bound = ">= stable -" if more_is_better else "<= stable +"
        unless = f", or below {objective.unless_below}" if objective.unless_below else ""
        return f"{quantile}{bound} {objective.worse_by_at_most}{unless}"
    bound = f">= {objective.at_least}" if objective.at_least else f"<= {objective.at_most}"
    expected = f", expected {objective.expected}" if objective.expected else ""
    return f"{quantile}{bound}{expected}"


def value_text(kpi: Kpi, counts: Counts, verdict: Verdict) -> str | None:
    """Return what was measured, None where nothing was."""
    if isinstance(counts, ThroughputCounts):
        return format_rate(counts.per_second)
    if verdict.value is None:
        return None
    if isinstance(counts, LatencyCounts | ComparedLatencyCounts):
        return format_duration(Fraction(counts.quantile_micros, 1_000_000))
    return _formatted(kpi, verdict.value)


def baseline_text(kpi: Kpi, counts: Counts, verdict: Verdict) -> str | None:
    """Return what stable showed, None where it was not compared with."""
    if verdict.baseline is None:
        return None
    if isinstance(counts, ComparedLatencyCounts):
        return format_duration(Fraction(counts.baseline_micros, 1_000_000))
    return _formatted(kpi, verdict.baseline)


def interval(kpi: Kpi, counts: Counts, verdict: Verdict) -> tuple[str | None, str | None]:
    """Return the ends of the interval; one value of all rows, or of a whole load, has none."""
    if isinstance(counts, ValueCounts | SliceCounts | ThroughputCounts):
        return None, None
    return _end(kpi, verdict.low), _end(kpi, verdict.high)


def _formatted(kpi: Kpi, value: Fraction) -> str:
    """Return a value with so many digits that it is on the same side of the limit as it is."""
    is_number = METRICS[metric_of(kpi)].unit == "number"
    written, least = (format_number, 4) if is_number else (format_percent, 2)
    text = kpi.objective.at_least or kpi.objective.at_most
    if text is None:
        return written(value, least)
    limit, shift = (parse_number(text), 0) if is_number else (parse_percent(text), 2)
    digits = least
    while digits < _MOST_DIGITS and _side(_rounded(value, digits + shift), limit) != _side(
        value, limit
    ):
        digits += 2
    return written(value, digits)


def _rounded(value: Fraction, digits: int) -> Fraction:
    return Fraction(round(value * 10**digits), 10**digits)


def _side(value: Fraction, limit: Fraction) -> int:
    return (value > limit) - (value < limit)


def _end(kpi: Kpi, share: Fraction) -> str | None:
    """Return one end of an interval.

    Versus stable it is about the difference, of a latency about the share of slow requests, and of
    both about how many times as often as stable it is slow.
    """
    if kpi.is_compared_latency or is_relative(kpi.objective.worse_by_at_most or ""):
        return format_multiple(share / (1 - share)) if share < 1 else None
    if kpi.objective.versus:
        return format_points(share)
    beyond = f" above {kpi.objective.at_most}" if metric_of(kpi) in TIME_METRICS else ""
    return format_percent(share) + beyond
