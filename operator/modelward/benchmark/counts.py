"""The integers that a KPI's verdict rests on, by metric, as they stand in a result message.

A dispersion is the factor by which evidence is tempered because requests are not independent, in
hundredths, rounded up, never below 100: the judge measures it on the calibration windows before
the evidence. 125 says that it is only assumed. It counts the same whether or not the calibration
was long enough; the result's number of windows tells that, and requests are 0 where it did not end.
"""

from dataclasses import dataclass
from fractions import Fraction

from modelward.api.metrics import SHOWN_METRICS, TIME_METRICS
from modelward.benchmark.bounds import (
    MAX_BET,
    MAX_DISPERSION,
    MAX_MICROSECONDS,
    MAX_REQUESTS,
    MAX_VALUE,
    CountsError,
    within,
)
from modelward.benchmark.comparedcounts import ComparedLatencyCounts
from modelward.benchmark.rowcounts import (
    ClassCounts,
    ExamCounts,
    PairedExamCounts,
    PairedSampleCounts,
    RowCounts,
    SampleCounts,
    SliceCounts,
    ValueCounts,
    check_length,
)

__all__ = [
    "ClassCounts",
    "ComparedLatencyCounts",
    "Counts",
    "ErrorCounts",
    "ExamCounts",
    "LatencyCounts",
    "PairedErrorCounts",
    "PairedExamCounts",
    "PairedSampleCounts",
    "RelativeErrorCounts",
    "RequestCounts",
    "SampleCounts",
    "SliceCounts",
    "ThroughputCounts",
    "ValueCounts",
    "counts_of",
]


@dataclass(frozen=True)
class PairedErrorCounts:
    """Requests that failed, sent in pairs to the revision and to stable.

    On the wire: [dispersion, bet, requests, lost, won, both].
    """

    dispersion: int
    """Dispersion of the differences, in hundredths."""
    bet: int
    """How much of the evidence's capital a pair is bet with, in ten-thousandths, at most a half."""
    requests: int
    """Evidence requests to each of the two; warm-up and calibration not among them."""
    lost: int
    """Pairs in which the revision alone failed."""
    won: int
    """Pairs in which stable alone failed."""
    both: int
    """Pairs in which both failed."""

    def __post_init__(self) -> None:
        within(("dispersion", self.dispersion, 100, MAX_DISPERSION), ("bet", self.bet, 1, MAX_BET))
        within(
            ("requests", self.requests, 0, MAX_REQUESTS),
            ("lost pairs", self.lost, 0, self.requests),
            ("won pairs", self.won, 0, self.requests - self.lost),
            ("pairs that failed", self.both, 0, self.requests - self.lost - self.won),
        )

    def to_ints(self) -> tuple[int, ...]:
        """Return the integers in wire order."""
        return (self.dispersion, self.bet, self.requests, self.lost, self.won, self.both)


@dataclass(frozen=True)
class RelativeErrorCounts:
    """Requests that failed, for the revision and for stable, to compare one with the other.

    On the wire: [dispersion of shares, dispersion, requests, bad, stable's bad].
    """

    dispersion_of_shares: int
    """Dispersion of the revision's share of all errors, in hundredths."""
    dispersion: int
    """Dispersion of its failed requests, in hundredths."""
    requests: int
    """Evidence requests to each of the two; warm-up and calibration not among them."""
    bad: int
    """Those that failed for the revision."""
    baseline_bad: int
    """Those that failed for stable."""

    def __post_init__(self) -> None:
        within(
            ("dispersion of shares", self.dispersion_of_shares, 100, MAX_DISPERSION),
            ("dispersion", self.dispersion, 100, MAX_DISPERSION),
            ("requests", self.requests, 0, MAX_REQUESTS),
            ("bad", self.bad, 0, self.requests),
            ("bad of stable", self.baseline_bad, 0, self.requests),
        )

    def to_ints(self) -> tuple[int, int, int, int, int]:
        """Return the integers in wire order."""
        return (
            self.dispersion_of_shares, self.dispersion, self.requests, self.bad, self.baseline_bad
        )  # fmt: skip


@dataclass(frozen=True)
class ErrorCounts:
    """Requests that failed. On the wire: [dispersion, requests, bad]."""

    dispersion: int
    """Dispersion of failed requests, in hundredths."""
    requests: int
    """Evidence requests; warm-up and calibration not among them."""
    bad: int
    """Evidence requests that failed."""

    def __post_init__(self) -> None:
        within(("dispersion", self.dispersion, 100, MAX_DISPERSION))
        within(("requests", self.requests, 0, MAX_REQUESTS), ("bad", self.bad, 0, self.requests))

    def to_ints(self) -> tuple[int, ...]:
        """Return the integers in wire order."""
        return (self.dispersion, self.requests, self.bad)


