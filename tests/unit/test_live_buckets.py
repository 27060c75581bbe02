"""From the buckets of histograms to slow requests: as many as there truly were, or none at all."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.benchmark.live.buckets import slow
from modelward.benchmark.live.scrapes import Counted, Pods, Series
from modelward.judge.guards import UnusableError
from tests.unit.live_world import BUCKETS, CANDIDATE, STABLE, Fleet, pod_of

POD = pod_of(CANDIDATE)
PODS = Pods(CANDIDATE)
LIMITS = (Fraction("0.25"), Fraction("0.1"))


def fleet_with(*pods: str, bounds: tuple[str, ...] = Fleet.bounds) -> Fleet:
    fleet = Fleet(counters={pod: {} for pod in pods or (POD,)}, bounds=bounds)
    fleet.scrape()
    return fleet


def scraped(fleet: Fleet) -> Fleet:
    fleet.now += 10_000
    fleet.scrape()
    return fleet


def seen(fleet: Fleet, limits: tuple[Fraction, ...] = LIMITS) -> tuple[int, int, int]:
    """Return requests, slow ones, and those beyond expected."""
    found = slow(fleet.reading(), BUCKETS, limits, PODS)
    assert not any(each.problem for each in found)
    return (
        sum(each.requests for each in found),
        sum(each.bad for each in found),
        sum(each.beyond_expected for each in found),
    )


def test_requests_beyond_the_limit_and_beyond_expected_are_counted_apart() -> None:
    fleet = fleet_with()
    for seconds, requests in ((0.05, 80), (0.2, 15), (0.7, 4), (30.0, 1)):
        fleet.take(POD, seconds, requests)
    assert seen(scraped(fleet)) == (100, 5, 20)


def test_a_request_that_took_exactly_the_limit_is_within_it() -> None:
    fleet = fleet_with()
    fleet.take(POD, 0.25, 10)
    assert seen(scraped(fleet), LIMITS[:1])[:2] == (10, 0)


def test_what_a_pod_had_answered_before_its_first_scrape_is_left_out() -> None:
    fleet = Fleet(counters={POD: {}})
    fleet.take(POD, 3.0, 100)
    scraped(fleet).take(POD, 0.2, 7)
    assert seen(scraped(fleet)) == (7, 0, 7)


def test_a_restarted_pod_loses_nothing_but_what_was_not_scraped() -> None:
    fleet = fleet_with()
    fleet.take(POD, 0.5, 10)
    scraped(fleet).restart(POD)
    fleet.take(POD, 0.5, 3)
    fleet.take(POD, 0.01, 20)
    assert seen(scraped(fleet)) == (33, 13, 13)


def test_all_buckets_begin_anew_where_one_does() -> None:
    """Quick ones are more than before, all together fewer: 20 were slow, and not 70."""
    fleet = fleet_with()
    fleet.take(POD, 0.05, 50)
    fleet.take(POD, 0.5, 50)
    scraped(fleet).restart(POD)
    fleet.take(POD, 0.05, 60)
    fleet.take(POD, 0.5, 20)
    assert seen(scraped(fleet)) == (180, 70, 70)


def test_pods_of_another_revision_do_not_count() -> None:
    fleet = fleet_with(POD, pod_of(STABLE))
    fleet.take(POD, 0.01, 10)
    fleet.take(pod_of(STABLE), 3.0, 10)
    assert seen(scraped(fleet)) == (10, 0, 0)


@pytest.mark.parametrize("bound", ["0.25", "0.250", "2.5e-01"])
def test_bounds_are_compared_as_numbers(bound: str) -> None:
    fleet = fleet_with(bounds=(bound, "+Inf"))
    fleet.take(POD, 0.3, 4)
    assert seen(scraped(fleet), LIMITS[:1])[:2] == (4, 4)


def test_a_histogram_in_milliseconds_says_so_in_its_name() -> None:
    fleet = fleet_with(bounds=("100", "250", "+Inf"))
    fleet.take(POD, 180.0, 9)
    selector = "http_request_duration_milliseconds_bucket"
    reading = scraped(fleet).reading()
    reading = replace(reading, counters={selector: reading.counters[BUCKETS]})
    (found,) = slow(reading, selector, LIMITS, PODS)
    assert (found.requests, found.bad, found.beyond_expected) == (9, 0, 9)


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        (
            ("0.005", "0.1", "0.5", "2.5", "+Inf"),
            f"pod {POD}: no bucket of {BUCKETS} ends at 250ms",
        ),
        (
            ("0.005", "0.1", "0.5", "2.5", "+Inf"),
            "nobody knows how many requests took longer: say one of 5ms, 100ms, 500ms, 2.5s",
        ),
        (("+Inf",), "say one of its bounds, of which there are none"),
        (("0.25", "0.1"), "has no bucket +Inf, which counts all requests: leave le out"),
        (("0.1", "NaN", "+Inf"), "le=NaN: name the buckets of a histogram"),
    ],
)
def test_a_limit_that_is_no_bound_is_told_with_the_bounds_that_there_are(
    bounds: tuple[str, ...], told: str
) -> None:
    fleet = fleet_with(bounds=bounds)
    fleet.take(POD, 0.05, 10)
    with pytest.raises(UnusableError) as raised:
        slow(scraped(fleet).reading(), BUCKETS, LIMITS, PODS)
    assert told in str(raised.value)


def test_expected_has_to_be_a_bound_as_well() -> None:
    fleet = fleet_with(bounds=("0.25", "+Inf"))
    fleet.take(POD, 0.05, 10)
    with pytest.raises(UnusableError, match="ends at 100ms"):
        slow(scraped(fleet).reading(), BUCKETS, LIMITS, PODS)


def test_each_histogram_of_a_pod_needs_the_bound() -> None:
    """A path with other buckets would count as slow, all of it."""
    fleet = fleet_with()
    fleet.take(POD, 0.05, 10)
    reading = scraped(fleet).reading()
    other = Series(POD, "pods", f"{POD}:8080", "x", ((fleet.now, 5.0),), "+Inf", "other path")
    counters = {BUCKETS: (*reading.counters[BUCKETS], other)}
    with pytest.raises(UnusableError, match="no bucket of"):
        slow(replace(reading, counters=counters), BUCKETS, LIMITS, PODS)


def test_series_that_are_no_buckets_are_no_evidence() -> None:
    fleet = fleet_with()
    fleet.take(POD, 0.05, 10)
    reading = scraped(fleet).reading()
    counters = {BUCKETS: tuple(replace(s, le=None) for s in reading.counters[BUCKETS])}
    with pytest.raises(UnusableError, match="no label le: name the buckets"):
        slow(replace(reading, counters=counters), BUCKETS, LIMITS, PODS)


def test_buckets_that_contradict_each_other_are_no_evidence() -> None:
    fleet = fleet_with()
    fleet.take(POD, 0.05, 10)
    fleet.buckets[POD]["+Inf"] = 4
    (found,) = slow(scraped(fleet).reading(), BUCKETS, LIMITS, PODS)
    assert found.problem
    assert (found.requests, found.bad) == (0, 0)


def test_a_bucket_ahead_of_a_larger_one_is_no_evidence_and_the_next_scrape_is() -> None:
    fleet = fleet_with()
    fleet.take(POD, 0.05, 10)
    fleet.take(POD, 7.0, 2)
    fleet.buckets[POD]["0.1"] += 1
    (ahead,) = slow(scraped(fleet).reading(), BUCKETS, LIMITS, PODS)
    assert ahead.problem == (
        "the bucket that ends at 100ms counted 11 requests, and the larger one that ends at 250ms "
        "only 10: it was scraped while it counted"
    )
    for bound in ("0.25", "1.0", "+Inf"):
        fleet.buckets[POD][bound] += 1
    fleet.take(POD, 0.2, 4)
    *_, after = slow(scraped(fleet).reading(), BUCKETS, LIMITS, PODS)
    assert (after.problem, after.requests, after.bad, after.beyond_expected) == ("", 5, 0, 5)


def test_before_the_first_request_there_is_no_histogram_and_nothing_to_tell() -> None:
    assert slow(scraped(fleet_with()).reading(), BUCKETS, LIMITS, PODS) == [
        Counted(fleet_with().now, fleet_with().now + 10_000)
    ]


EVENTS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from([POD, pod_of(CANDIDATE, 2)]),
            st.sampled_from([0.05, 0.1, 0.2, 0.25, 0.3, 1.0, 7.0]),
            st.integers(0, 50),
        ),
        st.just("scrape"),
        st.sampled_from([("restart", POD), ("restart", pod_of(CANDIDATE, 2))]),
    ),
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(EVENTS)
def test_whatever_happens_all_that_was_scraped_is_counted_once(events: list[object]) -> None:
    """Restarts come between two scrapes: what was not scraped is lost to everybody."""
    fleet = fleet_with(POD, pod_of(CANDIDATE, 2))
    truth = [0, 0, 0]
    for event in events:
        match event:
            case "scrape":
                scraped(fleet)
            case ("restart", str(pod)):
                scraped(fleet).restart(pod)
                fleet.take(pod, 1.0, 0)
                scraped(fleet)
            case (str(pod), float(seconds), int(requests)):
                fleet.take(pod, seconds, requests)
                truth[0] += requests
                truth[1] += requests * (seconds > 0.25)
                truth[2] += requests * (seconds > 0.1)
    assert list(seen(scraped(fleet))) == truth
