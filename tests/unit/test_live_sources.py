"""Weight steps with a latency from histograms, or an expression: what they come to."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from modelward.benchmark.live.explained import explain_live
from modelward.benchmark.live.scalars import Scalar, scalar
from modelward.cli.page import page
from tests.unit.live_world import (
    CANDIDATE,
    LIVE_ERRORS,
    LIVE_LATENCY,
    QUEUE,
    Fleet,
    LiveWorld,
    live_run,
    pod_of,
    steady,
    timed,
    together,
)

SLOW, QUICK = timed(0.3, 10), timed(0.05, 10)


def with_latency(*kpis: dict[str, Any], **live: object) -> LiveWorld:
    return LiveWorld(live_run(*(kpis or (LIVE_LATENCY,)), **live))


def test_quick_answers_pass_and_slow_ones_fail_by_the_buckets_of_the_histogram() -> None:
    assert with_latency().pass_time(140, QUICK).outcome == ("Pass", "EveryGateHolds")
    slow = with_latency(**{"for": "10m"}).pass_time(130, together(QUICK, SLOW))
    assert slow.outcome == ("Fail", "GateFailed")
    message = slow.run.status.message or ""
    assert "latency is 50% above 250ms on" in message
    assert "p90 <= 250ms, expected 100ms" in message
    (shown,) = slow.run.status.kpis
    assert shown.low is not None
    assert shown.low.endswith("% above 250ms")
    assert len(shown.evidence) == 6


def test_answers_between_expected_and_the_limit_roll_back() -> None:
    world = with_latency().pass_time(100, timed(0.2, 10))
    (shown,) = world.run.status.kpis
    assert (shown.verdict, shown.reason) == ("Fail", "WorseThanExpected")
    assert (shown.value or "").startswith("0% above")


def test_a_limit_that_is_no_bucket_bound_never_passes_and_the_condition_has_the_bounds() -> None:
    limit = LIVE_LATENCY | {"objective": {"atMost": "300ms"}}
    world = with_latency(limit).pass_time(45, QUICK)
    (running,) = world.run.status.conditions
    assert not world.finished
    assert "ends at 300ms" in running.message
    assert "100ms, 250ms, 1s" in running.message
    world.pass_time(40, QUICK)
    assert world.outcome == ("Inconclusive", "Unusable")
    assert "say one of 100ms, 250ms, 1s" in world.run.status.conditions[0].message


def test_a_restart_in_the_middle_of_a_window_changes_no_verdict_about_latency() -> None:
    world = with_latency(**{"for": "4m"}).pass_time(135, QUICK)
    world.fleet.restart(pod_of(CANDIDATE))
    world.pass_time(150, QUICK)
    assert world.outcome == ("Pass", "EveryGateHolds")
    assert world.evidence("latency")[3] == 0


def counting(*bounds: str) -> Callable[[Fleet], None]:
    """Return traffic: a histogram that is in the middle of counting one request."""

    def traffic(fleet: Fleet) -> None:
        for bound in bounds:
            fleet.buckets[pod_of(CANDIDATE)][bound] += 1

    return traffic


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [(steady(7, 3), ("Fail", "WorseThanExpected")), (steady(10), ("Pass", None))],
)
def test_a_histogram_scraped_while_it_counts_leaves_the_other_gates_of_the_step_their_sight(
    errors: Callable[[Fleet], None], verdict: tuple[str, str | None]
) -> None:
    world = with_latency(LIVE_ERRORS, LIVE_LATENCY, **{"for": "10m"})
    traffic = together(errors, QUICK)
    world.pass_time(28, traffic).pass_time(1, timed(7.0, 2)).pass_time(1, counting("0.1"))
    world.pass_time(1, counting("0.25", "1.0", "+Inf")).pass_time(14, traffic)
    live = world.run.status.live
    assert live is not None
    assert (live.problem or "").startswith("latency: the bucket that ends at 100ms counted ")
    world.pass_time(60, traffic)
    shown, latency = world.run.status.kpis
    assert (shown.verdict, shown.reason) == verdict
    assert latency.verdict == "Pass"


def test_an_expression_is_shown_and_decides_nothing() -> None:
    world = with_latency(LIVE_LATENCY, QUEUE)
    world.fleet.values[QUEUE["prometheus"]["query"]] = Scalar(Fraction("117.25"))
    world.pass_time(140, QUICK)
    assert world.outcome == ("Pass", "EveryGateHolds")
    queue = world.run.status.kpis[1]
    assert (queue.verdict, queue.reason, queue.value) == ("Fail", "BeyondLimit", "117.25")
    explained = explain_live(world.run)
    assert all(each.agrees for each in explained)
    assert "only shown" in explained[1].sentences[0]


def test_an_expression_without_a_value_is_told_with_its_reason_as_long_as_that_is_so() -> None:
    world = with_latency(LIVE_LATENCY, QUEUE, **{"for": "5m"})
    world.fleet.values[QUEUE["prometheus"]["query"]] = scalar("vector", [])
    world.pass_time(45, QUICK)
    told = "users' requests are counted; queue: no series matches the expression"
    assert world.run.status.conditions[0].message == told
    assert world.run.status.kpis[1].reason == "NoSeries"
    world.pass_time(5, QUICK)
    assert world.run.status.conditions[0].message == told
    world.fleet.values[QUEUE["prometheus"]["query"]] = Scalar(Fraction(1))
    world.pass_time(40, QUICK)
    assert world.run.status.conditions[0].message == "users' requests are counted"
    assert world.run.status.kpis[1].verdict == "Pass"


def test_a_step_with_nothing_but_an_expression_lasts_as_long_as_declared() -> None:
    world = with_latency(QUEUE).pass_time(125, QUICK)
    assert world.outcome == ("Pass", "NoGates")


def test_a_verdict_about_latency_is_explained_from_its_evidence() -> None:
    world = with_latency(**{"for": "10m"}).pass_time(130, together(QUICK, SLOW))
    (explained,) = explain_live(world.run)
    assert explained.agrees
    assert "users' requests took longer than 250ms, 50%, in" in explained.sentences[0]
    assert "took longer than 100ms." in explained.sentences[1]
    assert explained.sentences[2].endswith(", by which they scatter.")


def test_the_page_of_a_live_run_shows_what_was_counted_and_the_value_of_an_expression() -> None:
    world = with_latency(LIVE_LATENCY, QUEUE)
    world.fleet.values[QUEUE["prometheus"]["query"]] = Scalar(Fraction("117.25"))
    html = page(world.pass_time(140, QUICK).run, None)
    assert "117.25" in html
    assert "0% above 250ms" in html
    assert "p90 &lt;= 250ms, expected 100ms" in html
