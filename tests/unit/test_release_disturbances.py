"""Releases that are disturbed by what happens to pods and by hands: it ends where it should."""

from dataclasses import replace
from datetime import timedelta

import pytest

from modelward.api.names import REVISION
from modelward.release.decide import decide
from modelward.release.memory import Memory, read
from modelward.release.snapshot import Pod, Snapshot
from modelward.writes import Apply, PatchStatus, Plan
from tests.unit.documents import Document, deployment_document
from tests.unit.world import BEGIN, World, released

LONG_SOAK = {
    "steps": [{"benchmark": {}}, {"weight": 50, "for": "10m", "upTo": "1h"}],
    "progressDeadline": "1m",
}


def soaking(replicas: int) -> World:
    """Return a world whose second version holds half of the pods for longer than the deadline."""
    world = released(replicas=replicas)
    world.change("2", rollout=LONG_SOAK)
    world.run(200)
    assert world.status["weight"] == "50/50"
    return world


def replica_set(world: World, version: str) -> Document:
    """Return the ReplicaSet of a version (image tag)."""
    documents = {
        document["spec"]["template"]["spec"]["containers"][0]["image"]: document
        for document in world.of("ReplicaSet")
    }
    return documents[f"fraud:{version}"]


def remembered(world: World, version: str) -> Memory:
    """Return what is remembered about a version."""
    return read(replica_set(world, version)["metadata"]["annotations"])


def test_a_candidate_pod_deleted_late_in_a_soak_is_replaced_and_nothing_is_rolled_back() -> None:
    world = soaking(replicas=4)
    pods = world.pods[replica_set(world, "2")["metadata"]["name"]]
    del pods[1:]
    world.reconcile()
    assert remembered(world, "2").role == "candidate"
    world.run(900, tick=5)
    assert world.serving() == {"2"}


def test_a_larger_size_late_in_a_soak_rolls_nothing_back() -> None:
    world = soaking(replicas=4)
    world.scale(8)
    world.settle()
    assert remembered(world, "2").role == "candidate"
    world.run(900, tick=5)
    assert (world.serving(), world.pods_of("2")) == ({"2"}, 8)


def test_pods_refused_late_in_a_soak_have_the_progress_deadline_from_then_on() -> None:
    world = soaking(replicas=4)
    world.scale(8)
    world.settle()
    seen = world.snapshot()
    assert not rolled_back(decide(refused(seen, world, seconds=59)))
    assert rolled_back(decide(refused(seen, world, seconds=60)))


def test_an_evicted_pod_that_stays_behind_holds_no_release_up() -> None:
    world = released()
    evicted = Pod("evicted", BEGIN, ready=False, ended=True, problem="Evicted")
    world.left_behind[replica_set(world, "1")["metadata"]["name"]] = [evicted]
    world.change("2")
    world.run(10)
    world.left_behind[replica_set(world, "2")["metadata"]["name"]] = [evicted]
    world.run(60)
    assert world.serving() == {"2"}
    world.change("3")
    world.run(60)
    assert world.serving() == {"3"}


def point_root_service_at(world: World, revision: str) -> None:
    """Let somebody change the root Service's selector by hand."""
    selector = world.objects["Service", "fraud"]["spec"]["selector"]
    selector["modelward.dev/revision"] = revision
    world.settle_anew()


def test_a_root_service_pointed_at_nothing_by_hand_is_pointed_back_at_once() -> None:
    world = released(replicas=3)
    point_root_service_at(world, "mistyped")
    assert world.serving() == {"1"}
    assert world.pods_of("1") == 3


@pytest.mark.parametrize("verdict", ["", "Fail"])
def test_a_root_service_pointed_at_an_unproved_revision_by_hand_promotes_nothing(
    verdict: str,
) -> None:
    world = released(replicas=3)
    world.verdict = lambda _: verdict
    world.change("2")
    world.run(20)
    point_root_service_at(world, replica_set(world, "2")["metadata"]["labels"][REVISION])
    assert world.serving() == {"1"}
    world.run(30)
    assert (world.serving(), world.pods_of("1")) == ({"1"}, 3)
    assert [entry["revision"] for entry in world.status["history"]].count(
        world.status["stable"]["revision"]
    ) == 1


