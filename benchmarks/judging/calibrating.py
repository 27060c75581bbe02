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


def calibrated(windows: Ints, must_measure: Bools) -> tuple[Ints, Bools]:
    """Return the dispersions of streams, in hundredths, and which calibrations end.

    `windows` are bad requests by window and stream.
    """
    events = windows.sum(axis=0)
    above = below = np.ones_like(events)
    while len(windows) >= BATCHES:
        n, total = len(windows), windows.sum(axis=0)
        variance = n * (windows * windows).sum(axis=0) - total * total
        mean = (n - 1) * total
        larger = variance * below > above * mean
        above, below = np.where(larger, variance, above), np.where(larger, mean, below)
        windows = windows[: n // 2 * 2].reshape(n // 2, 2, -1).sum(axis=1)
    measured = events * below >= ENOUGH * above
    quiet = above * STRETCHES.denominator < below * STRETCHES.numerator
    margin = np.where(quiet, int(100 * MARGIN), int(100 * MARGIN_OF_STRETCHES))
    dispersion = np.maximum(UNMEASURED + 1, -(-margin * above // below))
    dispersion = np.where(quiet & ~measured, UNMEASURED, dispersion)
    return dispersion, measured | (quiet & ~must_measure)
