"""The integers that a verdict about load rests on."""

import math
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


@dataclass(frozen=True)
class RateCounts:
    """All that a verdict about a rate rests on. The order of windows does not matter to it."""

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

    @property
    def rollback(self) -> Tally:
        """The tally that the rollback test reads."""
        return self.expected or self.limit


def dispersion(windows: int, bad: int, squares: int) -> int:
    """Return by how much evidence must be tempered, in hundredths, rounded up.

    Requests fail in stretches, so that n of them are worth fewer. The variance of bad requests per
    window over their mean says how much fewer: 1 for independent ones, about 5 for bursts of five.
    `bad` and `squares` are the sums of bad requests per calibration window and of their squares.
    The result is 1.25 times that ratio, never below 1; where no request was bad it is 1.25, and
    with fewer than 60 windows at least that.
    """
    if windows < 2 or bad == 0:
        return math.ceil(100 * MARGIN)
    ratio = Fraction(windows * squares - bad * bad, (windows - 1) * bad)
    floor = 1 if windows >= CALIBRATION_WINDOWS else MARGIN
    return min(math.ceil(100 * max(MARGIN * ratio, Fraction(floor))), MAX_DISPERSION)
