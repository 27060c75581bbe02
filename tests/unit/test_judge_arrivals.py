"""When requests are due: constant, Poisson, ramp."""

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.judge import LoadShape, due_times

SECOND = 1_000_000_000
MINUTE = Fraction(60)


def due(shape: LoadShape, seed: str = "a", requests: int | None = None) -> list[int]:
    return list(itertools.islice(due_times(shape, seed), requests or shape.requests))


def shape(rate: int, ramp_from: int | None = None, *, poisson: bool = False) -> LoadShape:
    start = None if ramp_from is None else Fraction(ramp_from)
    return LoadShape.of(Fraction(rate), MINUTE, Fraction(10), ramp_from=start, poisson=poisson)


def test_constant_arrivals_are_due_at_even_intervals_that_never_drift() -> None:
    thirds = LoadShape.of(Fraction(3), MINUTE, Fraction(0))
    assert due(thirds, requests=4) == [0, SECOND // 3, 2 * SECOND // 3, SECOND]
    assert due(thirds, requests=300_001)[-1] == 100_000 * SECOND


def test_a_poisson_schedule_is_the_same_for_a_seed_and_another_for_another() -> None:
    random = shape(50, poisson=True)
    assert due(random, "a") == due(random, "a")
    assert due(random, "a") != due(random, "b")


@pytest.mark.parametrize("ramp_from", [None, 5])
def test_a_poisson_schedule_has_the_variance_of_its_mean_in_every_second(
    ramp_from: int | None,
) -> None:
    """Of 2,000 seconds at 20 requests each: mean and variance are 20, to five standard errors."""
    random = LoadShape.of(
        Fraction(20),
        Fraction(2_100),
        Fraction(10),
        ramp_from=None if ramp_from is None else Fraction(ramp_from),
        poisson=True,
    )
    counts = [0] * 2_000
    for at in due(random, "seed"):
        second = at // SECOND - 10
        if 0 <= second < len(counts):
            counts[second] += 1
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / (len(counts) - 1)
    assert abs(mean - 20) < 5 * math.sqrt(20 / 2_000)
    assert abs(variance - 20) < 5 * 20 * math.sqrt(2 / 2_000)


def test_a_ramp_rises_evenly_within_the_warm_up_and_then_keeps_the_rate() -> None:
    rising = shape(40, 10)
    assert rising.warm_up == 250  # 10 seconds at (10 + 40) / 2
    times = due(rising)
    seconds = [sum(at // SECOND == second for at in times) for second in range(12)]
    assert all(abs(seconds[i] - (11.5 + 3 * i)) <= 1 for i in range(10))
    assert seconds[10:] == [40, 40]
    assert times[rising.warm_up] == 10 * SECOND
    assert times[rising.warm_up + 40] == 11 * SECOND
    assert rising.seconds == 10 + Fraction(rising.requests - 250, 40)


@pytest.mark.parametrize("ramp_from", [0, 40, 50])
def test_a_ramp_that_does_not_rise_is_refused(ramp_from: int) -> None:
    with pytest.raises(ValueError, match="doesn't rise"):
        shape(40, ramp_from)


@settings(max_examples=50)
@given(
    rate=st.integers(1, 3_000),
    start=st.none() | st.integers(1, 2_999),
    poisson=st.booleans(),
    warm_up=st.fractions(Fraction(1, 100), 5),
    seed=st.text(max_size=5),
)
def test_requests_are_due_one_after_the_other_and_as_often_as_declared(
    rate: int, start: int | None, poisson: bool, warm_up: Fraction, seed: str
) -> None:
    ramp_from = Fraction(start) if start and start < rate else None
    load = LoadShape.of(Fraction(rate), Fraction(20), warm_up, ramp_from=ramp_from, poisson=poisson)
    times = due(load, seed)
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= load.seconds * SECOND
    if not poisson:
        assert abs(times[load.warm_up] - load.warm_up_seconds * SECOND) <= 1_000
