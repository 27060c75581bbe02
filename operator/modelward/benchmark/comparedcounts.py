"""The integers that a verdict about a latency beside stable's rests on."""

from dataclasses import dataclass

from modelward.benchmark.bounds import MAX_DISPERSION, MAX_MICROSECONDS, MAX_REQUESTS, within
from modelward.judge.quantiles import QuantileCounts


@dataclass(frozen=True)
class ComparedLatencyCounts:
    """Pairs of requests that took too long for the revision, for stable, or for both.

    On the wire: [dispersion, threshold, requests, lost, won, both, quantile, stable's quantile],
    the last two and the threshold in microseconds.
    """

    dispersion: int
    """Dispersion of the differences, in hundredths."""
    threshold_micros: int
    """Stable's quantile in the calibration. The largest value: only failed requests are beyond."""
    requests: int
    """Evidence requests to each of the two; warm-up and calibration not among them."""
    lost: int
    """Pairs in which the revision alone was slow: beyond the threshold and the margin."""
    won: int
    """Pairs in which stable alone was slow: beyond the threshold."""
    both: int
    """Pairs in which both were slow."""
    quantile_micros: int
    """The revision's quantile as observed, for people; no verdict rests on it."""
    baseline_micros: int
    """That of stable."""

    def __post_init__(self) -> None:
        within(
            ("dispersion", self.dispersion, 100, MAX_DISPERSION),
            ("threshold", self.threshold_micros, 0, MAX_MICROSECONDS),
            ("requests", self.requests, 0, MAX_REQUESTS),
            ("lost pairs", self.lost, 0, self.requests),
            ("won pairs", self.won, 0, self.requests - self.lost),
            ("pairs that were slow", self.both, 0, self.requests - self.lost - self.won),
            ("quantile", self.quantile_micros, 0, MAX_MICROSECONDS),
            ("quantile of stable", self.baseline_micros, 0, MAX_MICROSECONDS),
        )

    def to_ints(self) -> tuple[int, ...]:
        """Return the integers in wire order."""
        return (
            self.dispersion, self.threshold_micros, self.requests, self.lost, self.won, self.both,
            self.quantile_micros, self.baseline_micros,
        )  # fmt: skip

    def to_judge(self, windows: int) -> QuantileCounts:
        """Return counts as they are judged; `windows` is the number of calibration windows."""
        return QuantileCounts(
            windows, self.dispersion, self.threshold_micros,
            requests=self.requests, lost=self.lost, won=self.won, both=self.both,
        )  # fmt: skip
