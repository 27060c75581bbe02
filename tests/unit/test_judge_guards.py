"""Observations that must not become evidence as they are."""

import math
from fractions import Fraction

import pytest

from modelward.judge.guards import Scrape, UnusableError, increments, is_mismatched

FIVE = Fraction(5, 100)
TENTH = (Fraction(1, 10), Fraction(9, 10))


def test_counters_are_read_by_how_much_they_grew() -> None:
    before = Scrape({"500": 3}, {"200": 90, "500": 3})
    now = Scrape({"500": 5}, {"200": 100, "500": 5})
    assert increments(before, now) == (2, 12)


def test_a_series_that_appears_later_began_at_zero() -> None:
    before = Scrape({}, {"200": 90})
    now = Scrape({"503": 1}, {"200": 99, "503": 1})
    assert increments(before, now) == (1, 10)


def test_what_a_pod_counted_before_its_first_scrape_is_left_out() -> None:
    assert increments(None, Scrape({"500": 7}, {"200": 100, "500": 7})) == (0, 0)


def test_a_counter_that_restarted_counts_from_zero() -> None:
    before = Scrape({"500": 30}, {"200": 900, "500": 30})
    assert increments(before, Scrape({"500": 1}, {"200": 40, "500": 1})) == (1, 41)


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, 0.5])
@pytest.mark.parametrize("before", [None, Scrape({}, {})])
def test_what_no_counter_shows_is_no_evidence(value: float, before: Scrape | None) -> None:
    with pytest.raises(UnusableError, match="whole number"):
        increments(before, Scrape({"500": value}, {"200": 1}))


def test_more_bad_requests_than_requests_are_no_evidence() -> None:
    with pytest.raises(UnusableError, match="do not count the same requests"):
        increments(Scrape({}, {}), Scrape({"500": 2}, {"200": 1}))


@pytest.mark.parametrize(
    ("requests", "mismatched"),
    [((100, 900), False), ((0, 0), False), ((120, 880), False), ((200, 800), True),
     ((0, 400), True), ((5_000, 5_000), True)],
)  # fmt: skip
def test_requests_that_were_not_split_as_declared_are_noticed(
    requests: tuple[int, int], mismatched: bool
) -> None:
    assert is_mismatched(requests, TENTH, FIVE) == mismatched
