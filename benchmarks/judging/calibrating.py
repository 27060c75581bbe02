"""The calibration of many streams at once: the formulas of modelward.judge.calibration."""

import numpy as np
import numpy.typing as npt

from benchmarks.judging.evidence import Ints
from modelward.judge import UNMEASURED
from modelward.judge.calibration import (
    BATCHES,
    ENOUGH,
    MARGIN,
    MARGIN_OF_STRETCHES,
    STRETCHES,
    is_checkpoint,
)

Bools = npt.NDArray[np.bool_]


def checkpoints(windows: int) -> Ints:
    """Return after how many windows calibrations may end."""
    return np.array([n for n in range(windows + 1) if is_checkpoint(n)])


def calibrated(
    windows: Ints, must_measure: Bools, counted: Ints | None = None
) -> tuple[Ints, Bools]:
    """Return the dispersions of streams, in hundredths, and which calibrations end.

    `windows` are bad requests by window and stream; where these are differences, `counted` says how
    many requests added anything.
    """
    counted = windows if counted is None else counted
    events = counted.sum(axis=0)
    above = below = np.ones_like(events)
    while len(windows) >= BATCHES:
        n, total = len(windows), windows.sum(axis=0)
        variance = n * (windows * windows).sum(axis=0) - total * total
        mean = (n - 1) * counted.sum(axis=0)
        larger = variance * below > above * mean
        above, below = np.where(larger, variance, above), np.where(larger, mean, below)
        windows, counted = _paired(windows), _paired(counted)
    measured = events * below >= ENOUGH * above
    quiet = above * STRETCHES.denominator < below * STRETCHES.numerator
    margin = np.where(quiet, int(100 * MARGIN), int(100 * MARGIN_OF_STRETCHES))
    dispersion = np.maximum(UNMEASURED + 1, -(-margin * above // below))
    dispersion = np.where(quiet & ~measured, UNMEASURED, dispersion)
    return dispersion, measured | (quiet & ~must_measure)


def _paired(windows: Ints) -> Ints:
    half = len(windows) // 2
    return np.asarray(windows[: 2 * half].reshape(half, 2, -1).sum(axis=1))
