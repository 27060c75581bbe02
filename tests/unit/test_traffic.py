"""Weights as pods, and the selector as the switch."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.traffic import split, switch
from modelward.traffic.split import Bounds, Pods, Shares, bounds, forward, target


def test_the_worked_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(split).failed == 0
    assert doctest.testmod(split).attempted > 0


@pytest.mark.parametrize(
    ("size", "weight", "expected"),
    [
        (3, 10, Shares(stable=2, candidate=1)),
        (1, 10, Shares(stable=1, candidate=1)),
        (10, 25, Shares(stable=7, candidate=3)),
        (10, 99, Shares(stable=1, candidate=10)),
        (3, 100, Shares(stable=1, candidate=3)),
    ],
)
def test_a_weight_is_a_share_of_pods(size: int, weight: int, expected: Shares) -> None:
    assert target(bounds(size, 1, 0), weight) == expected


@pytest.mark.parametrize(
    ("size", "surge", "unavailable", "expected"),
    [
        (3, "25%", 0, Bounds(3, 1, 0)),
        (1, 0, 0, Bounds(1, 1, 0)),
        (10, 0, "5%", Bounds(10, 0, 1)),
        (10, "25%", "25%", Bounds(10, 3, 2)),
        (4, 2, 9, Bounds(4, 2, 4)),
    ],
)
def test_surge_rounds_up_and_unavailable_down_and_one_is_left(
    size: int, surge: int | str, unavailable: int | str, expected: Bounds
) -> None:
    assert bounds(size, surge, unavailable) == expected


SIZES = st.integers(1, 30)


@given(SIZES, st.integers(0, 5), st.integers(0, 5), st.lists(st.integers(1, 100), max_size=4))
def test_the_way_forward_arrives_and_stays_within_its_bounds(
    size: int, surge: int, unavailable: int, weights: list[int]
) -> None:
    limits = bounds(size, surge, unavailable)
    stable, candidate, is_open = full(size), full(1), False
    for weight in [*sorted(weights), 100]:
        for _ in range(4 * size + 8):
            step = forward(limits, weight, stable, candidate, is_open)
            stable, candidate, is_open = (
                full(step.shares.stable),
                full(step.shares.candidate),
                step.open,
            )
            endpoints = stable.ready + candidate.ready if is_open else stable.ready
            assert limits.least <= endpoints <= max(limits.most, 2)
            assert stable.ready >= 1
            if step.reached:
                break
        else:
            raise AssertionError(f"weight {weight} is never reached")


def test_nothing_moves_forward_while_stable_has_no_endpoints() -> None:
    stable, candidate = Pods(desired=9, present=9), full(1)
    step = forward(bounds(10, 3, 0), 100, stable, candidate, is_open=True)
    assert step == split.Forward(Shares(stable=9, candidate=1), open=True, reached=False)


def full(count: int) -> Pods:
    """All pods that are wanted are there and ready."""
    return Pods(desired=count, present=count, ready=count, available=count)


@given(st.sampled_from(["bcdfghjklm", "none", None]))
def test_a_selector_reads_as_it_was_written(revision: str | None) -> None:
    for selection in (switch.SPLIT, switch.CLOSED, switch.only("bcdfghjklm")):
        assert switch.from_selector(switch.to_selector("fraud", selection)) == selection


@pytest.mark.parametrize(
    ("stable_ready", "candidate_ready", "urgent", "closes"),
    [
        (2, 1, False, False),
        (3, 1, False, True),
        (2, 1, True, True),
        (1, 1, True, False),
        (0, 0, False, True),
    ],
)
def test_stable_takes_users_back_when_it_can_bear_them(
    stable_ready: int, candidate_ready: int, urgent: bool, closes: bool
) -> None:
    limits = bounds(3, 1, 0)
    stable, candidate = Pods(ready=stable_ready), Pods(ready=candidate_ready)
    assert split.ready_to_close(limits, stable, candidate, urgent) is closes