@pytest.mark.parametrize("verdict", ["", "Fail"])
def test_a_root_service_pointed_at_the_first_version_by_hand_promotes_nothing(
    verdict: str,
) -> None:
    world = World(deployment_document(), verdict=lambda _: verdict)
    world.run(20)
    (first,) = world.of("ReplicaSet")
    point_root_service_at(world, first["metadata"]["labels"][REVISION])
    world.run(20)
    assert "Promoted" not in [entry["outcome"] for entry in world.status.get("history", [])]
    assert "stable" not in world.status
    assert world.serving() == set()


def test_what_a_hand_has_opened_is_drained_before_its_pods_go() -> None:
    world = released(replicas=2)
    world.change("2")
    world.run(60)
    old = replica_set(world, "1")
    old["spec"]["replicas"] = 1
    point_root_service_at(world, old["metadata"]["labels"][REVISION])
    assert world.serving() == {"2"}
    assert old["spec"]["replicas"] == 1
    world.run(5)
    assert old["spec"]["replicas"] == 0


def test_a_drain_whose_beginning_cannot_be_read_begins_anew() -> None:
    world = released()
    world.change("2")
    world.run(15)
    service = world.objects["Service", "fraud"]
    service["metadata"]["annotations"]["modelward.dev/selector-since"] = "yesterday"
    world.settle_anew()
    world.run(60)
    assert (world.serving(), world.pods_of("1")) == ({"2"}, 0)


@pytest.mark.parametrize("steps", ["", "[", '[{"leap": {}}]'])
def test_a_candidate_whose_steps_cannot_be_read_is_judged_anew_and_never_promoted(
    steps: str,
) -> None:
    world = released()
    world.verdict = lambda _: ""
    world.change("2")
    world.run(10)
    replica_set(world, "2")["metadata"]["annotations"]["modelward.dev/steps"] = steps
    world.settle_anew()
    world.run(60)
    assert world.serving() == {"1"}
    world.verdict = lambda _: "Pass"
    world.run(60)
    assert world.serving() == {"2"}


def test_a_step_whose_beginning_cannot_be_read_begins_anew() -> None:
    world = released(replicas=2)
    world.change("2")
    world.run(15)
    replica_set(world, "2")["metadata"]["annotations"]["modelward.dev/step-since"] = "yesterday"
    world.settle_anew()
    assert remembered(world, "2").step_since == world.now
    world.run(60)
    assert world.serving() == {"2"}


def test_pods_become_available_without_anything_else_happening() -> None:
    rollout = {"steps": [{"benchmark": {}}], "minReadySeconds": 10, "progressDeadline": "1m"}
    world = World(deployment_document(rollout=rollout))
    world.run(40)
    assert world.status["phase"] == "Healthy"
    world.scale(3)
    world.run(20)
    assert world.status["phase"] == "Healthy"


def refused(snapshot: Snapshot, world: World, seconds: int) -> Snapshot:
    """Return the snapshot as it would be if a quota had refused pods for so long."""
    name = replica_set(world, "2")["metadata"]["name"]
    since = snapshot.now - timedelta(seconds=seconds)
    return replace(
        snapshot,
        revisions=tuple(
            replace(revision, failure="exceeded quota: pods=6", failing_since=since)
            if revision.name == name
            else revision
            for revision in snapshot.revisions
        ),
    )


def test_what_lies_in_the_cluster_is_tried_again_and_says_so() -> None:
    world = soaking(replicas=4)
    world.scale(8)
    world.settle()
    plan = decide(refused(world.snapshot(), world, seconds=60))
    (status,) = (write.status for write in plan.writes if isinstance(write, PatchStatus))
    assert status["message"].endswith("it is tried again after 10 minutes.")
    assert status["phase"] == "Degraded"


def rolled_back(plan: Plan) -> bool:
    """Tell whether the plan ends the release, as something that lies in the cluster."""
    memories = [
        read(w.body["metadata"]["annotations"]) for w in plan.writes if isinstance(w, Apply)
    ]
    return any((memory.role, memory.reason) == ("failed", "Quota") for memory in memories)


def test_a_serving_revision_without_a_ready_pod_is_degraded_and_says_why() -> None:
    world = released(replicas=2)
    world.never_ready.add("fraud:1")
    world.run(10)
    assert world.status["phase"] == "Degraded"
    assert world.status["message"].startswith("0 of 2 pods of version 1")
    assert "fails its readiness probe" in world.status["message"]
    assert world.condition("Available")["status"] == "False"
    world.never_ready.clear()
    world.run(10)
    assert world.status["phase"] == "Healthy"
