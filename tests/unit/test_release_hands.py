"""Children deleted or edited by hand, at any moment of a release: it ends where it should.

Whatever was done, users are served as long as a ready pod is left, no version is promoted without
a BenchmarkRun that passed, and in the end the new version serves with all its pods.
"""

from collections.abc import Callable

import pytest

from modelward.api.names import PREFIX, REVISION
from tests.unit.documents import Document
from tests.unit.world import World, released

MOMENTS = (3, 8, 13, 18)
"""Seconds after the second version was asked for: from its first pod to the last drain."""

Hand = Callable[[World], None]


def of(world: World, version: str) -> Document | None:
    """Return the ReplicaSet of a version (image tag), if it exists by now."""
    for document in world.of("ReplicaSet"):
        containers = document["spec"]["template"]["spec"]["containers"]
        if containers[0]["image"] == f"fraud:{version}":
            return document
    return None


def name_of(document: Document) -> str:
    return str(document["metadata"]["name"])


def scaling(version: str, replicas: int) -> Hand:
    def hand(world: World) -> None:
        replica_set = of(world, version)
        if replica_set:
            replica_set["spec"]["replicas"] = replicas
            world.play_controllers()

    return hand


def forgetting(version: str, *keys: str) -> Hand:
    """Remove annotations; all that are ours when none is named."""

    def hand(world: World) -> None:
        replica_set = of(world, version)
        annotations = replica_set["metadata"]["annotations"] if replica_set else {}
        for key in list(annotations):
            if key.removeprefix(PREFIX) in keys or (not keys and not key.endswith("/input")):
                del annotations[key]

    return hand


def lying(version: str, **values: str) -> Hand:
    """Write other values into annotations."""

    def hand(world: World) -> None:
        replica_set = of(world, version)
        if replica_set:
            changed = {PREFIX + key.replace("_", "-"): value for key, value in values.items()}
            replica_set["metadata"]["annotations"] |= changed

    return hand


def deleting(kind: str, version: str) -> Hand:
    """Delete what has the name of a version's ReplicaSet, or begins with it."""

    def hand(world: World) -> None:
        replica_set = of(world, version)
        for found in world.of(kind) if replica_set else ():
            if name_of(found).startswith(name_of(replica_set or {})):
                world.delete(kind, name_of(found))

    return hand


def closing(world: World) -> None:
    """Let the root Service select nobody."""
    world.objects["Service", "fraud"]["spec"]["selector"] = {"app": "another"}


def opening(world: World) -> None:
    """Let the root Service select everybody."""
    world.objects["Service", "fraud"]["spec"]["selector"].pop(REVISION, None)


def losing_the_switch_time(world: World) -> None:
    world.objects["Service", "fraud"]["metadata"]["annotations"] = {}


HANDS: dict[str, Hand] = {
    "the stable ReplicaSet is scaled to 0": scaling("1", 0),
    "the stable ReplicaSet is scaled to 9": scaling("1", 9),
    "the candidate's ReplicaSet is scaled to 0": scaling("2", 0),
    "the candidate's ReplicaSet is scaled to 9": scaling("2", 9),
    "the candidate's ReplicaSet is deleted": deleting("ReplicaSet", "2"),
    "the stable one's memory is removed": forgetting("1"),
    "the candidate's memory is removed": forgetting("2"),
    "the candidate's step is removed": forgetting("2", "step", "step-since"),
    "the candidate's release is removed": forgetting("2", "release"),
    "the candidate's steps are nonsense": lying("2", steps="[{]"),
    "the candidate's size is nonsense": lying("2", release_size="many"),
    "the candidate's requirements are others": lying("2", kpis_hash="0" * 10),
    "the candidate's Service is deleted": deleting("Service", "2"),
    "the stable one's Service is deleted": deleting("Service", "1"),
    "the BenchmarkRun is deleted": deleting("BenchmarkRun", "2"),
    "the root Service selects nobody": closing,
    "the root Service selects everybody": opening,
    "the root Service forgets when it was switched": losing_the_switch_time,
}


def proved(world: World) -> set[str]:
    """Return the revisions of which a BenchmarkRun passed."""
    return {
        run["spec"]["subject"]["revision"]
        for run in world.of("BenchmarkRun")
        if run.get("status", {}).get("verdict") == "Pass"
    }


def led_to(world: World) -> str | None:
    """Return the revision that the root Service selects alone."""
    selector = world.objects["Service", "fraud"]["spec"]["selector"]
    return str(selector[REVISION]) if REVISION in selector else None


def has_ready_pods(world: World, revisions: set[str]) -> bool:
    """Tell whether one of these revisions could serve."""
    return any(
        pod.ready
        for found in world.of("ReplicaSet")
        if found["metadata"]["labels"][REVISION] in revisions
        for pod in world.pods.get(name_of(found), [])
    )


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("hand", HANDS)
def test_what_a_hand_does_in_mid_release_is_mended_and_the_release_goes_on(
    hand: str, moment: int
) -> None:
    world = released(replicas=3)
    known = proved(world)
    world.change("2")
    world.run(moment)
    known |= proved(world)
    HANDS[hand](world)
    world.settle_anew()
    for _ in range(100):
        known |= proved(world)
        assert led_to(world) in {None, "none", *known}, world.status
        assert world.serving() or not has_ready_pods(world, known), world.status
        world.run(1)
    assert (world.serving(), world.pods_of("2"), world.pods_of("1")) == ({"2"}, 3, 0)
    assert world.status["phase"] == "Healthy"
    assert world.status["history"][0]["outcome"] == "Promoted"


@pytest.mark.parametrize("moment", MOMENTS[:2])
@pytest.mark.parametrize("hand", HANDS)
def test_a_failed_version_stays_rolled_back_whatever_a_hand_does_to_its_children(
    hand: str, moment: int
) -> None:
    world = released(replicas=3)
    world.verdict = lambda _: "Fail"
    world.change("2")
    world.run(moment)
    HANDS[hand](world)
    world.settle_anew()
    for _ in range(60):
        assert world.serving() <= {"1"}, world.status
        world.run(1)
    assert (world.serving(), world.pods_of("1"), world.pods_of("2")) == ({"1"}, 3, 0)
    assert world.status["phase"] == "Degraded"
