"""Whole benchmarks on a simulated clock: the judging code of the runner without its sockets."""

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction

import pytest

from modelward.judge import (
    FAILED,
    LoadKpi,
    LoadSession,
    LoadShape,
    due_times,
    errors_objective,
)

MS = 1_000_000
FIVE = Fraction(5, 100)
LIMIT, EXPECTED = Fraction(5, 100), Fraction(25, 1000)
KPI = LoadKpi(errors_objective(LIMIT, EXPECTED, FIVE, FIVE))
SHAPE = LoadShape.of(rate=Fraction(40), for_seconds=Fraction(600), warm_up_seconds=Fraction(2))

Faults = Callable[[random.Random, float], Iterator[bool]]


def independent(rng: random.Random, share: float) -> Iterator[bool]:
    while True:
        yield rng.random() < share


def bursts_of_five(rng: random.Random, share: float) -> Iterator[bool]:
    """Fail five requests in a row, so often that `share` of all requests fail."""
    start = share / (5 - 4 * share)
    while True:
        burst = rng.random() < start
        yield from [True] * 5 if burst else [False]


def benchmark(faults: Iterator[bool], rng: random.Random) -> LoadSession:
    """Send requests when they are due and record each when it ends, until the session has ended."""
    session = LoadSession(SHAPE, (KPI,))
    in_flight: list[tuple[int, int, int]] = []
    for request, now in zip(range(SHAPE.requests), due_times(SHAPE, seed=""), strict=False):
        while in_flight and in_flight[0][0] <= now:
            session.record(*heapq.heappop(in_flight)[1:])
        if session.finished:
            break
        latency = 5 * MS + int(rng.expovariate(1 / (30 * MS)))
        failed = next(faults)
        heapq.heappush(in_flight, (now + latency, request, FAILED if failed else latency))
    while in_flight:
        session.record(*heapq.heappop(in_flight)[1:])
    return session


def outcomes(faults: Faults, share: Fraction, runs: int) -> Counter[str]:
    """Count the outcomes of seeded runs, each with its own calibration."""
    counter: Counter[str] = Counter()
    for seed in range(runs):
        rng = random.Random(seed)
        session = benchmark(faults(rng, float(share)), rng)
        counter[session.results()[0].outcome] += 1
    return counter


@pytest.mark.parametrize("faults", [independent, bursts_of_five])
def test_of_versions_exactly_at_the_limit_at_most_8_percent_are_promoted(faults: Faults) -> None:
    assert outcomes(faults, LIMIT, runs=300)["Pass"] <= 24


@pytest.mark.parametrize("faults", [independent, bursts_of_five])
def test_of_healthy_versions_at_most_8_percent_are_rolled_back(faults: Faults) -> None:
    counted = outcomes(faults, EXPECTED, runs=100)
    assert counted["Fail"] <= 8
    assert counted["Pass"] >= 90


@pytest.mark.parametrize("faults", [independent, bursts_of_five])
def test_versions_at_twice_the_limit_are_rolled_back(faults: Faults) -> None:
    assert outcomes(faults, 2 * LIMIT, runs=100)["Fail"] >= 98
