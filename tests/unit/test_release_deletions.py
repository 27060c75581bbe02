"""Children deleted by hand: the release goes on with what is left, and users lose no more."""

import pytest

from modelward.api.names import REVISION
from tests.unit.world import World, released


def replica_set(world: World, revision: str) -> str:
    """Return the name of the ReplicaSet that is stable or candidate now."""
    return f"fraud-{world.status[revision]['revision']}"


def sharing(replicas: int) -> World:
    """Return a world in which users reach two versions."""
    world = released(replicas=replicas)
    world.change("2")
    world.run(12)
    assert world.serving() == {"1", "2"}
    return world


def test_the_serving_replica_set_is_made_again_without_another_judgement() -> None:
    world = released(replicas=2)
    world.delete("ReplicaSet", replica_set(world, "stable"))
    world.run(10)
    assert (world.serving(), world.pods_of("1")) == ({"1"}, 2)
    assert world.of("BenchmarkRun") == []
    assert world.reasons[-1] == "MadeAgain"
    assert world.condition("KPIsMet")["reason"] == "EvidenceDeleted"
    assert world.status["phase"] == "Healthy"


def test_a_candidate_left_alone_in_a_split_goes_on_serving_and_takes_over() -> None:
    world = sharing(replicas=2)
    world.delete("ReplicaSet", replica_set(world, "stable"))
    for _ in range(30):
        assert world.serving() == {"2"}
        world.run(1)
    assert (world.status["phase"], world.pods_of("2")) == ("Healthy", 2)
    selector = world.objects["Service", "fraud"]["spec"]["selector"]
    assert selector[REVISION] == world.status["stable"]["revision"]


def test_without_a_stable_revision_a_candidate_is_judged_like_a_first_version() -> None:
    world = released(replicas=2)
    world.verdict = lambda _: ""
    world.change("2")
    world.run(10)
    world.delete("ReplicaSet", replica_set(world, "stable"))
    world.run(30)
    assert world.serving() == set()
    world.verdict = lambda _: "Pass"
    world.run(30)
    assert (world.serving(), world.pods_of("2")) == ({"2"}, 2)


def test_a_deleted_candidate_is_released_anew() -> None:
    world = sharing(replicas=2)
    world.delete("ReplicaSet", replica_set(world, "candidate"))
    world.run(90)
    assert (world.serving(), world.pods_of("2")) == ({"2"}, 2)


@pytest.mark.parametrize("seconds", range(1, 45, 3))
def test_a_deleted_root_service_is_made_again_at_once_and_nothing_is_lost(seconds: int) -> None:
    world = released(replicas=4)
    world.change("2")
    world.run(seconds)
    world.delete("Service", "fraud")
    assert world.serving()
    world.run(90)
    assert (world.serving(), world.pods_of("2")) == ({"2"}, 4)


@pytest.mark.parametrize("seconds", [2, 6, 12, 16])
def test_a_deleted_run_or_revision_service_is_made_again(seconds: int) -> None:
    world = released(replicas=2)
    world.change("2")
    world.run(seconds)
    candidate = replica_set(world, "candidate")
    for kind, name in [("BenchmarkRun", f"{candidate}-1"), ("Service", candidate)]:
        if (kind, name) in world.objects:
            world.delete(kind, name)
    world.run(90)
    assert world.serving() == {"2"}
