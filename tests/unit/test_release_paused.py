"""spec.paused, the brake that GitOps users expect, and the verb retry."""

from datetime import timedelta

from tests.unit.world import World, released


def shared(replicas: int = 2) -> World:
    """Return a world in which users reach versions 1 and 2."""
    world = released(replicas=replicas)
    world.change("2")
    for _ in range(60):
        world.run(1)
        if world.serving() == {"1", "2"}:
            return world
    raise AssertionError(world.status)


def test_nothing_begins_while_paused() -> None:
    world = released()
    world.change("2", paused=True)
    world.run(120)
    assert len(world.of("ReplicaSet")) == 1
    assert world.status["phase"] == "Paused"
    assert "spec.paused" in world.condition("Ready")["message"]


def test_a_stable_deployment_is_healthy_while_paused() -> None:
    world = released()
    world.change("1", paused=True, replicas=2)
    world.run(30)
    assert world.status["phase"] == "Healthy"
    assert world.pods_of("1") == 2


def test_a_paused_release_keeps_its_weight_and_goes_on_where_it_stood() -> None:
    world = shared()
    world.run(4)
    world.change("2", paused=True)
    world.run(600, tick=10)
    assert world.serving() == {"1", "2"}
    assert world.status["phase"] == "Paused"
    world.change("2", paused=False)
    resumed = world.now
    while world.serving() != {"2"}:
        world.run(1)
    assert timedelta(seconds=3) < world.now - resumed < timedelta(seconds=30)
    assert world.reasons.count("Held") == world.reasons.count("Resumed") == 1


def test_the_time_of_a_pause_does_not_count_for_the_step() -> None:
    world = released(replicas=2)
    steps = [{"benchmark": {}}, {"weight": 50, "for": "60s", "upTo": "5m"}]
    world.change("2", rollout={"steps": steps})
    while world.serving() != {"1", "2"}:
        world.run(1)
    world.pause(True)
    world.run(600, tick=10)
    world.pause(False)
    world.run(50)
    assert world.serving() == {"1", "2"}
    world.run(30)
    assert world.serving() == {"2"}


def test_a_paused_candidate_that_turns_unready_loses_its_weight_all_the_same() -> None:
    world = shared()
    world.change("2", paused=True)
    world.never_ready.add("fraud:2")
    world.run(300, tick=5)
    assert world.serving() == {"1"}
    assert world.pods_of("1") == 2
    assert world.status["phase"] == "Paused"


def test_a_verdict_against_the_candidate_counts_while_paused_and_one_for_it_waits() -> None:
    assert phase_after_a_verdict_while_paused("Fail") == "Degraded"
    assert phase_after_a_verdict_while_paused("Pass") == "Paused"


def phase_after_a_verdict_while_paused(verdict: str) -> str:
    world = released()
    world.verdict = lambda _: ""
    world.change("2")
    world.run(10)
    world.change("2", paused=True)
    world.verdict = lambda _: verdict
    world.run(60)
    assert world.serving() == {"1"}
    return str(world.status["phase"])


def test_a_promotion_by_hand_is_refused_while_paused() -> None:
    world = released()
    world.verdict = lambda _: "Inconclusive"
    world.change("2")
    world.run(30)
    candidate = world.status["candidate"]["revision"]
    world.change("2", paused=True)
    world.annotate("modelward.dev/promote", f"{candidate}/1")
    world.run(10)
    assert world.reasons.count("NothingToPromote") == 1
    assert world.serving() == {"1"}


def test_an_abort_ends_a_paused_release() -> None:
    world = shared()
    world.change("2", paused=True)
    world.run(5)
    world.annotate("modelward.dev/abort", world.status["candidate"]["revision"] + "/1")
    world.run(60)
    assert world.serving() == {"1"}
    assert world.status["failedRevision"]["reason"] == "Aborted"


def test_a_rolled_back_version_is_tried_again_when_a_person_says_retry_and_only_once() -> None:
    world = released()
    world.verdict = lambda _: "Fail"
    world.change("2")
    world.run(30)
    failed = world.status["failedRevision"]["revision"]
    world.annotate("modelward.dev/retry", f"{failed}/1")
    world.run(60)
    assert world.status["failedRevision"]["revision"] == failed
    assert len([r for r in world.of("BenchmarkRun") if failed in r["metadata"]["name"]]) == 2
    world.verdict = lambda _: "Pass"
    world.annotate("modelward.dev/retry", f"{failed}/2")
    world.run(90)
    assert world.serving() == {"2"}
    assert world.reasons.count("Retried") == 2


def test_a_retry_of_what_did_not_fail_is_refused() -> None:
    world = released()
    world.annotate("modelward.dev/retry", world.status["stable"]["revision"] + "/1")
    world.run(10)
    assert world.reasons.count("NothingToRetry") == 1
