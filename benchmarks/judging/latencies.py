"""Latencies of two revisions that are sent load by turns, many comparisons at once."""

from collections.abc import Callable

import numpy as np

from benchmarks.judging.evidence import Floats

Block = Callable[[np.random.Generator, int, int, int], Floats]
"""Latencies of one block, one row for each comparison: (generator, comparisons, requests, turn)."""

BURST = 5
SLOWED = 3.0
DRIFT_WINDOWS = 37


def lognormal(rng: np.random.Generator, streams: int, requests: int, _: int) -> Floats:
    """Independent; p95 is 1.6 times p50."""
    return np.asarray(rng.lognormal(0.0, 0.3, (streams, requests)))


def exponential(rng: np.random.Generator, streams: int, requests: int, _: int) -> Floats:
    """Independent, with a tail so long that a tenth more is rarely noticed."""
    return np.asarray(rng.exponential(1.0, (streams, requests)))


def queue(load: float) -> Block:
    """Return blocks of a single worker with Poisson arrivals, idle at the start of each."""

    def block(rng: np.random.Generator, streams: int, requests: int, _: int) -> Floats:
        found, work = np.empty((streams, requests)), np.zeros(streams)
        for i in range(requests):
            found[:, i] = work + rng.standard_exponential(streams)
            work = np.maximum(found[:, i] - rng.standard_exponential(streams) / load, 0.0)
        return found

    return block


def stretches(rng: np.random.Generator, streams: int, requests: int, turn: int) -> Floats:
    """Now and then five requests in a row take three times as long."""
    found = lognormal(rng, streams, requests, turn)
    starts = rng.random((streams, requests)) < 0.01
    for offset in range(BURST):
        slowed = np.zeros_like(starts)
        slowed[:, offset:] = starts[:, : requests - offset]
        found[slowed] = SLOWED * lognormal(rng, streams, requests, turn)[slowed]
    return found


def drifting(rng: np.random.Generator, streams: int, requests: int, turn: int) -> Floats:
    """Both get slower and faster by half, as with other work on the node, over many blocks."""
    factor = 1 + 0.5 * np.sin(2 * np.pi * turn / (2 * DRIFT_WINDOWS))
    return np.asarray(factor * lognormal(rng, streams, requests, turn))


SOURCES: dict[str, Block] = {
    "lognormal": lognormal,
    "exponential": exponential,
    "M/M/1 at .2": queue(0.2),
    "M/M/1 at .5": queue(0.5),
    "stretches of five": stretches,
    "drifting node": drifting,
}
