"""What a KPI's counts say was seen, in words."""

from collections.abc import Iterator
from fractions import Fraction

from modelward.api.benchmarkrun import RunKpiStatus
from modelward.api.kpi import Kpi
from modelward.api.metrics import METRICS
from modelward.api.values import format_duration, format_percent
from modelward.benchmark.counts import (
    ClassCounts,
    ComparedLatencyCounts,
    Counts,
    ErrorCounts,
    ExamCounts,
    LatencyCounts,
    PairedErrorCounts,
    PairedExamCounts,
    RelativeErrorCounts,
    RequestCounts,
    SliceCounts,
    ThroughputCounts,
    ValueCounts,
)
from modelward.benchmark.rowcounts import RowCounts

_MISSES = {
    "precision": "false positives",
    "recall": "false negatives",
    "f1": "false positives or false negatives",
}


def seen(counts: Counts, kpi: Kpi, shown: RunKpiStatus) -> Iterator[str]:
    """Say what was seen."""
    if isinstance(counts, RowCounts):
        yield from _rows_seen(counts, kpi, shown)
    elif isinstance(counts, ThroughputCounts):
        seconds = format_duration(Fraction(counts.milliseconds, 1000))
        yield f"{counts.came:,} came in {seconds}."
    else:
        yield _requests_seen(counts, kpi)


def of_rows(counts: Counts) -> bool:
    """Tell whether rows were counted, not requests under load."""
    return isinstance(counts, RowCounts)


def all_read(counts: Counts) -> bool:
    """Tell whether all rows were read that there are; of a sample they never are."""
    match counts:
        case ExamCounts() | PairedExamCounts() | ClassCounts():
            return not counts.sampled and counts.read == counts.rows
    return isinstance(counts, ValueCounts | SliceCounts)


def dispersion_of(counts: Counts) -> int:
    """Return by which dispersion evidence was tempered, in hundredths; rows have none."""
    return 100 if isinstance(counts, RowCounts | ThroughputCounts) else counts.dispersion


def _rows_seen(counts: RowCounts, kpi: Kpi, shown: RunKpiStatus) -> Iterator[str]:
    match counts:
        case PairedExamCounts():
            won = counts.correct - counts.baseline + counts.lost
            yield (
                f"{counts.correct:,} of {_rows(counts)} were answered as expected, by stable "
                f"{counts.baseline:,}: {counts.lost:,} rows were lost and {won:,} won."
            )
        case ExamCounts():
            told = f"{counts.correct:,} of {_rows(counts)} were answered as expected"
            yield f"{told} ({_part(counts.correct, counts.read)})."
        case ClassCounts():
            yield (
                f"Of {_rows(counts)}, {counts.hits:,} were true positives and {counts.misses:,} "
                f"{_MISSES[kpi.benchmark.metric]}."
            )
        case SliceCounts():
            small = kpi.benchmark.min_rows or 200
            yield (
                f"Of {counts.slices:,} slices of at least {small:,} rows the worst is "
                f"{shown.slice or 'one'}, whose value rests on {counts.slice_rows:,}."
            )
        case ValueCounts():
            than = f", that of stable {shown.baseline}" if shown.baseline else ""
            yield f"The value of {counts.rows:,} rows is {shown.value or 'none'}{than}."
    if isinstance(counts, ValueCounts | SliceCounts) and counts.unanswered:
        worst = METRICS[kpi.benchmark.metric].worst_loss
        means = "count as the worst there is" if worst else "have no error that could be averaged"
        yield f"{counts.unanswered:,} rows were left without a usable answer; they {means}."


def _requests_seen(counts: RequestCounts, kpi: Kpi) -> str:
    match counts:
        case PairedErrorCounts():
            return (
                f"Of {counts.requests:,} pairs of requests {counts.lost:,} failed for this version "
                f"alone, {counts.won:,} for stable alone and {counts.both:,} for both, which "
                "cancels."
            )
        case RelativeErrorCounts():
            return (
                f"Of {counts.requests:,} requests to each, {counts.bad:,} failed for this version "
                f"and {counts.baseline_bad:,} for stable."
            )
        case ComparedLatencyCounts():
            return _pairs(counts, kpi)
        case LatencyCounts():
            told = f"{counts.beyond_limit:,} of {counts.requests:,} requests took longer than"
            more = ""
            if counts.beyond_expected is not None:
                more = f", {counts.beyond_expected:,} longer than {kpi.objective.expected}"
            return f"{told} {kpi.objective.at_most}{more}."
        case ErrorCounts():
            told = f"{counts.bad:,} of {counts.requests:,} requests failed"
            return f"{told} ({_part(counts.bad, counts.requests)})."


def _pairs(counts: ComparedLatencyCounts, kpi: Kpi) -> str:
    stables = format_duration(Fraction(counts.threshold_micros, 1_000_000))
    level = format_percent(Fraction(counts.won + counts.both, counts.requests or 1))
    return (
        f"Stable's {kpi.benchmark.quantile} was {stables} in the calibration. Of "
        f"{counts.requests:,} pairs of requests {counts.lost:,} took longer than that and the "
        f"margin for this version alone, {counts.won:,} longer than that for stable alone and "
        f"{counts.both:,} for both, which cancels; {level} of stable's did."
    )


def _part(some: int, total: int) -> str:
    return format_percent(Fraction(some, total)) if total else "none"


def _rows(counts: ExamCounts | PairedExamCounts | ClassCounts) -> str:
    if counts.sampled:
        return f"{counts.read:,} draws from {counts.rows:,} rows"
    if counts.read == counts.rows:
        return f"all {counts.rows:,} rows"
    return f"{counts.read:,} rows read of {counts.rows:,}"
