"""How often verdicts err where requests are not independent, on a simulated clock.

    make bench-dependence

Seeded benchmarks at 40 requests per second with the judging code of the runner, each calibrated on
its own 60 windows: limit 5%, expected 2.5%, error probabilities 5%. Bad requests come in bursts, or
are those that waited too long in a queue in front of one worker or of four. FULL=1 runs 20,000
benchmarks for each figure, otherwise 300.
"""

import heapq
import os
import random
from collections.abc import Callable, Iterator
from fractions import Fraction

from modelward.judge import FAILED, LoadKpi, LoadSession, LoadShape, errors_objective

RUNS = 20_000 if os.environ.get("FULL") else 300
LIMIT, EXPECTED, FIVE = Fraction(5, 100), Fraction(25, 1000), Fraction(5, 100)
KPI = LoadKpi(errors_objective(LIMIT, EXPECTED, FIVE, FIVE))
SHAPE = LoadShape.of(rate=Fraction(40), for_seconds=Fraction(600), warm_up_seconds=Fraction(0))
WARM_UP = 200
REFERENCE = 400_000
"""Requests on which the threshold is found that a share of them is beyond."""

Source = Callable[[random.Random], Iterator[float]]


def queue(workers: int, utilisation: float) -> Source:
    """Return a source of times in the system: Poisson arrivals, exponential service."""

    def times(rng: random.Random) -> Iterator[float]:
        free = [0.0] * workers
        now = 0.0
        while True:
            now += rng.expovariate(workers * utilisation)
            begins = max(now, heapq.heappop(free))
            ends = begins + rng.expovariate(1.0)
            heapq.heappush(free, ends)
            yield ends - now

    return times


def thresholded(source: Source, share: Fraction) -> Callable[[random.Random], Iterator[bool]]:
    """Return which requests are beyond what a share of them is, found on a long stretch."""
    stretch = source(random.Random(0))
    times = sorted(next(stretch) for _ in range(REFERENCE))
    threshold = times[int((1 - share) * REFERENCE)]

    def bad_ones(rng: random.Random) -> Iterator[bool]:
        times = source(rng)
        for _ in range(WARM_UP):
            next(times)
        return (time > threshold for time in times)

    return bad_ones


def bursts(share: Fraction, geometric: bool) -> Callable[[random.Random], Iterator[bool]]:
    """Return requests that fail five in a row, or with geometric lengths of mean five."""
    start = float(share) / (5 - 4 * float(share))

    def bad_ones(rng: random.Random) -> Iterator[bool]:
        while True:
            if rng.random() >= start:
                yield False
                continue
            length = 5
            if geometric:
                length = 1
                while rng.random() < 0.8:
                    length += 1
            yield from [True] * length

    return bad_ones


def share_of(outcome: str, bad_ones: Callable[[random.Random], Iterator[bool]]) -> float:
    """Return the share of runs that come to an outcome."""
    found = 0
    for seed in range(RUNS):
        session = LoadSession(SHAPE, (KPI,))
        for request, bad in enumerate(bad_ones(random.Random(seed))):
            session.record(request, FAILED if bad else 1)
            if session.finished or request + 1 == SHAPE.requests:
                break
        found += session.results()[0].outcome == outcome
    return found / RUNS


def main() -> None:
    """Print how often versions at what is expected fail, and those at the limit pass."""
    print(f"{RUNS} runs each  {'false rollback':>15} {'false promotion':>16}")
    queues = {"M/M/1 at .2": (1, 0.2), "M/M/1 at .5": (1, 0.5), "M/M/1 at .7": (1, 0.7),
              "4 workers at .7": (4, 0.7)}  # fmt: skip
    for name, (workers, utilisation) in queues.items():
        source = queue(workers, utilisation)
        rollback = share_of("Fail", thresholded(source, EXPECTED))
        promotion = share_of("Pass", thresholded(source, LIMIT))
        print(f"{name:<16} {rollback:>15.3f} {promotion:>16.3f}", flush=True)
    for name, geometric in (("bursts of five", False), ("geometric bursts", True)):
        rollback = share_of("Fail", bursts(EXPECTED, geometric))
        promotion = share_of("Pass", bursts(LIMIT, geometric))
        print(f"{name:<16} {rollback:>15.3f} {promotion:>16.3f}", flush=True)


if __name__ == "__main__":
    main()
