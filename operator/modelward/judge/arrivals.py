"""When the requests of a load are due.

A schedule is open: it does not know of answers. With constant arrivals request i is due i/rate
seconds after the first one; those of a Poisson process come independently of each other, as those
of many users do, and so now and then many at once. A ramp leads from a lower rate to the full one
within the warm-up, whose requests are not counted: what is judged is judged at the full rate.
"""

import itertools
import math
import random
from collections.abc import Iterator

from modelward.judge.shape import LoadShape

_NANOSECONDS = 1_000_000_000


def due_times(shape: LoadShape, seed: str) -> Iterator[int]:
    """Yield when each request is due, in nanoseconds from the beginning, without end.

    The same seed and shape give the same Poisson schedule; a constant one needs no seed.
    """
    if shape.ramp_from is None and not shape.poisson:
        yield from _constant(shape)
        return
    # Both are the points of a process of rate 1, at the time when so many were to be expected.
    points = _poisson(seed) if shape.poisson else map(float, itertools.count())
    for point in points:
        yield round(_when(shape, point) * _NANOSECONDS)


def _constant(shape: LoadShape) -> Iterator[int]:
    step, rate = _NANOSECONDS * shape.rate.denominator, shape.rate.numerator
    return (request * step // rate for request in itertools.count())


def _poisson(seed: str) -> Iterator[float]:
    rng = random.Random(seed)  # noqa: S311 - a schedule is no secret
    return itertools.accumulate(rng.expovariate(1.0) for _ in itertools.count())


def _when(shape: LoadShape, expected: float) -> float:
    """Return the time in seconds until which so many requests are to be expected."""
    rate = float(shape.rate)
    if shape.ramp_from is None:
        return expected / rate
    start, seconds = float(shape.ramp_from), float(shape.warm_up_seconds)
    if expected >= shape.warm_up:
        return seconds + (expected - shape.warm_up) / rate
    growth = (rate - start) / seconds
    return 2 * expected / (start + math.sqrt(start**2 + 2 * growth * expected))
