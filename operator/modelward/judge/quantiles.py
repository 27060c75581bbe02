"""Verdicts about a latency quantile compared with that of the stable revision.

Before the evidence a threshold is fixed: stable's quantile in the calibration windows. Every row is
sent to both, and a request is slow if it takes longer than the threshold, or for the candidate than
the threshold and the margin. A pair in which only the candidate is slow is lost, one in which only
stable is, won. If the candidate's quantile is the margin above stable's, both are slow equally
often, so that lost and won pairs are equally likely, whatever else the two have in common: rows
that are slow for both cancel. So each pair that differs is a fair coin (McNemar 1947), and its bias
is judged as any share is (modelward.judge.evidence), however often one looks.

That holds for any threshold that is fixed before the evidence. What its error costs is the level:
the verdict is about the quantile that the threshold really is, p94.6 say instead of p95.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from modelward.judge import evidence
from modelward.judge.counts import CALIBRATION_WINDOWS, Tally
from modelward.judge.hypotheses import HALF, ShareTest
from modelward.judge.pairs import PairedWindow, Pairs, scatter_of_differences
from modelward.judge.verdict import Evidence, Outcome, Reason, Verdict

UNANSWERED = -1
"""Latency of a request that stable never got: the pair says nothing."""
MAX_THRESHOLD = 99_999_999
"""Microseconds; only failed requests are beyond it."""
_MICROSECOND = 1000
_TWICE_AS_OFTEN = Fraction(2, 3)
_HALF_AS_OFTEN = Fraction(1, 3)


@dataclass(frozen=True)
class QuantileObjective:
    """By how much a latency quantile may be above that of stable, and how sure to be."""

    quantile: Fraction
    """As a share, between 0 and 1."""
    margin: Fraction
    """Above 0: a part of stable's quantile if `relative`, else seconds."""
    relative: bool
    false_promotion: Fraction
    false_rollback: Fraction

    def __post_init__(self) -> None:
        if not 0 < self.quantile < 1:
            raise ValueError(f"a quantile of {self.quantile} is not between 0 and 1, both excluded")
        if self.margin <= 0:
            raise ValueError(f"a margin of {self.margin} is not above 0")

    @property
    def promote(self) -> ShareTest:
        """The test of "at least half of the pairs that differ are lost"."""
        return ShareTest(HALF, _HALF_AS_OFTEN, self.false_promotion)

    @property
    def rollback(self) -> ShareTest:
        """The test of "at most half of the pairs that differ are lost"."""
        return ShareTest(HALF, _TWICE_AS_OFTEN, self.false_rollback)

    def limit(self, threshold: int) -> int:
        """Return what the candidate may take where stable may take `threshold`, in nanoseconds.

        The threshold is in microseconds.
        """
        stables = threshold * _MICROSECOND
        return stables + math.floor(self.margin * (stables if self.relative else 10**9))

    def describe(self) -> str:
        """Return both tests in words, for status."""
        name = f"p{float(self.quantile * 100):g}"
        margin = (
            f"{float(1 + self.margin):.4g} times" if self.relative
            else f"{float(self.margin * 1000):.4g}ms above"
        )  # fmt: skip
        return (
            f"promote: {name} less than {margin} stable's, roll back: more; as pairs in which only "
            "one is slow"
        )


@dataclass(frozen=True)
class QuantileCounts(Pairs):
    """All that a verdict about a compared quantile rests on; a request is bad that was slow."""

    threshold: int
    """Stable's quantile in the calibration, in microseconds, rounded up."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.threshold <= MAX_THRESHOLD:
            raise ValueError(f"threshold {self.threshold} is not between 0 and {MAX_THRESHOLD}")

    @classmethod
    def calibrated(
        cls, pairs: Sequence[Sequence[tuple[int, int]]], objective: QuantileObjective
    ) -> "QuantileCounts | None":
        """Return the counts before any evidence, with what the calibration windows tell.

        `pairs` are the latencies of the candidate and of stable in each window, in nanoseconds.
        None where too few pairs differ to measure how they scatter: more windows are needed then,
        and they make the threshold surer as well.
        """
        answered = [stables for window in pairs for _, stables in window if stables >= 0]
        quantile = nearest_rank(answered, objective.quantile)
        start = cls(len(pairs), 100, min(math.ceil(quantile / _MICROSECOND), MAX_THRESHOLD))
        windows = [start.window(window, objective) for window in pairs]
        found = scatter_of_differences(windows)
        return replace(start, dispersion=found.dispersion) if found.is_measured else None

    def window(
        self, pairs: Iterable[tuple[int, int]], objective: QuantileObjective
    ) -> PairedWindow:
        """Return how many pairs of a window were slow for the candidate, for stable, for both."""
        limit, threshold = objective.limit(self.threshold), self.threshold * _MICROSECOND
        slow = [
            (ours > limit, stables > threshold) if stables != UNANSWERED else (False, False)
            for ours, stables in pairs
        ]
        kinds = ((True, False), (False, True), (True, True))
        return PairedWindow(len(slow), *(slow.count(kind) for kind in kinds))

    @property
    def differing(self) -> tuple[int, Tally]:
        """Pairs in which only one was slow, and how many of them were lost."""
        return self.lost + self.won, Tally(self.dispersion, self.lost)


def quantile_decision(
    counts: QuantileCounts, objective: QuantileObjective
) -> tuple[Outcome, Reason]:
    """Return the verdict alone."""
    if counts.windows < CALIBRATION_WINDOWS:
        return "Inconclusive", "Uncalibrated"
    if counts.requests == 0:
        return "Inconclusive", "NotMeasured"
    if evidence.is_rejected(objective.rollback, *counts.differing):
        measured = counts.differing[1].is_measured
        return ("Fail", "WorseThanStable") if measured else ("Inconclusive", "Uncalibrated")
    if evidence.is_rejected(objective.promote, *counts.differing):
        return "Pass", ""
    return "Inconclusive", "Undecided"


def quantile_verdict(counts: QuantileCounts, objective: QuantileObjective) -> Verdict:
    """Return what the counts say, the same whenever and wherever it is computed.

    Values are shares of slow requests. The interval is for the share of lost pairs among those that
    differ: a half where the candidate's quantile is exactly the margin above stable's.
    """
    outcome, reason = quantile_decision(counts, objective)
    if counts.requests == 0:
        return Verdict(outcome, reason)
    differing = counts.differing
    return Verdict(
        outcome,
        reason,
        value=counts.share,
        baseline=counts.baseline_share,
        low=evidence.lower_bound(objective.rollback, *differing),
        high=evidence.upper_bound(objective.promote, *differing),
        samples=counts.requests,
        effective_samples=counts.requests * 100 // counts.dispersion,
        evidence=Evidence(
            promote=evidence.tempered(objective.promote, *differing),
            rollback=evidence.tempered(objective.rollback, *differing),
        ),
    )


def nearest_rank(values: Iterable[int], share: Fraction) -> int:
    """Return a quantile by nearest rank; 0 where there are no values."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else 0
