"""What the API server refuses to create: told, asked for again, and nothing is broken by it."""

from collections.abc import Callable

from modelward.api.modeldeployment import ModelDeployment
from modelward.release.revisions import revision_hash
from tests.unit.documents import Document
from tests.unit.world import World, released


def wanted(world: World) -> str:
    """Return the name of the ReplicaSet that spec asks for."""
    return f"fraud-{revision_hash(ModelDeployment.model_validate(world.deployment).spec)}"


def refused_second_version(name: Callable[[World], tuple[str, str]]) -> World:
    """Return a world whose second version can't be made, as one of its children is refused."""
    world = released()
    world.change("2")
    world.taken[name(world)] = "somebody has it"
    world.run(10)
    assert world.condition("Stalled")["message"].endswith("somebody has it")
    assert world.serving() == {"1"}
    assert world.decide().writes == ()
    return world


def test_a_refused_replica_set_is_asked_for_again_and_the_release_begins_then() -> None:
    world = refused_second_version(lambda w: ("ReplicaSet", wanted(w)))
    world.taken.clear()
    world.run(120)
    assert world.serving() == {"2"}
    assert world.reasons.count("ReleaseStarted") == 2


def test_a_refused_revision_service_is_asked_for_again_and_the_release_goes_on_then() -> None:
    world = refused_second_version(lambda w: ("Service", wanted(w)))
    world.taken.clear()
    world.run(120)
    assert world.serving() == {"2"}


def test_a_refused_benchmark_run_is_asked_for_again_and_the_release_goes_on_then() -> None:
    world = refused_second_version(lambda w: ("BenchmarkRun", f"{wanted(w)}-1"))
    world.taken.clear()
    world.run(120)
    assert world.serving() == {"2"}


def test_a_refusal_is_told_no_more_once_spec_asks_for_something_else() -> None:
    world = refused_second_version(lambda w: ("ReplicaSet", wanted(w)))
    world.change("1")
    world.run(1)
    assert world.status["phase"] == "Healthy"


def test_nobody_is_promoted_while_the_root_service_cannot_be_made() -> None:
    world = World(taken={("Service", "fraud"): "somebody has it"})
    world.run(200)
    assert "Promoted" not in world.reasons
    assert world.condition("Stalled")["reason"] == "NameTaken"
    world.taken.clear()
    world.run(90)
    assert (world.serving(), world.status["phase"]) == ({"1"}, "Healthy")


def test_users_are_not_led_away_from_pods_of_a_replica_set_that_is_not_ours_any_more() -> None:
    world = released()
    name = "ReplicaSet", wanted(world)
    orphan = world.objects.pop(name)
    world.taken[name] = "it was ours, and belongs to nobody now"
    selector = dict(world.objects["Service", "fraud"]["spec"]["selector"])
    world.settle_anew()
    world.run(90)
    assert world.objects["Service", "fraud"]["spec"]["selector"] == selector
    assert world.condition("Stalled")["reason"] == "NameTaken"
    world.taken.clear()
    world.objects[name] = orphan
    world.run(90)
    assert (world.serving(), world.status["phase"]) == ({"1"}, "Healthy")


def test_what_keeps_the_benchmark_from_measuring_is_told_by_the_deployment_too() -> None:
    world = released()
    world.verdict = lambda _: ""
    world.change("2")
    world.run(10)
    run = world.of("BenchmarkRun")[-1]
    name = run["metadata"]["name"]
    told: Document = {
        "type": "Complete",
        "status": "False",
        "lastTransitionTime": "2026-11-20T12:00:00Z",
    }
    told |= {"observedGeneration": 1, "message": f"attempt 1 of 3 has not begun: Job {name}-1 ..."}
    for reason, ending in [
        ("Blocked", f"of its pods are ready. BenchmarkRun {name}: attempt 1 of 3 has not begun:"),
        ("Running", "of its pods are ready."),
    ]:
        run["status"] = {"phase": "Pending", "conditions": [told | {"reason": reason}]}
        world.settle_anew()
        message = world.status["message"]
        assert ending in message
        assert ("BenchmarkRun" in message) == (reason == "Blocked")
        assert world.status["phase"] == "Progressing"
