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
from modelward.judge.counts import (
    CALIBRATION_WINDOWS,
    MARGIN,
    MAX_DISPERSION,
    RateCounts,
    Tally,
)
from modelward.judge.decimals import CONTEXT, to_decimal
from modelward.judge.hypotheses import RateObjective, ShareTest
from modelward.judge.rates import rate_verdict
from modelward.judge.relative import RelativeObjective, share_of_errors
from modelward.judge.release import StepCounts, step_verdict
from modelward.judge.verdict import Evidence, Outcome, Reason, Verdict

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
    def rate(self) -> RateCounts:
        """The counts as a rate is judged by them."""
        dispersion = _dispersion(self.windows, self.squares, self.bad, Fraction(self.bad))
        return RateCounts(self.windows, self.requests, Tally(dispersion, self.bad))


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
    def tally(self) -> Tally:
        """The revision's part of the errors."""
        drift = self.bad - Fraction(self.at_limit, _PARTS)
        independent = self.errors * self._limit * (1 - self._limit)
        squares = Fraction(self.squares, 100)
        return Tally(_dispersion(self.windows, squares, drift, independent), self.bad)

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
    return min(math.ceil(100 * max(floor, MARGIN * variance / independent)), MAX_DISPERSION)


def live_verdict(steps: int, counts: Sequence[LiveCounts], objective: RateObjective) -> Verdict:
    """Return the verdict about a rate as it stands in the present step.

    `counts` are those of each step that has begun, the present one last, of `steps` in all. Value
    and interval are those of the present step.
    """
    outcome, reason = step_verdict(StepCounts(steps, tuple(c.rate for c in counts)), objective)
    shown = rate_verdict(counts[-1].rate, objective)
    return replace(shown, verdict=outcome, reason=reason)


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
        low=evidence.lower_bound(rollback[0], now.errors, now.tally),
        high=evidence.upper_bound(promote[0], now.errors, now.tally),
        samples=now.requests,
        effective_samples=now.requests * 100 // now.tally.dispersion,
        independence_assumed=now.windows < CALIBRATION_WINDOWS,
        evidence=Evidence(
            promote=max(_tempered(promote, now)), rollback=min(_tempered(rollback, now))
        ),
    )


def _share_decision(
    steps: int, counts: Sequence[LiveShareCounts], objective: RelativeObjective
) -> tuple[Outcome, Reason]:
    now = counts[-1]
    if _is_worse(steps, counts, objective):
        return "Fail", "WorseThanStable"
    share, rate = objective.promote_at(now.weight(objective.ratio))
    if evidence.is_rejected(share, now.errors, now.tally) or (
        rate is not None and evidence.is_rejected(rate, now.requests, now.tally)
    ):
        return "Pass", ""
    return "Inconclusive", "Undecided"


def _is_worse(steps: int, counts: Sequence[LiveShareCounts], objective: RelativeObjective) -> bool:
    """Tell whether the mixture over the steps' beginnings says so (modelward.judge.release)."""
    with localcontext(CONTEXT):
        total = Decimal(steps - len(counts))
        for step in range(len(counts)):
            since = counts[step]
            for later in counts[step + 1 :]:
                since = since + later
            total += _worth(since, objective) if since.windows else 1
        return total >= steps * to_decimal(1 / objective.false_rollback)


def _worth(since: LiveShareCounts, objective: RelativeObjective) -> Decimal:
    """Return the odds against "not worse": of the weaker of two, where both must be shown."""
    share, rate = objective.rollback_at(since.weight(objective.ratio))
    worth = evidence.worth(share, since.errors, since.tally)
    if rate is None:
        return worth
    return min(worth, evidence.worth(rate, since.requests, since.tally))


def _tempered(tests: tuple[ShareTest, ShareTest | None], now: LiveShareCounts) -> list[Decimal]:
    share, rate = tests
    found = [evidence.tempered(share, now.errors, now.tally)]
    return found if rate is None else [*found, evidence.tempered(rate, now.requests, now.tally)]
