"""Verdicts about an error rate as a multiple of that of the stable revision.

Given how many errors there were, the candidate's share of them says how the rates compare: with a
share w of the requests and r times the error rate it is w*r / (w*r + 1 - w). So errors are judged
and not requests, at the share of requests that was realised; what fails both alike cancels.

Ratios of tiny counts mean little. Below a rate that is named (`unlessBelow`) a candidate is good
enough whatever the ratio: it is promoted where either is shown, and rolled back only where it is
shown to be beyond both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from modelward.judge import evidence
from modelward.judge.calibration import Scatter, scatter
from modelward.judge.counts import CALIBRATION_WINDOWS, Tally
from modelward.judge.hypotheses import HALF, ShareTest
from modelward.judge.pairs import PairedWindow
from modelward.judge.rates import may_roll_back, without_evidence
from modelward.judge.verdict import Evidence, Outcome, Reason, Verdict


def share_of_errors(ratio: Fraction, weight: Fraction = HALF) -> Fraction:
    """Return the candidate's share of all errors if it fails `ratio` times as often as stable.

    `weight` is its realised share of the requests, between 0 and 1.
    """
    if not 0 < weight < 1:
        raise ValueError(f"a share of requests of {weight} is not between 0 and 1, both excluded")
    return weight * ratio / (weight * ratio + 1 - weight)


@dataclass(frozen=True)
class RelativeObjective:
    """How many times as often as stable requests may fail, and how sure to be."""

    ratio: Fraction
    """Error rate over that of stable that must be shown not to be reached; above 1."""
    false_promotion: Fraction
    false_rollback: Fraction
    unless_below: Fraction | None = None
    """An error rate that is good enough however low that of stable is."""

    def __post_init__(self) -> None:
        if self.ratio <= 1:
            raise ValueError(f"a ratio of {self.ratio} is not above 1")

    @property
    def promote(self) -> tuple[ShareTest, ShareTest | None]:
        """The tests where both are sent the same requests."""
        return self.promote_at(HALF)

    @property
    def rollback(self) -> tuple[ShareTest, ShareTest | None]:
        """The tests where both are sent the same requests."""
        return self.rollback_at(HALF)

    def promote_at(self, weight: Fraction) -> tuple[ShareTest, ShareTest | None]:
        """Return the tests of the share of errors and of the rate: either promotes, at half alpha.

        `weight` is the candidate's realised share of the requests.
        """
        null = share_of_errors(self.ratio, weight)
        if self.unless_below is None:
            return ShareTest(null, weight, self.false_promotion), None
        alpha = self.false_promotion / 2
        return (
            ShareTest(null, weight, alpha),
            ShareTest(self.unless_below, self.unless_below / 2, alpha),
        )

    def rollback_at(self, weight: Fraction) -> tuple[ShareTest, ShareTest | None]:
        """Return the tests of the share of errors and of the rate: only both roll back."""
        alpha, null = self.false_rollback, share_of_errors(self.ratio, weight)
        share = ShareTest(null, share_of_errors(2 * self.ratio, weight), alpha)
        if self.unless_below is None:
            return share, None
        return share, ShareTest(self.unless_below, min(2 * self.unless_below, HALF), alpha)

    def describe(self) -> str:
        """Return the tests in words, for status."""
        times = f"below {float(self.ratio):.4g} times stable's error rate"
        if self.unless_below is None:
            return f"promote: {times}, roll back: above it"
        rate = f"below {float(self.unless_below * 100):.4g}%"
        return f"promote: {times} or {rate}, roll back: above both"


@dataclass(frozen=True)
class RelativeCounts:
    """All that a verdict about a ratio rests on; both were sent the same number of requests."""

    windows: int
    """Calibration windows; none of their requests is evidence."""
    dispersion: int
    """By how much evidence on shares of errors is tempered, in hundredths, at least 100."""
    dispersion_of_rate: int
    """By how much evidence on the candidate's own rate is."""
    requests: int = 0
    """Evidence requests to each revision."""
    bad: int = 0
    """Those that failed for the candidate."""
    baseline_bad: int = 0
    """Those that failed for stable."""

    def __post_init__(self) -> None:
        if min(self.dispersion, self.dispersion_of_rate) < 100:
            raise ValueError("a dispersion is below 100 hundredths")
        if not 0 <= min(self.bad, self.baseline_bad) <= max(self.bad, self.baseline_bad):
            raise ValueError("a number of failed requests is below 0")
        if max(self.bad, self.baseline_bad) > self.requests:
            raise ValueError(f"{self.bad} and {self.baseline_bad} of {self.requests} failed")

    @classmethod
    def calibrated(cls, windows: Sequence[PairedWindow]) -> "RelativeCounts":
        """Return the counts before any evidence, with what the calibration windows tell."""
        shares, own = scatter_of_shares(windows), scatter_of_errors(windows)
        return cls(len(windows), shares.dispersion, own.dispersion)

    def with_window(self, window: PairedWindow) -> "RelativeCounts":
        """Return the counts after one more window of evidence."""
        return replace(
            self,
            requests=self.requests + window.requests,
            bad=self.bad + window.lost + window.both,
            baseline_bad=self.baseline_bad + window.won + window.both,
        )

    def __add__(self, other: "RelativeCounts") -> "RelativeCounts":
        """Return the counts of both, tempered by the larger dispersions."""
        return RelativeCounts(
            windows=min(self.windows, other.windows),
            dispersion=max(self.dispersion, other.dispersion),
            dispersion_of_rate=max(self.dispersion_of_rate, other.dispersion_of_rate),
            requests=self.requests + other.requests,
            bad=self.bad + other.bad,
            baseline_bad=self.baseline_bad + other.baseline_bad,
        )

    @property
    def errors(self) -> tuple[int, Tally]:
        """Errors of both, and how many of them are the candidate's."""
        return self.bad + self.baseline_bad, Tally(self.dispersion, self.bad)

    @property
    def rate(self) -> tuple[int, Tally]:
        """The candidate's requests, and how many of them failed."""
        return self.requests, Tally(self.dispersion_of_rate, self.bad)


