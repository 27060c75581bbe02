"""Verdicts about live traffic: counts of windows, added up within a step of a release.

There is no time for a calibration of its own: sixty windows of 30 seconds are half an hour, and a
candidate that fails now must go now. So every window is evidence, and how much errors scatter is
measured on the windows that there are. One window says nothing about that. It is measured as if
one window more had been without errors, so that a single burst neither rolls back nor promotes;
and a verdict says that it assumes independent requests until there are sixty windows.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction

from modelward.judge import evidence
from modelward.judge.calibration import MARGIN
from modelward.judge.counts import (
    CALIBRATION_WINDOWS,
    RateCounts,
    Tally,
)
from modelward.judge.decimals import CONTEXT, to_decimal
from modelward.judge.hypotheses import RateObjective
from modelward.judge.rates import rate_verdict
from modelward.judge.relative import RelativeObjective, share_of_errors
from modelward.judge.release import StepCounts, step_verdict
from modelward.judge.verdict import Outcome, Reason, Verdict

_THINNED_FROM = 400
"""Hundredths of dispersion to which evidence is thinned."""
_PARTS = 1_000
"""Of an error, in which expected numbers of errors are counted."""


@dataclass(frozen=True)
class LiveCounts:
    """Requests of one revision in a step, over its windows and pods."""

    windows: int = 0
    """Windows in which there were requests."""
    squares: int = 0
    """Sum of the squares of each window's bad requests."""
    requests: int = 0
    bad: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.bad <= self.requests:
            raise ValueError(f"{self.bad} bad ones of {self.requests} requests")
        if min(self.windows, self.squares) < 0:
            raise ValueError(f"{self.windows} windows, {self.squares} as their squares")

    def with_window(self, requests: int, bad: int) -> "LiveCounts":
        """Return the counts after one more window; one without requests tells nothing."""
        return self + LiveCounts(1, bad * bad, requests, bad) if requests else self

    def __add__(self, other: "LiveCounts") -> "LiveCounts":
        """Return the counts of both, of two runs of the same step."""
        return LiveCounts(*(a + b for a, b in zip(self.to_ints(), other.to_ints(), strict=True)))

    def to_ints(self) -> tuple[int, ...]:
        """Return the integers that stay as evidence."""
        return astuple(self)

    @property
    def dispersion(self) -> int:
        """By how much evidence is tempered, in hundredths."""
        return _dispersion(self.windows, self.squares, self.bad, Fraction(self.bad))

    @property
    def rate(self) -> RateCounts:
        """The counts as a rate is judged by them: bad ones rounded to the careful side."""
        requests, few = _for_rollback(self.requests, self.bad, self.dispersion)
        _, many = _for_promotion(self.requests, self.bad, self.dispersion)
        return RateCounts(self.windows, requests, many, few)


@dataclass(frozen=True)
class LiveShareCounts:
    """Errors of a revision and of stable in the same windows of a step.

    What the revision's part of them is at the limit differs from window to window: it follows from
    the share of requests that the revision had, realised, not declared.
    """

    windows: int = 0
    """Windows in which both had requests."""
    squares: int = 0
    """Sum over windows of the squares of `bad` less what it is at the limit, in hundredths."""
    requests: int = 0
    bad: int = 0
    baseline_requests: int = 0
    baseline_bad: int = 0
    at_limit: int = 0
    """What `bad` would be at the limit, of as many errors of both, in thousandths."""

    def __post_init__(self) -> None:
        if not 0 <= self.bad <= self.requests or min(self.to_ints()) < 0:
            raise ValueError(f"{self.bad} bad ones of {self.requests} requests")
        if self.baseline_bad > self.baseline_requests:
            raise ValueError(f"{self.baseline_bad} of stable's {self.baseline_requests} are bad")
        if self.at_limit > _PARTS * self.errors:
            raise ValueError(f"{self.at_limit} thousandths of {self.errors} errors")

    def with_window(
        self, own: tuple[int, int], stable: tuple[int, int], ratio: Fraction
    ) -> "LiveShareCounts":
        """Return the counts after one more window; each side is (requests, bad).

        `ratio` is the limit. A window in which one side had no requests compares nothing.
        """
        if not (own[0] and stable[0]):
            return self
        realised = Fraction(own[0], own[0] + stable[0])
        at_limit = share_of_errors(ratio, realised) * (own[1] + stable[1])
        square = round(100 * (own[1] - at_limit) ** 2)
        return self + LiveShareCounts(1, square, *own, *stable, int(at_limit * _PARTS))

    def __add__(self, other: "LiveShareCounts") -> "LiveShareCounts":
        """Return the counts of both, of two runs of the same step."""
        pairs = zip(self.to_ints(), other.to_ints(), strict=True)
        return LiveShareCounts(*(a + b for a, b in pairs))

    def to_ints(self) -> tuple[int, ...]:
        """Return the integers that stay as evidence."""
        return astuple(self)

    @property
    def errors(self) -> int:
        """Errors of both."""
        return self.bad + self.baseline_bad

    def weight(self, ratio: Fraction) -> Fraction:
        """Return the realised share of requests, each window counting by its errors."""
        if not self.errors:
            return Fraction(self.requests, self.requests + self.baseline_requests)
        limit = self._limit
        return limit / (limit + ratio * (1 - limit))

    @property
    def dispersion(self) -> int:
        """By how much evidence is tempered, in hundredths."""
        drift = self.bad - Fraction(self.at_limit, _PARTS)
        independent = self.errors * self._limit * (1 - self._limit)
        return _dispersion(self.windows, Fraction(self.squares, 100), drift, independent)

    @property
    def _limit(self) -> Fraction:
        """The revision's part of the errors at the limit; rounding leaves it within 0 and 1."""
        if not self.errors:
            return Fraction(1, 2)
        share = Fraction(self.at_limit, _PARTS * self.errors)
        return min(max(share, Fraction(1, _PARTS)), 1 - Fraction(1, _PARTS))


