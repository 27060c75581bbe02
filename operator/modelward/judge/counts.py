"""The integers that a verdict about load rests on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

CALIBRATION_WINDOWS = 60
"""Windows that a measured dispersion rests on; with fewer it is only assumed."""
MARGIN = Fraction(5, 4)
"""Factor on the measured dispersion: sixty windows don't measure it exactly."""
MAX_DISPERSION = 99_999
"""Hundredths; more than a window can show below 3,000 requests per second."""


@dataclass(frozen=True)
class Tally:
    """One kind of bad request."""

    dispersion: int
    """By how much evidence is tempered, in hundredths, at least 100."""
    bad: int = 0
    """Bad requests among the evidence."""

    def __add__(self, other: "Tally") -> "Tally":
        """Return both, tempered by the larger dispersion."""
        return Tally(max(self.dispersion, other.dispersion), self.bad + other.bad)


@dataclass(frozen=True)
class RateCounts:
    """All that a verdict about a rate rests on. The order of windows does not matter to it.

    Counts of several pods add up.
    """

    windows: int
    """Calibration windows; none of their requests is evidence."""
    requests: int
    """Evidence requests."""
    limit: Tally
    """Failed requests, or those beyond the limit."""
    expected: Tally | None = None
    """Those beyond `expected`, where that is a count of its own."""

    def __post_init__(self) -> None:
        tallies = [self.limit] if self.expected is None else [self.limit, self.expected]
        for tally in tallies:
            if tally.dispersion < 100:
                raise ValueError(f"dispersion {tally.dispersion} is below 100 hundredths")
            if not 0 <= tally.bad <= self.requests:
                raise ValueError(f"{tally.bad} bad ones of {self.requests} requests")

    def with_window(self, requests: int, beyond_limit: int, beyond_expected: int) -> "RateCounts":
        """Return the counts after one more window of evidence."""
        expected = self.expected and replace(self.expected, bad=self.expected.bad + beyond_expected)
        return RateCounts(
            windows=self.windows,
            requests=self.requests + requests,
            limit=replace(self.limit, bad=self.limit.bad + beyond_limit),
            expected=expected,
        )

    def __add__(self, other: "RateCounts") -> "RateCounts":
        """Return the counts of both, for example of two pods of one subject.

        Evidence is tempered by the larger dispersion, and calibrated if both parts are.
        """
        return RateCounts(
            windows=min(self.windows, other.windows),
            requests=self.requests + other.requests,
            limit=self.limit + other.limit,
            expected=_sum_of(self.expected, other.expected),
        )

    @property
    def rollback(self) -> Tally:
        """The tally that the rollback test reads."""
        return self.expected or self.limit


def _sum_of(one: Tally | None, other: Tally | None) -> Tally | None:
    if one is None and other is None:
        return None
    if one is None or other is None:
        raise ValueError("only one of the two counts has requests beyond `expected`")
    return one + other


def dispersion(sums: Sequence[int], counted: Sequence[int] | None = None) -> int:
    """Return by how much evidence must be tempered, in hundredths, rounded up.

    `sums` are the bad requests of each calibration window. Requests fail in stretches, so that n of
    them are worth fewer. The variance of bad requests per window over their mean says how much
    fewer: 1 for independent ones, about 5 for bursts of five. Windows cut some bursts in two, so
    the same is measured on pairs of windows, and the larger ratio counts.

    Where a window's requests add up with either sign, as differences between two revisions do,
    `counted` says how many of them added anything; the variance is compared with their mean.

    The result is 1.25 times the ratio, never below 1; 1.25 where nothing was counted, and at least
    1.25 with fewer than 60 windows.
    """
    counted = sums if counted is None else counted
    floor = Fraction(1) if any(counted) and len(counted) >= CALIBRATION_WINDOWS else MARGIN
    ratio = max(
        _variance_over_mean(sums, counted), _variance_over_mean(_paired(sums), _paired(counted))
    )
    return min(math.ceil(100 * max(floor, MARGIN * ratio)), MAX_DISPERSION)


def _paired(windows: Sequence[int]) -> list[int]:
    return [one + other for one, other in zip(windows[::2], windows[1::2], strict=False)]


def _variance_over_mean(sums: Sequence[int], counted: Sequence[int]) -> Fraction:
    """Return the unbiased variance over the mean; 0 where there is nothing to measure."""
    n, total, events = len(sums), sum(sums), sum(counted)
    if n < 2 or events == 0:
        return Fraction(0)
    return Fraction(n * sum(x * x for x in sums) - total * total, (n - 1) * events)