@dataclass(frozen=True)
class LatencyCounts:
    """Requests that took too long, a failed one among them.

    On the wire: [dispersion, requests, beyond limit, quantile in microseconds], and where the
    objective has `expected` two more: [dispersion of those beyond expected, beyond expected].
    """

    dispersion: int
    """Dispersion of requests beyond the limit, in hundredths."""
    requests: int
    """Evidence requests; warm-up and calibration not among them."""
    beyond_limit: int
    """Evidence requests that took longer than the limit."""
    quantile_micros: int
    """The quantile as observed, for people; no verdict rests on it. The largest value: or more."""
    dispersion_expected: int | None = None
    """Dispersion of requests beyond `expected`, in hundredths."""
    beyond_expected: int | None = None
    """Evidence requests that took longer than `expected`; at least those beyond the limit."""

    def __post_init__(self) -> None:
        within(
            ("dispersion", self.dispersion, 100, MAX_DISPERSION),
            ("requests", self.requests, 0, MAX_REQUESTS),
            ("requests beyond the limit", self.beyond_limit, 0, self.requests),
            ("quantile", self.quantile_micros, 0, MAX_MICROSECONDS),
        )
        if (self.dispersion_expected is None) != (self.beyond_expected is None):
            raise CountsError("only one of the two counts for `expected` is there")
        if self.dispersion_expected is not None and self.beyond_expected is not None:
            within(
                ("dispersion beyond expected", self.dispersion_expected, 100, MAX_DISPERSION),
                ("requests beyond expected", self.beyond_expected, self.beyond_limit,
                 self.requests),
            )  # fmt: skip

    def to_ints(self) -> tuple[int, ...]:
        """Return the integers in wire order."""
        counts = (self.dispersion, self.requests, self.beyond_limit, self.quantile_micros)
        if self.dispersion_expected is None or self.beyond_expected is None:
            return counts
        return (*counts, self.dispersion_expected, self.beyond_expected)


@dataclass(frozen=True)
class ThroughputCounts:
    """What came in a time; no verdict rests on it. On the wire: [came, milliseconds]."""

    came: int
    """Answers or tokens."""
    milliseconds: int

    def __post_init__(self) -> None:
        within(("came", self.came, 0, MAX_VALUE), ("milliseconds", self.milliseconds, 1, MAX_VALUE))

    @property
    def per_second(self) -> Fraction:
        """How many a second."""
        return Fraction(1000 * self.came, self.milliseconds)

    def to_ints(self) -> tuple[int, int]:
        """Return the integers in wire order."""
        return (self.came, self.milliseconds)


RequestCounts = (
    ErrorCounts | PairedErrorCounts | RelativeErrorCounts | LatencyCounts | ComparedLatencyCounts
)
"""Those that verdicts about requests rest on."""
Counts = RowCounts | RequestCounts | ThroughputCounts

_KINDS: dict[tuple[str, bool], tuple[type[Counts], int]] = {
    ("accuracy", False): (ExamCounts, 3),
    ("accuracy", True): (PairedExamCounts, 5),
    ("errorRate", False): (ErrorCounts, 3),
    ("errorRate", True): (PairedErrorCounts, 6),
    **{(metric, False): (LatencyCounts, 4) for metric in TIME_METRICS},
    **{(metric, False): (ThroughputCounts, 2) for metric in SHOWN_METRICS},
    ("latency", True): (ComparedLatencyCounts, 8),
}
"""By metric and whether it is compared with stable: what is counted, and how many integers."""
_SAMPLED: dict[type[Counts], type[Counts]] = {
    ExamCounts: SampleCounts,
    PairedExamCounts: PairedSampleCounts,
}
_COUNTS_BEYOND_EXPECTED = 2


def counts_of(
    metric: str,
    ints: tuple[int, ...],
    *,
    with_expected: bool,
    versus: bool = False,
    sampled: bool = False,
    relative: bool = False,
) -> Counts:
    """Return what the integers of a metric mean.

    Raises CountsError for a wrong number of them and for values that cannot have been counted.
    """
    kind, wanted = _KINDS[metric, versus]
    kind = _SAMPLED.get(kind, kind) if sampled else kind
    if relative and kind is PairedErrorCounts:
        kind, wanted = RelativeErrorCounts, 5
    if kind is LatencyCounts and with_expected:
        wanted += _COUNTS_BEYOND_EXPECTED
    check_length(metric, ints, wanted)
    return kind(*ints)
