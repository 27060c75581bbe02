"""A weight step judged on users' requests: when it passes, fails, or comes to no verdict."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.benchmark.live.explained import explain_live
from modelward.benchmark.snapshot import LivePod, Unread
from tests.unit.benchmark_world import START
from tests.unit.live_world import (
    CANDIDATE,
    LIVE_ERRORS,
    STABLE,
    VERSUS_STABLE,
    Fleet,
    LiveWorld,
    live_run,
    pod_of,
    steady,
    together,
)

HEALTHY, FLAKY = steady(10), steady(7, 3)
DOWN = Unread("Unreachable", "Prometheus did not answer within 10 s")
REPORT = LIVE_ERRORS | {"effect": "report"}


def kpi(world: LiveWorld) -> tuple[str, str | None]:
    (shown,) = world.run.status.kpis
    return shown.verdict, shown.reason


def test_gates_that_hold_must_hold_at_the_end_of_for() -> None:
    world = LiveWorld().pass_time(110, HEALTHY)
    assert not world.finished
    assert kpi(world) == ("Pass", None)
    world.pass_time(30, HEALTHY)
    assert world.outcome == ("Pass", "EveryGateHolds")
    assert 120 <= world.seconds <= 135


def test_a_flaky_candidate_fails_before_the_step_is_over_and_the_message_names_all() -> None:
    world = LiveWorld().pass_time(100, FLAKY)
    assert world.outcome == ("Fail", "GateFailed")
    message = world.run.status.message or ""
    assert "errors is 30%" in message
    assert "<= 5%, expected 1%" in message
    assert [event.reason for event in world.events] == ["BenchmarkFail"]


def test_a_single_burst_of_errors_neither_fails_nor_passes_a_version() -> None:
    world = LiveWorld().pass_time(15, HEALTHY).pass_time(1, steady(0, 30)).pass_time(29, HEALTHY)
    assert not world.finished
    assert kpi(world) == ("Inconclusive", "Undecided")


def test_a_candidate_without_traffic_is_told_so_after_two_windows() -> None:
    world = LiveWorld().pass_time(80, steady(0))
    assert world.outcome == ("Inconclusive", "NoTraffic")
    assert 60 <= world.seconds < 75


def test_traffic_that_ends_in_the_middle_takes_the_pass_back() -> None:
    world = LiveWorld(live_run(**{"for": "10m"})).pass_time(130, HEALTHY)
    assert kpi(world) == ("Pass", None)
    world.pass_time(100, steady(0))
    assert world.outcome == ("Inconclusive", "NoTraffic")
    assert kpi(world) == ("Inconclusive", "NoTraffic")


def test_pods_that_nobody_scrapes_are_no_evidence() -> None:
    world = LiveWorld()
    world.fleet = Fleet()
    world.pass_time(80, lambda _: None)
    assert world.outcome == ("Inconclusive", "NotScraped")


@pytest.mark.parametrize("before", [0, 100])
def test_a_metrics_server_that_does_not_answer_is_neither_pass_nor_fail(before: int) -> None:
    world = LiveWorld(live_run(**{"for": "10m"})).pass_time(before, HEALTHY)
    world.unread = DOWN
    world.pass_time(30, FLAKY)
    assert not world.finished
    world.pass_time(80, FLAKY)
    assert world.outcome == ("Inconclusive", "Unreachable")
    assert world.run.status.message == DOWN.message


def test_what_was_missed_while_the_metrics_server_was_away_is_counted_afterwards() -> None:
    world = LiveWorld().pass_time(45, HEALTHY)
    world.unread = DOWN
    world.pass_time(20, FLAKY)
    world.unread = None
    world.pass_time(100, FLAKY)
    assert world.outcome == ("Fail", "GateFailed")


def test_without_a_prometheus_the_first_look_says_so() -> None:
    world = LiveWorld()
    world.unread = Unread("NotConfigured", "no Prometheus")
    world.pass_time(40, HEALTHY)
    assert world.outcome == ("Inconclusive", "NotConfigured")


def test_a_value_that_is_no_number_never_passes() -> None:
    def broken(fleet: Fleet) -> None:
        HEALTHY(fleet)
        fleet.counters[pod_of(CANDIDATE)]["503"] = float("nan")

    world = LiveWorld().pass_time(50, HEALTHY).pass_time(100, broken)
    assert world.outcome == ("Inconclusive", "Unusable")


def test_undecided_at_up_to_says_what_would_decide_it() -> None:
    run = live_run(**{"for": "1m"})
    run = run.model_copy(update={"spec": run.spec.model_copy(update={"up_to": "3m"})})
    world = LiveWorld(run).pass_time(240, steady(1, 1, every=60))
    assert world.outcome == ("Inconclusive", "Undecided")
    assert "no verdict within upTo 3m about errors" in (world.run.status.message or "")


def test_a_ready_pod_that_is_not_scraped_keeps_the_step_from_passing() -> None:
    world = LiveWorld()
    world.pods = (*world.pods, LivePod(pod_of(CANDIDATE, 2), ready=True, settled=START))
    world.pass_time(150, HEALTHY)
    assert not world.finished


def test_for_begins_again_when_a_pod_has_restarted() -> None:
    world = LiveWorld().pass_time(100, HEALTHY)
    restarted = START + timedelta(seconds=90)
    world.pods = (replace(world.pods[0], settled=restarted),)
    world.pass_time(90, HEALTHY)
    assert not world.finished
    world.pass_time(60, HEALTHY)
    assert world.outcome == ("Pass", "EveryGateHolds")


def test_errors_of_earlier_steps_count_for_a_rollback_and_passes_do_not_for_a_promotion() -> None:
    """Twenty thousand good requests before: the present step must show it all the same."""
    earlier = [{"step": 0, "kpis": [{"name": "errors", "counts": [60, 0, 20_000, 0]}]}]
    run = live_run(step=1, steps=2, earlier=earlier, **{"for": "30s"})
    world = LiveWorld(run).pass_time(100, steady(1, 1, every=30))
    assert not world.finished
    assert kpi(world) == ("Inconclusive", "Undecided")
    bad = [{"step": 0, "kpis": [{"name": "errors", "counts": [20, 30_000, 12_000, 700]}]}]
    run = live_run(step=1, steps=2, earlier=bad, **{"for": "30s"})
    world = LiveWorld(run).pass_time(45, HEALTHY)
    assert world.outcome == ("Fail", "GateFailed")


def test_requests_from_before_the_step_are_not_its_evidence() -> None:
    fleet = Fleet(counters={pod_of(CANDIDATE): {}})
    fleet.now -= 7_000
    fleet.scrape()
    fleet.serve(pod_of(CANDIDATE), 0, 500)
    fleet.now += 10_000
    world = LiveWorld(fleet=fleet).pass_time(60, HEALTHY)
    _, _, requests, bad = world.evidence()
    assert requests > 0
    assert bad == 0


def test_a_retry_goes_on_with_what_was_counted_in_this_step() -> None:
    earlier = [{"step": 0, "kpis": [{"name": "errors", "counts": [10, 0, 3_000, 0]}]}]
    world = LiveWorld(live_run(earlier=earlier, **{"for": "30s"})).pass_time(45, steady(1))
    assert world.outcome == ("Pass", "EveryGateHolds")
    assert world.run.status.kpis[0].samples == 3_030
    assert world.evidence() == [1, 0, 30, 0]


def test_gates_that_a_person_let_pass_are_not_waited_for_and_can_still_fail() -> None:
    run = live_run(passedByHand=["errors"])
    world = LiveWorld(run).pass_time(130, steady(0))
    assert world.outcome == ("Pass", "NoGates")
    assert LiveWorld(run).pass_time(100, FLAKY).outcome == ("Fail", "GateFailed")


def test_what_is_only_reported_decides_nothing() -> None:
    world = LiveWorld(live_run(REPORT)).pass_time(130, FLAKY)
    assert world.outcome == ("Pass", "NoGates")
    assert kpi(world)[0] == "Fail"


def test_common_errors_cancel_and_the_candidates_own_do_not() -> None:
    stable = steady(90, 10, pod=pod_of(STABLE))
    alike = together(steady(9, 1), stable)
    world = LiveWorld(live_run(VERSUS_STABLE)).pass_time(150, alike)
    assert world.outcome == ("Pass", "EveryGateHolds")
    (shown,) = world.run.status.kpis
    assert (shown.value, shown.baseline) == ("10%", "10%")
    worse = together(steady(5, 5), stable)
    world = LiveWorld(live_run(VERSUS_STABLE)).pass_time(150, worse)
    assert world.outcome == ("Fail", "GateFailed")


def test_the_realised_share_counts_and_not_the_declared_one() -> None:
    """A candidate that gets half of the requests has half of the errors if it is like stable."""
    alike = together(steady(45, 5), steady(45, 5, pod=pod_of(STABLE)))
    world = LiveWorld(live_run(VERSUS_STABLE)).pass_time(150, alike)
    assert world.outcome == ("Pass", "EveryGateHolds")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(5, 40), st.integers(0, 2)), min_size=1, max_size=5))
def test_a_killed_operator_counts_each_window_once(kills: list[tuple[int, int]]) -> None:
    """Whatever is decided and not written is counted by the next operator, and nothing twice."""
    traffic, never = steady(3, 1, every=40), live_run(**{"for": "10m"})
    undisturbed, killed = LiveWorld(never), LiveWorld(never)
    for seconds, lost in kills:
        undisturbed.pass_time(seconds, traffic)
        killed.lose_writes = lost
        killed.pass_time(seconds, traffic)
    for world in (undisturbed, killed):
        world.pass_time(50, traffic)
    assert killed.run.status.live == undisturbed.run.status.live
    assert killed.run.status.kpis == undisturbed.run.status.kpis


def test_a_status_that_was_wiped_is_counted_anew_from_the_metrics_server() -> None:
    world = LiveWorld(live_run(**{"for": "10m"})).pass_time(100, HEALTHY)
    before = world.evidence()
    world.run = world.run.model_copy(update={"status": type(world.run.status)()})
    world.look()
    assert world.evidence() == before


def test_evidence_that_cannot_have_been_counted_is_refused() -> None:
    earlier = [{"step": 0, "kpis": [{"name": "errors", "counts": [1, 2, 3]}]}]
    bad = [{"step": 0, "kpis": [{"name": "errors", "counts": [1, 0, 3, 4]}]}]
    for each in (earlier, bad):
        world = LiveWorld(live_run(earlier=each)).pass_time(1, HEALTHY)
        assert world.outcome == ("Inconclusive", "InvalidSpec")


def test_a_verdict_is_explained_from_its_evidence_and_a_forged_one_does_not_follow() -> None:
    failed = LiveWorld().pass_time(100, FLAKY).run
    (why,) = explain_live(failed)
    assert why.agrees
    assert "180 of 600 users' requests failed, 30%, in 2 windows." in why.sentences
    (kpi_status,) = failed.status.kpis
    forged = failed.status.model_copy(
        update={"kpis": [kpi_status.model_copy(update={"verdict": "Pass", "reason": None})]}
    )
    (why,) = explain_live(failed.model_copy(update={"status": forged}))
    assert not why.agrees
    silent = LiveWorld().pass_time(80, steady(0)).run
    (why,) = explain_live(silent)
    assert why.agrees
