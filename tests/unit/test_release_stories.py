"""Releases from beginning to end, as sentences, on a simulated cluster."""

import pytest

from modelward.release.snapshot import DatasetState
from tests.unit.world import World, released


def until_shared(world: World) -> None:
    """Let time pass until users reach both versions."""
    for _ in range(60):
        world.run(1)
        if world.serving() == {"1", "2"}:
            return
    raise AssertionError(world.status)


def test_a_first_version_serves_nobody_before_it_was_judged() -> None:
    world = World(verdict=lambda _: "")
    world.run(60)
    assert world.serving() == set()
    assert world.status["phase"] == "Progressing"
    assert world.condition("Available")["reason"] == "NeverServed"
    assert len(world.of("BenchmarkRun")) == 1


def test_a_first_version_that_passes_is_promoted_and_skips_weights() -> None:
    world = released(replicas=3)
    assert world.status["phase"] == "Healthy"
    assert world.condition("Ready")["status"] == "True"
    assert world.pods_of("1") == 3
    assert world.reasons == ["ReleaseStarted", "StepPassed", "Promoted"]


def test_a_first_version_that_fails_ends_without_pods() -> None:
    world = World(verdict=lambda _: "Fail")
    world.run(30)
    assert world.pods_of("1") == 0
    assert world.status["phase"] == "Degraded"
    assert world.condition("Ready")["reason"] == "RolledBack"
    assert world.condition("Available")["reason"] == "NeverServed"


@pytest.mark.parametrize("replicas", [1, 2, 3, 10])
def test_a_good_second_version_takes_over_and_there_is_always_one_that_serves(
    replicas: int,
) -> None:
    world = released(replicas=replicas)
    world.change("2")
    seen = []
    for _ in range(120):
        world.run(1)
        seen.append(frozenset(world.serving()))
    assert frozenset() not in seen
    assert list(dict.fromkeys(seen)) == [{"1"}, {"1", "2"}, {"2"}]
    assert world.status["phase"] == "Healthy"
    assert world.pods_of("1") == 0
    assert world.pods_of("2") == replicas
    assert [e["outcome"] for e in world.status["history"]] == ["Promoted", "Promoted"]


def test_a_bad_second_version_is_rolled_back_and_not_tried_again() -> None:
    world = released()
    world.verdict = lambda _: "Fail"
    world.change("2")
    world.run(30)
    assert world.serving() == {"1"}
    assert world.pods_of("2") == 0
    assert world.status["phase"] == "Degraded"
    assert world.status["failedRevision"]["reason"] == "accuracy"
    assert "accuracy is 95%" in world.condition("Ready")["message"]
    runs = len(world.of("BenchmarkRun"))
    world.run(3600, tick=30)
    assert len(world.of("BenchmarkRun")) == runs


def test_changed_rows_are_a_reason_to_try_a_failed_version_again() -> None:
    world = released()
    world.verdict = lambda _: "Fail"
    world.change("2")
    world.run(30)
    world.verdict = lambda _: "Pass"
    world.dataset = DatasetState(sha256="1" * 64)
    world.run(90)
    assert world.serving() == {"2"}


def test_spec_back_at_stable_is_healthy_again() -> None:
    world = released()
    world.verdict = lambda _: "Fail"
    world.change("2")
    world.run(30)
    world.change("1")
    world.run(5)
    assert world.status["phase"] == "Healthy"
    assert world.condition("Stalled") == {}


def test_an_undecided_benchmark_waits_for_a_person_who_promotes() -> None:
    world = released()
    world.verdict = lambda _: "Inconclusive"
    world.change("2")
    world.run(30)
    assert world.status["phase"] == "Paused"
    candidate = world.status["candidate"]["revision"]
    world.annotate("modelward.dev/promote", f"{candidate}/1")
    world.run(60)
    assert world.serving() == {"2"}
    assert world.condition("KPIsMet")["reason"] == "PromotedByHand"


def test_a_verb_for_another_revision_is_refused_once() -> None:
    world = released()
    world.annotate("modelward.dev/promote", "somethingelse/1")
    world.run(10)
    assert world.reasons.count("NothingToPromote") == 1
    assert world.status["lastHandled"] == {"promote": "somethingelse/1"}


def test_a_pause_waits_until_promoted_and_keeps_the_weight_before_it() -> None:
    world = released(replicas=2)
    steps = [{"benchmark": {}}, {"weight": 50}, {"pause": {}}]
    world.change("2", rollout={"steps": steps})
    world.run(600, tick=5)
    assert world.status["phase"] == "Paused"
    assert world.serving() == {"1", "2"}
    assert world.status["weight"] == "50/50"
    world.annotate("modelward.dev/promote", world.status["candidate"]["revision"] + "/1")
    world.run(30)
    assert world.serving() == {"2"}


def test_an_abort_in_a_weight_step_closes_drains_and_is_remembered() -> None:
    world = released(replicas=2)
    world.change("2")
    until_shared(world)
    world.annotate("modelward.dev/abort", world.status["candidate"]["revision"] + "/now")
    world.run(30)
    assert world.serving() == {"1"}
    assert (world.pods_of("1"), world.pods_of("2")) == (2, 0)
    assert world.status["failedRevision"]["reason"] == "Aborted"


