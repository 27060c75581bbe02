import random

from hypothesis import given
from hypothesis import strategies as st

from modelward.runner.delays import Delays


def delays(*values: int) -> Delays:
    found = Delays()
    for value in values:
        found.add(value)
    return found


def test_without_requests_nothing_was_late() -> None:
    assert (delays().requests, delays().p99) == (0, 0)


def test_one_late_request_of_a_hundred_is_no_lag_and_two_are() -> None:
    assert delays(*[0] * 99, 10**9).p99 == 0
    assert delays(*[0] * 98, 10**9, 10**9).p99 >= 10**9


def test_a_request_that_was_sent_early_was_not_late() -> None:
    assert delays(-5).p99 == 0


@given(st.lists(st.integers(0, 10**12), min_size=1))
def test_the_99th_percentile_is_exact_or_larger_by_a_64th(values: list[int]) -> None:
    exact = sorted(values)[len(values) - 1 - len(values) // 100]
    assert exact <= delays(*values).p99 <= exact + exact // 64 + 1


def test_a_million_delays_take_no_more_than_a_few_hundred_counts() -> None:
    rng = random.Random(1)
    found = delays(*(int(rng.expovariate(1e-6)) for _ in range(100_000)))
    assert len(found._counts) < 2_000
