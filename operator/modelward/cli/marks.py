"""What latencies are held against, as marks on their distribution: label, seconds, style."""

from collections.abc import Iterator

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.api.kpi import benchmarked
from modelward.api.values import (
    is_relative,
    parse_margin,
    seconds_of,
)
from modelward.benchmark.bounds import MAX_MICROSECONDS, CountsError
from modelward.benchmark.counts import ComparedLatencyCounts, counts_of

Mark = tuple[str, float, str]
_MICROSECONDS = 1_000_000


def of_limits(run: BenchmarkRun) -> Iterator[Mark]:
    """Yield the limits and expected values of latencies."""
    for kpi in benchmarked(run.spec.kpis):
        if kpi.benchmark.metric == "latency":
            for value, word, kind in (
                (kpi.objective.at_most, "limit", "limit"),
                (kpi.objective.expected, "expected", "expected"),
            ):
                if value:
                    seconds = float(seconds_of(value))
                    yield f"{kpi.benchmark.quantile} {word} {value}", seconds, kind


def of_comparisons(run: BenchmarkRun) -> Iterator[Mark]:
    """Yield stable's quantiles in the calibration, and what the candidate may take beside them.

    None before they are known, and none where stable mostly failed.
    """
    counted = {kpi.name: kpi.evidence for kpi in run.status.kpis if kpi.evidence}
    for kpi in benchmarked(run.spec.kpis):
        margin = kpi.objective.worse_by_at_most
        if not (kpi.is_compared_latency and margin and kpi.name in counted):
            continue
        threshold = _threshold(counted[kpi.name])
        if threshold is None:
            continue
        stables, quantile = threshold / _MICROSECONDS, kpi.benchmark.quantile
        more = parse_margin(margin)
        limit = stables * float(1 + more) if is_relative(margin) else stables + float(more)
        yield f"{quantile} of stable, calibrated", stables, "expected"
        yield f"the candidate's limit, {margin} above", limit, "limit"


def _threshold(ints: list[int]) -> int | None:
    """Return stable's quantile in microseconds; None where only failed requests were beyond it."""
    try:
        counts = counts_of("latency", tuple(ints), with_expected=False, versus=True)
    except CountsError:
        return None  # somebody edited the status; `judge explain` tells
    if not isinstance(counts, ComparedLatencyCounts) or counts.threshold_micros >= MAX_MICROSECONDS:
        return None
    return counts.threshold_micros
