"""Verdicts about rates and quantiles under load."""

from fractions import Fraction

from modelward.judge import evidence
from modelward.judge.counts import CALIBRATION_WINDOWS, RateCounts, Tally
from modelward.judge.hypotheses import RateObjective
from modelward.judge.verdict import Evidence, Outcome, Reason, Verdict


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
        low=evidence.lower_bound(objective.rollback, counts.requests, counts.limit),
        high=evidence.upper_bound(objective.promote, counts.requests, counts.limit),
        samples=counts.requests,
        effective_samples=counts.requests * 100 // counts.limit.dispersion,
        independence_assumed=not is_calibrated(counts),
        evidence=Evidence(
            promote=evidence.tempered(objective.promote, counts.requests, counts.limit),
            rollback=evidence.tempered(objective.rollback, counts.requests, counts.rollback),
        ),
    )


def decision(counts: RateCounts, objective: RateObjective) -> tuple[Outcome, Reason]:
    """Return the verdict alone: Fail where rollback is proved, else Pass where promotion is.

    Where evidence for rollback was tempered by a dispersion that is only assumed, it proves nothing
    but that calibration saw too little: Uncalibrated.
    """
    if objective.needs_calibration and not is_calibrated(counts):
        return "Inconclusive", "Uncalibrated"
    if counts.requests == 0:
        return "Inconclusive", without_evidence(counts.windows)
    if evidence.is_rejected(objective.rollback, counts.requests, counts.rollback):
        return _rolled_back(objective, counts)
    if evidence.is_rejected(objective.promote, counts.requests, counts.limit):
        return "Pass", ""
    return "Inconclusive", "Undecided"


class RateLooks:
    """Decides as `decision` does, on counts that grow from look to look."""

    def __init__(self, objective: RateObjective, start: RateCounts) -> None:
        self._objective = objective
        self._promote = evidence.Looks(objective.promote, start.limit.dispersion)
        self._rollback = evidence.Looks(objective.rollback, start.rollback.dispersion)

    def decide(self, counts: RateCounts) -> tuple[Outcome, Reason]:
        """Return the verdict of counts that are not below those of the look before."""
        uncalibrated = self._objective.needs_calibration and not is_calibrated(counts)
        if uncalibrated or counts.requests == 0:
            return decision(counts, self._objective)
        if self._rollback.is_rejected(counts.requests, counts.rollback.bad):
            return _rolled_back(self._objective, counts)
        if self._promote.is_rejected(counts.requests, counts.limit.bad):
            return "Pass", ""
        return "Inconclusive", "Undecided"


def _rolled_back(objective: RateObjective, counts: RateCounts) -> tuple[Outcome, Reason]:
    if not may_roll_back(counts.windows, counts.rollback):
        return "Inconclusive", "Uncalibrated"
    return "Fail", "WorseThanExpected" if objective.has_expected else "BeyondLimit"


def may_roll_back(windows: int, *tallies: Tally) -> bool:
    """Tell whether dispersions were measured; an assumed one may promote and never rolls back."""
    return windows >= CALIBRATION_WINDOWS and all(tally.is_measured for tally in tallies)


def without_evidence(windows: int) -> Reason:
    """Return why there is no verdict where calibration was all, or not even that."""
    return "Uncalibrated" if windows >= CALIBRATION_WINDOWS else "NotMeasured"


def is_calibrated(counts: RateCounts) -> bool:
    """Tell whether the dispersion was measured on enough windows."""
    return counts.windows >= CALIBRATION_WINDOWS
