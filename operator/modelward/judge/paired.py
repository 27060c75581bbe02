"""Verdicts about an error rate compared with that of the stable revision.

Every row is sent to both revisions at nearly the same time. A pair adds +1 where the candidate
alone failed, -1 where stable alone did, 0 else: what fails both, an outage of something that both
need, cancels. The mean of these differences is by how much the candidate is worse.

The test bets on differences (Waudby-Smith and Ramdas 2024): capital grows by the factor
1 + bet * (null - difference), or falls by it, and if the mean is not below the null, has at most
the probability alpha of ever reaching 1/alpha (Ville's inequality). The bet is fixed on the
calibration windows, so that the capital follows from how many pairs there were of each kind. As
requests are not independent, its logarithm is divided by the dispersion of the differences: where
failures come in bursts no longer than that, a burst then counts at most as one pair (Jensen).
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import Literal

from modelward.judge.counts import CALIBRATION_WINDOWS, UNMEASURED
from modelward.judge.pairs import PairedWindow, Pairs, scatter_of_differences
from modelward.judge.rates import without_evidence
from modelward.judge.verdict import Outcome, Reason, Verdict

MAX_BET = 5_000
"""Ten-thousandths: a half. On quiet pairs it asks for as many as a limit against half of it."""
_BETS = 10_000
_HALVINGS = 20
_CONTEXT = Context(prec=28)


@dataclass(frozen=True)
class PairedObjective:
    """By how much a share of failed requests may be above that of stable, and how sure to be."""

    margin: Fraction
    """The difference that must be shown not to be reached, between 0 and 1."""
    false_promotion: Fraction
    false_rollback: Fraction

    def __post_init__(self) -> None:
        for what, share in (
            ("worseByAtMost", self.margin),
            ("falsePromotion", self.false_promotion),
            ("falseRollback", self.false_rollback),
        ):
            if not 0 < share < 1:
                raise ValueError(f"{what} {share} is not between 0 and 1, both excluded")

    def describe(self) -> str:
        """Return both tests in words, for status."""
        margin = f"{float(self.margin * 100):.4g}pp"
        return f"promote: not {margin} worse than stable, roll back: more than {margin} worse"


@dataclass(frozen=True)
class PairedCounts(Pairs):
    """All that a verdict about a difference rests on; a request is bad that failed."""

    bet: int
    """How much is bet on a pair, in ten-thousandths, at least 1 and at most 5,000."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.bet <= MAX_BET:
            raise ValueError(f"bet {self.bet} is not between 1 and {MAX_BET}")

    @classmethod
    def calibrated(cls, windows: Sequence[PairedWindow], margin: Fraction) -> "PairedCounts":
        """Return the counts before any evidence, with what the calibration windows tell.

        The bet is the margin over the variance of a difference: where both revisions are equally
        good, capital then grows fastest.
        """
        differing = [window.lost + window.won for window in windows]
        requests = sum(window.requests for window in windows)
        best = margin * requests / max(1, sum(differing)) if requests else Fraction(1)
        return cls(
            windows=len(windows),
            dispersion=scatter_of_differences(windows).dispersion,
            bet=min(MAX_BET, max(1, int(best * _BETS))),
        )

    def __add__(self, other: "PairedCounts") -> "PairedCounts":
        """Return the counts of both, for example of two pods that were sent load.

        Evidence is tempered by the larger dispersion, and the smaller bet stands.
        """
        return PairedCounts(
            windows=min(self.windows, other.windows),
            dispersion=max(self.dispersion, other.dispersion),
            bet=min(self.bet, other.bet),
            requests=self.requests + other.requests,
            lost=self.lost + other.lost,
            won=self.won + other.won,
            both=self.both + other.both,
        )


def paired_verdict(counts: PairedCounts, objective: PairedObjective) -> Verdict:
    """Return what the counts say, the same whenever and wherever it is computed.

    The interval is for the difference between the two shares.
    """
    outcome, reason = paired_decision(counts, objective)
    if counts.requests == 0:
        return Verdict(outcome, reason)
    return Verdict(
        outcome,
        reason,
        value=counts.share,
        baseline=counts.baseline_share,
        low=_bound(counts, -1, objective.false_rollback),
        high=_bound(counts, 1, objective.false_promotion),
        samples=counts.requests,
        effective_samples=counts.requests * 100 // counts.dispersion,
        independence_assumed=counts.windows < CALIBRATION_WINDOWS,
    )


def paired_decision(counts: PairedCounts, objective: PairedObjective) -> tuple[Outcome, Reason]:
    """Return the verdict alone; no rollback where the dispersion is only assumed."""
    if counts.requests == 0:
        return "Inconclusive", without_evidence(counts.windows)
    if _is_rejected(counts, -1, objective.margin, objective.false_rollback):
        if counts.dispersion == UNMEASURED:
            return "Inconclusive", "Uncalibrated"
        return "Fail", "WorseThanStable"
    if _is_rejected(counts, 1, objective.margin, objective.false_promotion):
        return "Pass", ""
    return "Inconclusive", "Undecided"


Side = Literal[1, -1]
"""1 bets that the difference is below the null, -1 that it is above."""


def _is_rejected(counts: PairedCounts, side: Side, null: Fraction, alpha: Fraction) -> bool:
    lost, won, equal = _growth(counts.bet, side, null)
    others = counts.requests - counts.lost - counts.won
    with localcontext(_CONTEXT):
        capital = counts.lost * lost + counts.won * won + others * equal
        return capital >= _decimal(1 / alpha).ln() * counts.dispersion / 100


@functools.lru_cache(maxsize=1024)
def _growth(bet: int, side: Side, null: Fraction) -> tuple[Decimal, Decimal, Decimal]:
    """Return the logarithms of the factors for a difference of 1, of -1 and of 0."""
    share = Fraction(side * bet, _BETS)
    with localcontext(_CONTEXT):
        lost, won, equal = (_decimal(1 + share * (null - d)).ln() for d in (1, -1, 0))
        return lost, won, equal


def _bound(counts: PairedCounts, side: Side, alpha: Fraction) -> Fraction:
    """Return the end of the interval, to a millionth: the null nearest to it that is rejected."""
    kept, rejected = Fraction(-side), Fraction(side)
    for _ in range(_HALVINGS):
        middle = (kept + rejected) / 2
        if _is_rejected(counts, side, middle, alpha):
            rejected = middle
        else:
            kept = middle
    return rejected


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