def scatter_of_shares(windows: Sequence[PairedWindow]) -> Scatter:
    """Return how much the candidate's share of all errors scatters."""
    errors = [w.lost + w.won + 2 * w.both for w in windows]
    return scatter([w.lost - w.won for w in windows], errors)


def scatter_of_errors(windows: Sequence[PairedWindow]) -> Scatter:
    """Return how much the candidate's own errors scatter."""
    return scatter([w.lost + w.both for w in windows])


def relative_decision(
    counts: RelativeCounts, objective: RelativeObjective
) -> tuple[Outcome, Reason]:
    """Return the verdict alone; no rollback where a dispersion is only assumed."""
    if counts.requests == 0:
        return "Inconclusive", without_evidence(counts.windows)
    ratio, rate = objective.rollback
    if evidence.is_rejected(ratio, *counts.errors) and (
        rate is None or evidence.is_rejected(rate, *counts.rate)
    ):
        read = [counts.errors[1]] if rate is None else [counts.errors[1], counts.rate[1]]
        if not may_roll_back(counts.windows, *read):
            return "Inconclusive", "Uncalibrated"
        return "Fail", "WorseThanStable"
    ratio, rate = objective.promote
    if evidence.is_rejected(ratio, *counts.errors) or (
        rate is not None and evidence.is_rejected(rate, *counts.rate)
    ):
        return "Pass", ""
    return "Inconclusive", "Undecided"


def relative_verdict(counts: RelativeCounts, objective: RelativeObjective) -> Verdict:
    """Return what the counts say, the same whenever and wherever it is computed.

    The interval is for the candidate's share of all errors: a half where it is like stable.
    """
    outcome, reason = relative_decision(counts, objective)
    if counts.requests == 0:
        return Verdict(outcome, reason)
    total, tally = counts.errors
    return Verdict(
        outcome,
        reason,
        value=Fraction(counts.bad, counts.requests),
        baseline=Fraction(counts.baseline_bad, counts.requests),
        low=evidence.lower_bound(objective.rollback[0], total, tally),
        high=evidence.upper_bound(objective.promote[0], total, tally),
        samples=counts.requests,
        effective_samples=counts.requests * 100 // counts.dispersion_of_rate,
        independence_assumed=counts.windows < CALIBRATION_WINDOWS,
        evidence=_evidence(counts, objective),
    )


def _evidence(counts: RelativeCounts, objective: RelativeObjective) -> Evidence:
    promote = [evidence.tempered(objective.promote[0], *counts.errors)]
    rollback = [evidence.tempered(objective.rollback[0], *counts.errors)]
    if objective.promote[1] is not None:
        promote.append(evidence.tempered(objective.promote[1], *counts.rate))
    if objective.rollback[1] is not None:
        rollback.append(evidence.tempered(objective.rollback[1], *counts.rate))
    return Evidence(promote=max(promote), rollback=min(rollback))
