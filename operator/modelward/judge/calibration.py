"""By how much dependent requests are worth less than independent ones: the dispersion, phi.

Requests fail in stretches, so that n of them are worth fewer. The variance of bad requests per
batch over their mean says how much fewer: 1 for independent ones, about 5 for bursts of five. A
batch that is shorter than a stretch cannot see all of it, so batches of 1, 2, 4, 8, ... windows are
looked at (batch means: Fishman and Yarberry 1997; Law and Kelton), and the largest ratio counts.

What a calibration rests on is not how many requests it has seen but how many stretches of bad ones:
bad requests over the ratio. So it goes on, looking again at twice as many windows, until they are
ten. Where bad requests are few and lie apart like independent ones, nothing is there to measure,
and good versions must not wait: the dispersion is then assumed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from modelward.judge.counts import CALIBRATION_WINDOWS, UNMEASURED

BATCHES = 15
"""Batches of a length that measure anything."""
ENOUGH = 10
"""Stretches of bad requests, or as many single ones, that measure a dispersion."""
STRETCHES = Fraction(3, 2)
"""Ratio from which on requests do not look independent."""
MARGIN = Fraction(5, 4)
"""Factor on the ratio of requests that look independent: sixty windows don't measure it exactly."""
MARGIN_OF_STRETCHES = Fraction(3, 2)
"""The same where they don't: the lengths of ten stretches say less than as many windows."""
MAX_DISPERSION = 99_999
"""Hundredths."""


@dataclass(frozen=True)
class Scatter:
    """How much one kind of bad requests scatters in the windows of a calibration."""

    events: int
    """Bad requests."""
    ratio: Fraction
    """Variance over mean of batches, that of the length at which it is largest; at least 1."""

    @property
    def is_measured(self) -> bool:
        """Tell whether enough was seen to measure the dispersion."""
        return self.events >= ENOUGH * self.ratio

    @property
    def is_known(self) -> bool:
        """Tell whether calibration may end: it is measured, or there is nothing to measure."""
        return self.is_measured or self.ratio < STRETCHES

    @property
    def dispersion(self) -> int:
        """By how much evidence must be tempered, in hundredths, rounded up."""
        if not self.is_measured and self.ratio < STRETCHES:
            return UNMEASURED
        margin = MARGIN if self.ratio < STRETCHES else MARGIN_OF_STRETCHES
        return min(max(UNMEASURED + 1, math.ceil(100 * margin * self.ratio)), MAX_DISPERSION)


def scatter(sums: Sequence[int], counted: Sequence[int] | None = None) -> Scatter:
    """Return how much bad requests scatter; `sums` are those of each window.

    Where a window's requests add up with either sign, as differences between two revisions do,
    `counted` says how many of them added anything; the variance is compared with their mean.
    """
    counted = sums if counted is None else counted
    events, ratio = sum(counted), Fraction(1)
    while len(sums) >= BATCHES:
        ratio = max(ratio, _variance_over_mean(sums, counted))
        sums, counted = _paired(sums), _paired(counted)
    return Scatter(events, ratio)


def is_checkpoint(windows: int) -> bool:
    """Tell whether a calibration may end after so many windows: 60, 120, 240 and so on."""
    times, rest = divmod(windows, CALIBRATION_WINDOWS)
    return times > 0 and rest == 0 and times & (times - 1) == 0


def _paired(windows: Sequence[int]) -> list[int]:
    return [one + other for one, other in zip(windows[::2], windows[1::2], strict=False)]


def _variance_over_mean(sums: Sequence[int], counted: Sequence[int]) -> Fraction:
    """Return the unbiased variance over the mean; 0 where there is nothing to measure."""
    n, total, events = len(sums), sum(sums), sum(counted)
    if events == 0:
        return Fraction(0)
    return Fraction(n * sum(x * x for x in sums) - total * total, (n - 1) * events)
