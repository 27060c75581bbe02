"""Verdicts about live traffic: counts of windows, added up within a step of a release.

There is no time for a calibration of its own: sixty windows of 30 seconds are half an hour, and a
candidate that fails now must go now. So every window is evidence, and how much errors scatter is
measured on the windows that there are. One window says nothing about that. It is measured as if
one window more had been without errors, so that a single burst neither rolls back nor promotes;
and a verdict says that it assumes independent requests until there are sixty windows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction

from modelward.judge import evidence
from modelward.judge.counts import CALIBRATION_WINDOWS, RateCounts
from modelward.judge.decimals import CONTEXT, to_decimal
from modelward.judge.hypotheses import RateObjective
from modelward.judge.livecounts import (
    LiveCounts,
    LiveLatencyCounts,
    LiveShareCounts,
    for_promotion,
    for_rollback,
)
from modelward.judge.rates import rate_verdict
from modelward.judge.relative import RelativeObjective
from modelward.judge.release import StepCounts, step_verdict
from modelward.judge.verdict import Outcome, Reason, Verdict

LiveRate = LiveCounts | LiveLatencyCounts
LiveObjective = RateObjective | RelativeObjective


@dataclass(frozen=True)
class _LiveSteps(StepCounts):
    """Counts of a release's steps, added up before they are thinned."""

    live: tuple[LiveRate, ...] = ()

    def since(self, step: int) -> RateCounts:
        """Return the counts since a step began, 0 being the first."""
        return sum(self.live[step + 1 :], self.live[step]).rate


def live_decision(
    steps: int, counts: Sequence[LiveRate], objective: RateObjective
) -> tuple[Outcome, Reason]:
    """Return the verdict alone, as `live_verdict` does."""
    rates = tuple(each.rate for each in counts)
    return step_verdict(_LiveSteps(steps, rates, tuple(counts)), objective)


def live_verdict(steps: int, counts: Sequence[LiveRate], objective: RateObjective) -> Verdict:
    """Return the verdict about a rate as it stands in the present step.

    `counts` are those of each step that has begun, the present one last, of `steps` in all. Value
    and interval are those of the present step.
    """
    outcome, reason = live_decision(steps, counts, objective)
    now = counts[-1]
    if not now.requests:
        return Verdict(outcome, reason)
    return replace(
        rate_verdict(now.rate, objective),
        verdict=outcome,
        reason=reason,
        value=Fraction(now.bad, now.requests),
        samples=now.requests,
        effective_samples=now.requests * 100 // now.dispersion,
        independence_assumed=now.windows < CALIBRATION_WINDOWS,
    )


def live_share_verdict(
    steps: int, counts: Sequence[LiveShareCounts], objective: RelativeObjective
) -> Verdict:
    """Return the verdict about a rate as a multiple of stable's, as it stands in the present step.

    The interval is for the revision's share of all errors.
    """
    now = counts[-1]
    if not now.windows:
        worse = _is_worse(steps, counts, objective)
        return (
            Verdict("Fail", "WorseThanStable") if worse else Verdict("Inconclusive", "NotMeasured")
        )
    outcome, reason = _share_decision(steps, counts, objective)
    weight = now.weight(objective.ratio)
    promote, rollback = objective.promote_at(weight), objective.rollback_at(weight)
    return Verdict(
        outcome,
        reason,
        value=Fraction(now.bad, now.requests),
        baseline=Fraction(now.baseline_bad, now.baseline_requests),
        low=evidence.lower_bound(rollback[0], *for_rollback(now.errors, now.bad, now.dispersion)),
        high=evidence.upper_bound(promote[0], *for_promotion(now.errors, now.bad, now.dispersion)),
        samples=now.requests,
        effective_samples=now.requests * 100 // now.dispersion,
        independence_assumed=now.windows < CALIBRATION_WINDOWS,
    )


def _share_decision(
    steps: int, counts: Sequence[LiveShareCounts], objective: RelativeObjective
) -> tuple[Outcome, Reason]:
    now = counts[-1]
    if _is_worse(steps, counts, objective):
        return "Fail", "WorseThanStable"
    share, rate = objective.promote_at(now.weight(objective.ratio))
    if evidence.is_rejected(share, *for_promotion(now.errors, now.bad, now.dispersion)) or (
        rate is not None
        and evidence.is_rejected(rate, *for_promotion(now.requests, now.bad, now.dispersion))
    ):
        return "Pass", ""
    return "Inconclusive", "Undecided"


def _is_worse(steps: int, counts: Sequence[LiveShareCounts], objective: RelativeObjective) -> bool:
    """Tell whether the mixture over the steps' beginnings says so (modelward.judge.release)."""
    with localcontext(CONTEXT):
        total = Decimal(steps - len(counts))
        for step in range(len(counts)):
            since = sum(counts[step + 1 :], counts[step])
            total += _worth(since, objective) if since.windows else 1
        return total >= steps * to_decimal(1 / objective.false_rollback)


def _worth(since: LiveShareCounts, objective: RelativeObjective) -> Decimal:
    """Return the odds against "not worse": of the weaker of two, where both must be shown."""
    share, rate = objective.rollback_at(since.weight(objective.ratio))
    worth = evidence.worth(share, *for_rollback(since.errors, since.bad, since.dispersion))
    if rate is None:
        return worth
    alone = for_rollback(since.requests, since.bad, since.dispersion)
    return min(worth, evidence.worth(rate, *alone))