LiveObjective = RateObjective | RelativeObjective


def _dispersion(
    windows: int, squares: int | Fraction, total: int | Fraction, independent: Fraction
) -> int:
    """Return by how much evidence is tempered, in hundredths.

    `squares` and `total` are sums over windows of what scatters, `independent` the variance of the
    total if requests are independent. One window more, in which it is zero, is part of it.
    """
    floor = Fraction(1) if windows >= CALIBRATION_WINDOWS and independent else MARGIN
    if not windows or not independent:
        return math.ceil(100 * floor)
    variance = ((windows + 1) * squares - total * total) / Fraction(windows)
    return math.ceil(100 * max(floor, MARGIN * variance / independent))


def _for_promotion(total: int, bad: int, dispersion: int) -> tuple[int, Tally]:
    """Return counts that say as much, with less to compute, bad ones rounded up.

    Evidence of n requests, tempered by k, is that of n/k requests: millions of them would take
    the operator minutes, and tempered by thousands are worth no more than a few hundred.
    """
    k = max(1, dispersion // _THINNED_FROM)
    rest = total // k
    return rest, Tally(math.ceil(dispersion / k), min(rest, math.ceil(Fraction(bad, k))))


def _for_rollback(total: int, bad: int, dispersion: int) -> tuple[int, Tally]:
    """Return counts that say as much, bad ones rounded down."""
    k = max(1, dispersion // _THINNED_FROM)
    return total // k, Tally(math.ceil(dispersion / k), bad // k)


@dataclass(frozen=True)
class _LiveSteps(StepCounts):
    """Counts of a release's steps, added up before they are thinned."""

    live: tuple[LiveCounts, ...] = ()

    def since(self, step: int) -> RateCounts:
        """Return the counts since a step began, 0 being the first."""
        return sum(self.live[step + 1 :], self.live[step]).rate


def live_decision(
    steps: int, counts: Sequence[LiveCounts], objective: RateObjective
) -> tuple[Outcome, Reason]:
    """Return the verdict alone, as `live_verdict` does."""
    rates = tuple(each.rate for each in counts)
    return step_verdict(_LiveSteps(steps, rates, tuple(counts)), objective)


def live_verdict(steps: int, counts: Sequence[LiveCounts], objective: RateObjective) -> Verdict:
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
        low=evidence.lower_bound(rollback[0], *_for_rollback(now.errors, now.bad, now.dispersion)),
        high=evidence.upper_bound(promote[0], *_for_promotion(now.errors, now.bad, now.dispersion)),
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
    if evidence.is_rejected(share, *_for_promotion(now.errors, now.bad, now.dispersion)) or (
        rate is not None
        and evidence.is_rejected(rate, *_for_promotion(now.requests, now.bad, now.dispersion))
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
    worth = evidence.worth(share, *_for_rollback(since.errors, since.bad, since.dispersion))
    if rate is None:
        return worth
    alone = _for_rollback(since.requests, since.bad, since.dispersion)
    return min(worth, evidence.worth(rate, *alone))
