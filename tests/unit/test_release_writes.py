"""What a release writes, and in which order: the rules that never bend, seen from the writes."""

from datetime import timedelta

import pytest

from modelward.api.names import REVISION
from modelward.release import memory, render
from modelward.release.memory import Role
from modelward.writes import Apply, Create, Delete, PatchStatus, Plan, Write
from tests.unit.documents import Document
from tests.unit.world import World, released


def after_a_busy_day() -> World:
    """Return a world that has seen a promotion, a rollback, an abort and a pause."""
    world = released(replicas=2)
    world.change("2")
    world.run(90)
    world.verdict = lambda _: "Fail"
    world.change("3")
    world.run(30)
    world.verdict = lambda _: "Pass"
    world.change("4")
    world.run(15)
    world.pause(True)
    world.run(10)
    world.pause(False)
    world.annotate("modelward.dev/abort", world.status["candidate"]["revision"] + "/1")
    world.run(60)
    assert world.serving() == {"2"}
    return world


def role_in(write: Write) -> Role | None:
    """Return the role that a write gives to a ReplicaSet."""
    if not isinstance(write, Create | Apply) or write.body["kind"] != "ReplicaSet":
        return None
    return memory.read(write.body["metadata"]["annotations"]).role


def child(world: World, version: str) -> Document:
    """Return the ReplicaSet of a version (image tag)."""
    for document in world.of("ReplicaSet"):
        if document["spec"]["template"]["spec"]["containers"][0]["image"] == f"fraud:{version}":
            return document
    raise AssertionError(f"version {version} has no ReplicaSet")


def until_serving(world: World, *versions: str) -> None:
    """Let time pass until users reach exactly these versions."""
    for _ in range(120):
        if world.serving() == set(versions):
            return
        world.run(1)
    raise AssertionError(world.status)


def test_only_children_are_created_applied_or_deleted_never_the_users_object() -> None:
    for write in after_a_busy_day().writes:
        if isinstance(write, Create | Apply):
            assert write.body["kind"] in {"ReplicaSet", "Service", "BenchmarkRun"}
        if isinstance(write, Delete):
            assert write.kind in {"ReplicaSet", "BenchmarkRun"}


def test_every_apply_names_the_very_object_that_it_is_for() -> None:
    world = after_a_busy_day()
    uids = {document["metadata"]["uid"] for document in world.objects.values()}
    applied = [write.body["metadata"] for write in world.writes if isinstance(write, Apply)]
    assert applied
    assert all(metadata["uid"] in uids for metadata in applied)


def test_no_child_carries_a_finalizer_and_every_child_has_an_owner() -> None:
    for document in after_a_busy_day().objects.values():
        assert "finalizers" not in document["metadata"]
        assert len(document["metadata"]["ownerReferences"]) == 1


def test_an_existing_revision_is_never_rendered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = released(replicas=2)
    before = child(world, "1")["spec"]["template"]
    monkeypatch.setattr(render, "PRE_STOP_SECONDS", 7)
    world.change("2")
    world.run(90)
    world.change("1")
    world.run(90)
    assert world.serving() == {"1"}
    assert child(world, "1")["spec"]["template"] == before
    applied = [write.body for write in world.writes if isinstance(write, Apply)]
    assert all(body["spec"].keys() <= {"replicas", "selector"} for body in applied)


def test_a_promotion_switches_the_selector_before_any_role_tells_of_it() -> None:
    world = released(replicas=2)
    world.change("2")
    until_serving(world, "2")
    world.run(5)
    candidate = child(world, "2")["metadata"]["labels"][REVISION]
    leads = [i for i, write in enumerate(world.writes) if leads_to(write, candidate)]
    told = [i for i, w in enumerate(world.writes) if role_in(w) == "previous"]
    assert leads[0] < told[0]


def leads_to(write: Write, revision: str) -> bool:
    """Tell whether a write leads all users to this revision."""
    if not isinstance(write, Apply) or write.body["kind"] != "Service":
        return False
    return bool(write.body["spec"]["selector"].get(REVISION) == revision)


def test_what_is_remembered_of_a_rollback_is_written_before_traffic_follows() -> None:
    world = released(replicas=1)
    world.change("2")
    until_serving(world, "1", "2")
    world.annotate("modelward.dev/abort", world.status["candidate"]["revision"] + "/1")
    plan = world.reconcile()
    kinds = [w.body["kind"] for w in plan.writes if isinstance(w, Apply)]
    assert kinds.index("ReplicaSet") < kinds.index("Service")


def test_what_users_no_longer_reach_keeps_its_pods_for_the_drain_delay() -> None:
    world = released(replicas=2)
    rollout = world.deployment["spec"]["rollout"] | {"drainDelay": "30s"}
    world.change("2", rollout=rollout)
    until_serving(world, "2")
    promoted = world.now
    while world.pods_of("1"):
        world.run(1)
    assert timedelta(seconds=29) <= world.now - promoted <= timedelta(seconds=33)


def test_users_go_back_to_stable_only_when_it_can_bear_them_all() -> None:
    world = released(replicas=4)
    world.change("2")
    until_serving(world, "1", "2")
    while world.pods_of("1") > 2:
        world.run(1)
    world.annotate("modelward.dev/abort", world.status["candidate"]["revision"] + "/1")
    until_serving(world, "1")
    assert sum(pod.ready for pod in world.pods[child(world, "1")["metadata"]["name"]]) == 4


def test_a_third_revision_scaled_up_by_hand_ends_a_split_at_once() -> None:
    world = released(replicas=2)
    world.change("2")
    world.run(90)
    world.change("3")
    until_serving(world, "2", "3")
    child(world, "1")["spec"]["replicas"] = 1
    world.settle_anew()
    world.play_controllers()
    stable = child(world, "2")["metadata"]["labels"][REVISION]
    assert world.objects["Service", "fraud"]["spec"]["selector"][REVISION] == stable
    world.run(90)
    assert (world.serving(), world.pods_of("1")) == ({"3"}, 0)


def test_a_failure_is_remembered_beyond_the_history_limit_while_spec_asks_for_it() -> None:
    world = released()
    world.verdict = lambda _: "Fail"
    world.change("2", rollout=world.deployment["spec"]["rollout"] | {"revisionHistoryLimit": 0})
    world.run(30)
    world.deployment["status"] = {"observedGeneration": -1}
    world.settle_anew()
    world.run(60)
    assert world.status["failedRevision"]["reason"] == "accuracy"
    assert len(world.of("BenchmarkRun")) == 2


class _Telling(World):
    """A world that notes each plan that only tells something, though none came before it wrote."""

    late: list[Document]

    def reconcile(self, crash_after: int | None = None) -> Plan:
        plan = super().reconcile(crash_after)
        told = [write for write in plan.writes if isinstance(write, PatchStatus)]
        if told and len(told) == len(plan.writes) and self.wrote:
            self.late.append(told[0].status)
        self.wrote = len(told) < len(plan.writes)
        return plan

    wrote = False

    def play_controllers(self) -> None:
        super().play_controllers()
        self.wrote = False


def test_no_second_patch_is_needed_to_tell_what_a_plan_has_left() -> None:
    world = _Telling()
    world.late = []
    world.run(60)
    world.change("2")
    world.run(90)
    assert world.serving() == {"2"}
    assert world.late == []
