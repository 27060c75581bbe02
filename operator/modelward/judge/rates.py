"""Verdicts about rates and quantiles under load."""

from fractions import Fraction

from modelward.judge import sprt
from modelward.judge.counts import CALIBRATION_WINDOWS, RateCounts
from modelward.judge.hypotheses import RateObjective
from modelward.judge.verdict import Outcome, Reason, Verdict


def rate_verdict(counts: RateCounts, objective: RateObjective) -> Verdict:
    """Return what the counts say, the same whenever and wherever it is computed.

    The interval agrees with the verdict: `high` is at most the limit exactly when promotion is
    proved, and `low` at least what rollback tests exactly when rollback is (where both tests read
    one count).
    """
    outcome, reason = decision(counts, objective)
    if counts.requests == 0:
        return Verdict(outcome, reason)
    return Verdict(
        outcome,
        reason,
        value=Fraction(counts.limit.bad, counts.requests),
        low=sprt.lower_bound(objective.rollback, counts.requests, counts.limit),
        high=sprt.upper_bound(objective.promote, counts.requests, counts.limit),
        samples=counts.requests,
        effective_samples=counts.requests * 100 // counts.limit.dispersion,
        independence_assumed=not _is_calibrated(counts),
    )


def decision(counts: RateCounts, objective: RateObjective) -> tuple[Outcome, Reason]:
    """Return the verdict alone: Fail where rollback is proved, else Pass where promotion is."""
    if objective.needs_calibration and not _is_calibrated(counts):
        return "Inconclusive", "Uncalibrated"
    if counts.requests == 0:
        return "Inconclusive", "NotMeasured"
    if sprt.is_rejected(objective.rollback, counts.requests, counts.rollback):
        return "Fail", "WorseThanExpected" if objective.has_expected else "BeyondLimit"
    if sprt.is_rejected(objective.promote, counts.requests, counts.limit):
        return "Pass", ""
    return "Inconclusive", "Undecided"


def _is_calibrated(counts: RateCounts) -> bool:
    return counts.windows >= CALIBRATION_WINDOWS