def test_a_candidate_that_never_gets_ready_is_rolled_back_at_the_progress_deadline() -> None:
    world = released()
    world.never_ready.add("fraud:2")
    world.change("2")
    world.run(90)
    assert world.status["failedRevision"]["reason"] == "NeverReady"
    assert world.serving() == {"1"}


def test_a_candidate_that_turns_unready_under_weight_loses_it_at_once() -> None:
    world = released(replicas=2)
    world.change("2")
    until_shared(world)
    world.never_ready.add("fraud:2")
    world.run(2)
    selector = world.objects["Service", "fraud"]["spec"]["selector"]
    assert selector["modelward.dev/revision"] == world.status["stable"]["revision"]
    world.run(90)
    assert world.status["failedRevision"]["reason"] == "Unready"
    assert world.pods_of("1") == 2


def test_a_new_revision_in_mid_release_supersedes_the_candidate() -> None:
    world = released(replicas=2)
    world.change("2")
    world.run(12)
    world.change("3")
    world.run(120)
    assert world.serving() == {"3"}
    assert world.pods_of("2") == 0
    assert "Superseded" in world.reasons


def test_a_missing_data_set_stalls_and_is_picked_up_when_mended() -> None:
    world = World(dataset=DatasetState(problem="ConfigMap golden does not exist"))
    world.run(10)
    assert world.condition("Stalled")["reason"] == "DatasetInvalid"
    world.dataset = DatasetState(sha256="2" * 64)
    world.run(60)
    assert world.serving() == {"1"}


def test_a_taken_name_stalls_and_nothing_is_touched() -> None:
    world = World(taken={("Service", "fraud"): "a Service of this name exists and is not ours"})
    world.run(10)
    assert world.condition("Stalled")["reason"] == "NameTaken"
    assert world.status["phase"] == "Degraded"


def test_old_revisions_are_pruned_with_their_evidence() -> None:
    world = released(rollout={"steps": [{"benchmark": {}}], "revisionHistoryLimit": 2})
    for version in range(2, 8):
        world.change(str(version))
        world.run(40)
    assert world.serving() == {"7"}
    assert len(world.of("ReplicaSet")) == 3
    assert len(world.of("BenchmarkRun")) == 3


@pytest.mark.parametrize(
    ("choice", "phase", "serving"),
    [("withdraw", "Paused", {"1"}), ("hold", "Paused", {"1"}), ("rollback", "Degraded", {"1"})],
)
def test_what_an_undecided_benchmark_leads_to_is_the_users_choice(
    choice: str, phase: str, serving: set[str]
) -> None:
    world = released()
    world.verdict = lambda _: "Inconclusive"
    world.change("2", judgement={"onInconclusive": choice})
    world.run(60)
    assert (world.status["phase"], world.serving()) == (phase, serving)


@pytest.mark.parametrize(("choice", "serving"), [("withdraw", {"1"}), ("hold", {"1", "2"})])
def test_a_weight_that_could_not_be_held_in_time_is_withdrawn_or_kept(
    choice: str, serving: set[str]
) -> None:
    steps = [{"benchmark": {}}, {"weight": 66, "for": "1m", "upTo": "1m"}]
    world = released(replicas=3)
    world.change("2", judgement={"onInconclusive": choice}, rollout={"steps": steps})
    world.run(120)
    assert world.status["phase"] == "Paused"
    assert world.condition("Ready")["reason"] == "Inconclusive"
    assert world.serving() == serving


def test_changed_kpis_in_mid_release_take_the_weight_and_judge_again() -> None:
    world = released(replicas=2)
    world.change("2")
    until_shared(world)
    kpis = world.deployment["spec"]["kpis"][:1]
    world.verdict = lambda _: ""
    world.change("2", kpis=kpis)
    world.run(10)
    assert world.serving() == {"1"}
    assert world.pods_of("2") == 1
    world.verdict = lambda _: "Pass"
    world.run(90)
    assert world.serving() == {"2"}
    assert world.reasons.count("JudgedAgain") == 1
    assert len(world.of("BenchmarkRun")) == 3


def test_changed_kpis_while_nothing_is_released_are_for_the_next_release() -> None:
    world = released()
    world.change("1", kpis=world.deployment["spec"]["kpis"][:1])
    world.run(60)
    assert world.condition("KPIsMet")["reason"] == "KPIsChanged"
    assert world.status["phase"] == "Healthy"
    assert len(world.of("BenchmarkRun")) == 1


def test_a_scaled_deployment_keeps_its_size_during_a_release_and_takes_it_after() -> None:
    world = released(replicas=4)
    world.change("2")
    until_shared(world)
    world.scale(2)
    world.run(5)
    assert world.pods_of("1") + world.pods_of("2") >= 4
    world.run(90)
    assert world.pods_of("2") == 2


def test_a_weight_that_few_replicas_cannot_have_is_told_once() -> None:
    steps = [{"benchmark": {}}, {"weight": 10, "for": "30s"}]
    world = released(replicas=3)
    world.change("2", rollout={"steps": steps})
    world.run(30)
    assert world.status["weight"] == "33/10"
    assert world.reasons.count("WeightRounded") == 1


def test_nothing_is_planned_for_a_deployment_that_is_being_deleted() -> None:
    world = released()
    world.deployment["metadata"]["deletionTimestamp"] = "2026-11-20T13:00:00Z"
    assert world.decide().writes == ()
