"""From raw samples to increments: what pods truly counted, whatever happened to them."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.benchmark.live.scrapes import Counted, Pods, Reading, counted, interval
from modelward.judge.guards import UnusableError
from tests.unit.live_world import BAD, CANDIDATE, STABLE, TOTAL, Fleet, pod_of

POD = pod_of(CANDIDATE)
PODS = Pods(CANDIDATE)


def seen(fleet: Fleet, pods: Pods = PODS) -> tuple[int, int]:
    """Return requests and bad ones between the first scrape and the last."""
    found = counted(fleet.reading(), BAD, TOTAL, pods)
    return sum(each.requests for each in found), sum(each.bad for each in found)


def scraped(fleet: Fleet, **kinds: tuple[str, ...]) -> None:
    fleet.now += 10_000
    fleet.scrape(**kinds)


def fleet_with(*pods: str) -> Fleet:
    """Return pods that were scraped once and have counted nothing."""
    fleet = Fleet(counters={pod: {} for pod in pods or (POD,)})
    fleet.scrape()
    return fleet


def test_a_series_that_appears_after_its_pod_was_first_scraped_began_at_0() -> None:
    fleet = fleet_with()
    fleet.serve(POD, good=99, bad=1)
    scraped(fleet)
    assert seen(fleet) == (100, 1)


def test_what_a_pod_counted_before_its_first_scrape_is_left_out() -> None:
    fleet = Fleet()
    fleet.serve(POD, good=50, bad=50)
    scraped(fleet)
    fleet.serve(POD, good=9, bad=1)
    scraped(fleet)
    assert seen(fleet) == (10, 1)


def test_a_restart_in_the_middle_loses_nothing_but_what_was_not_scraped() -> None:
    fleet = fleet_with()
    fleet.serve(POD, good=100, bad=10)
    scraped(fleet)
    fleet.restart(POD)
    fleet.serve(POD, good=20, bad=3)
    scraped(fleet)
    assert seen(fleet) == (133, 13)


def test_a_scrape_that_failed_is_made_up_for_by_the_next_one() -> None:
    fleet = fleet_with()
    fleet.serve(POD, good=5)
    scraped(fleet, failing=(POD,))
    fleet.serve(POD, good=5, bad=2)
    scraped(fleet)
    assert seen(fleet) == (12, 2)
    assert [each.at - each.after for each in counted(fleet.reading(), BAD, TOTAL, PODS)] == [20_000]


def test_a_series_that_was_away_for_a_scrape_goes_on_from_where_it_was() -> None:
    fleet = fleet_with()
    fleet.serve(POD, good=100)
    scraped(fleet)
    hidden = fleet.counters[POD]
    fleet.counters[POD] = {}
    scraped(fleet)
    fleet.counters[POD] = hidden
    fleet.serve(POD, good=1)
    scraped(fleet)
    assert seen(fleet) == (101, 0)


def test_only_the_pods_of_the_revision_count() -> None:
    strangers = (pod_of(STABLE), f"{CANDIDATE}-extra-00001", f"{CANDIDATE}x-00001", CANDIDATE)
    fleet = fleet_with(POD, *strangers)
    for pod in (POD, *strangers):
        fleet.serve(pod, good=10)
    scraped(fleet)
    assert seen(fleet) == (10, 0)
    assert seen(fleet, Pods(STABLE)) == (10, 0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, 0.5])
def test_a_value_that_no_counter_has_is_a_problem_and_no_request(value: float) -> None:
    fleet = fleet_with()
    fleet.counters[POD]["200"] = value
    scraped(fleet)
    (found,) = counted(fleet.reading(), BAD, TOTAL, PODS)
    assert (found.requests, found.bad) == (0, 0)
    assert "a counter is a whole number" in found.problem


def test_more_bad_requests_than_requests_are_a_problem() -> None:
    fleet = fleet_with()
    fleet.serve(POD, good=1, bad=5)
    scraped(fleet)
    reading = fleet.reading()
    counters = {BAD: reading.counters[BAD], TOTAL: reading.counters[TOTAL][:1]}
    (found,) = counted(replace(reading, counters=counters), BAD, TOTAL, PODS)
    assert "do not count the same requests" in found.problem


def test_an_endpoint_under_two_jobs_would_count_twice_and_counts_not_at_all() -> None:
    fleet = fleet_with()
    fleet.serve(POD, good=10)
    scraped(fleet)
    reading = fleet.reading()
    again = tuple(replace(series, job="other") for series in reading.counters[TOTAL])
    counters = {**reading.counters, TOTAL: reading.counters[TOTAL] + again}
    with pytest.raises(UnusableError, match=r"scraped by 2 jobs \(other, pods\)"):
        counted(replace(reading, counters=counters), BAD, TOTAL, PODS)


def test_samples_with_timestamps_of_their_own_are_told_apart_from_no_traffic() -> None:
    fleet = fleet_with()
    fleet.serve(POD, good=10)
    scraped(fleet)
    scraped(fleet)
    reading = fleet.reading()
    shifted = tuple(
        replace(series, samples=tuple((at - 7, value) for at, value in series.samples))
        for series in reading.counters[TOTAL]
    )
    with pytest.raises(UnusableError, match="no sample at the time of a scrape"):
        counted(replace(reading, counters={TOTAL: shifted}), BAD, TOTAL, PODS)


def test_how_long_a_scrape_takes_is_the_usual_gap_between_two() -> None:
    fleet = fleet_with(POD, pod_of(CANDIDATE, 2))
    assert interval(fleet.reading().up) is None
    for _ in range(4):
        scraped(fleet)
    fleet.now += 35_000
    scraped(fleet)
    assert interval(fleet.reading().up) == 10_000


Step = tuple[str, int, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["serve", "serve", "scrape", "scrape", "miss", "restart"]),
        st.integers(1, 3),
        st.integers(0, 50),
        st.integers(0, 5),
    ),
    max_size=40,
)


@settings(max_examples=300)
@given(STEPS)
def test_true_increments_are_found_again(story: list[Step]) -> None:
    """Whatever pods do, and whichever scrapes fail, but for what died unseen.

    A pod restarts when it was just scraped: the rest nobody can know. Each restarted process counts
    less than the one before it, or it would look like that one's successor.
    """
    pods = [pod_of(CANDIDATE, number) for number in (1, 2, 3)]
    fleet = fleet_with(*pods)
    truth = {pod: [0, 0] for pod in pods}
    alive = dict.fromkeys(pods, True)
    for what, number, good, bad in story:
        pod = pods[number - 1]
        if what == "serve" and alive[pod]:
            fleet.serve(pod, good, bad, code=f"50{bad % 3}")
            truth[pod][0] += good + bad
            truth[pod][1] += bad
        elif what == "restart":
            scraped(fleet)
            fleet.restart(pod)
            alive[pod] = False  # it serves no more: a shorter life is what makes a reset visible
        else:
            scraped(fleet, failing=(pod,) if what == "miss" else ())
    scraped(fleet)
    assert seen(fleet) == (sum(t[0] for t in truth.values()), sum(t[1] for t in truth.values()))


@given(st.lists(st.integers(1, 100), min_size=1, max_size=8))
def test_restarts_are_recovered_where_each_life_is_scraped_and_shorter(lives: list[int]) -> None:
    fleet, total = fleet_with(), 0
    for requests in sorted(set(lives), reverse=True):
        fleet.restart(POD)
        fleet.serve(POD, good=requests)
        total += requests
        scraped(fleet)
    assert seen(fleet) == (total, 0)


def test_an_empty_reading_counts_nothing() -> None:
    assert counted(Reading(end=0), BAD, TOTAL, PODS) == []
    assert interval(()) is None
    assert Counted(0, 1).problem == ""
