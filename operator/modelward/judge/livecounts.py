"""What is counted of live traffic, by windows, and by how much its evidence is tempered.

How much errors scatter is measured on the windows that there are, as if one more had been without
errors (modelward.judge.live says why).
"""

import math
from dataclasses import asdict, astuple, dataclass, replace
from fractions import Fraction
from typing import Self

from modelward.judge.calibration import MARGIN
from modelward.judge.counts import CALIBRATION_WINDOWS, RateCounts, Tally
from modelward.judge.relative import share_of_errors

_THINNED_FROM = 400
"""Hundredths of dispersion to which evidence is thinned."""
_PARTS = 1_000
"""Of an error, in which expected numbers of errors are counted."""


@dataclass(frozen=True)
class _Sums:
    """Integers that are added up, over windows and over runs of a step."""

    def __add__(self, other: Self) -> Self:
        """Return the counts of both, of two runs of the same step."""
        others = asdict(other)
        return replace(self, **{name: own + others[name] for name, own in asdict(self).items()})

    def to_ints(self) -> tuple[int, ...]:
        """Return the integers that stay as evidence."""
        return astuple(self)


@dataclass(frozen=True)
class LiveCounts(_Sums):
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

    @property
    def dispersion(self) -> int:
        """By how much evidence is tempered, in hundredths."""
        return measured_dispersion(self.windows, self.squares, self.bad, Fraction(self.bad))

    @property
    def rate(self) -> RateCounts:
        """The counts as a rate is judged by them: bad ones rounded to the careful side."""
        requests, few = for_rollback(self.requests, self.bad, self.dispersion)
        _, many = for_promotion(self.requests, self.bad, self.dispersion)
        return RateCounts(self.windows, requests, many, few)


@dataclass(frozen=True)
class LiveLatencyCounts(_Sums):
    """Requests of one revision in a step, those beyond a limit and those beyond `expected`."""

    windows: int = 0
    """Windows in which there were requests."""
    squares: int = 0
    """Sum of the squares of each window's `bad`."""
    requests: int = 0
    bad: int = 0
    """Requests beyond the limit."""
    expected_squares: int = 0
    """Sum of the squares of each window's `beyond_expected`."""
    beyond_expected: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.bad <= self.beyond_expected <= self.requests:
            raise ValueError(
                f"{self.bad} beyond the limit and {self.beyond_expected} beyond expected, of "
                f"{self.requests} requests"
            )
        if min(self.windows, self.squares, self.expected_squares) < 0:
            raise ValueError(f"{self.windows} windows, {self.squares} as their squares")

    def with_window(self, requests: int, bad: int, beyond_expected: int) -> "LiveLatencyCounts":
        """Return the counts after one more window; one without requests tells nothing."""
        if not requests:
            return self
        squares = bad * bad, beyond_expected * beyond_expected
        return self + LiveLatencyCounts(1, squares[0], requests, bad, squares[1], beyond_expected)

    @property
    def dispersion(self) -> int:
        """By how much evidence about the limit is tempered, in hundredths."""
        return measured_dispersion(self.windows, self.squares, self.bad, Fraction(self.bad))

    @property
    def rate(self) -> RateCounts:
        """The counts as a rate is judged by them: bad ones rounded to the careful side."""
        slow = self.beyond_expected
        scatter = measured_dispersion(self.windows, self.expected_squares, slow, Fraction(slow))
        k = parts(min(self.dispersion, scatter))
        requests, few = for_rollback(self.requests, slow, scatter, k)
        _, many = for_promotion(self.requests, self.bad, self.dispersion, k)
        return RateCounts(self.windows, requests, many, few)


@dataclass(frozen=True)
class LiveShareCounts(_Sums):
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
        return measured_dispersion(self.windows, Fraction(self.squares, 100), drift, independent)

    @property
    def _limit(self) -> Fraction:
        """The revision's part of the errors at the limit; rounding leaves it within 0 and 1."""
        if not self.errors:
            return Fraction(1, 2)
        share = Fraction(self.at_limit, _PARTS * self.errors)
        return min(max(share, Fraction(1, _PARTS)), 1 - Fraction(1, _PARTS))


def measured_dispersion(
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


def parts(dispersion: int) -> int:
    """Return by what evidence is divided before it is judged."""
    return max(1, dispersion // _THINNED_FROM)


def for_promotion(total: int, bad: int, dispersion: int, k: int | None = None) -> tuple[int, Tally]:
    """Return counts that say as much, with less to compute, bad ones rounded up.

    Evidence of n requests, tempered by k, is that of n/k requests: millions of them would take
    the operator minutes, and tempered by thousands are worth no more than a few hundred. `k` is at
    most what `parts` says, the default.
    """
    k = k or parts(dispersion)
    rest = total // k
    return rest, Tally(math.ceil(dispersion / k), min(rest, math.ceil(Fraction(bad, k))))


def for_rollback(total: int, bad: int, dispersion: int, k: int | None = None) -> tuple[int, Tally]:
    """Return counts that say as much, bad ones rounded down."""
    k = k or parts(dispersion)
    return total // k, Tally(math.ceil(dispersion / k), bad // k)
