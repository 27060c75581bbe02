"""What must hold for every release, whatever the user does and wherever the operator is killed."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.world import World, released

CHANGES = st.sampled_from(
    ["version 2", "version 3", "back to 1", "scale", "abort", "promote", "retry", "pause", "sick"]
)
MOVES = st.lists(st.tuples(CHANGES, st.integers(1, 25)), max_size=5)
CRASHES = st.lists(st.integers(0, 5), max_size=40)
VERDICTS = st.sampled_from(["Pass", "Fail", "Inconclusive"])


def act(world: World, change: str) -> None:
    """Let the user, or fate, do something."""
    subject = world.status.get("candidate") or world.status.get("failedRevision") or {}
    match change.split():
        case ["version", version]:
            world.change(version)
        case ["back", "to", version]:
            world.change(version)
        case ["scale"]:
            world.scale(1 + world.deployment["spec"]["replicas"] % 4)
        case ["pause"]:
            world.pause(not world.deployment["spec"].get("paused", False))
        case ["sick"]:
            # Nobody can help where the only revision that serves turns sick.
            world.never_ready ^= {"fraud:2"} if world.serving() != {"2"} else set()
        case [verb]:
            world.annotate(
                f"modelward.dev/{verb}", f"{subject.get('revision')}/{world.now.timestamp()}"
            )


@settings(max_examples=150)
@given(st.integers(1, 4), VERDICTS, MOVES, CRASHES)
def test_once_served_always_served_and_no_promotion_without_a_pass_or_a_person(
    replicas: int, verdict: str, moves: list[tuple[str, int]], crashes: list[int]
) -> None:
    world = released(replicas=replicas)
    world.verdict = lambda _: verdict
    crash = iter(crashes)
    for change, seconds in moves:
        act(world, change)
        for _ in range(seconds):
            world.reconcile(crash_after=next(crash, None))
            world.run(1)
            assert world.serving(), (change, world.status)
            assert_single_guest(world)
            if verdict != "Pass" and not any(c == "promote" for c, _ in moves):
                assert world.serving() <= {"1"}
    world.run(700, tick=5)
    assert_at_rest(world)


def assert_single_guest(world: World) -> None:
    """In a split no third revision has ready pods."""
    assert len(world.serving()) <= 2


def assert_at_rest(world: World) -> None:
    """Nothing is left to write, and the phase is one that a person can act on."""
    assert world.decide().writes == ()
    assert world.status["phase"] in {"Healthy", "Degraded", "Paused"}, world.status


@cache
def undisturbed(verdict: str) -> dict[str, object]:
    """Return what a release with this verdict comes to when nobody disturbs it."""
    world = released(replicas=2)
    world.verdict = lambda _: verdict
    world.change("2")
    world.run(120)
    return summary(world)


@settings(max_examples=100)
@given(VERDICTS, st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_a_release_killed_after_any_writes_ends_as_an_undisturbed_one(
    verdict: str, crashes: list[int]
) -> None:
    world = released(replicas=2)
    world.verdict = lambda _: verdict
    world.change("2")
    for crash_after in crashes:
        world.reconcile(crash_after)
        world.run(1)
    world.run(120)
    assert summary(world) == undisturbed(verdict)


def summary(world: World) -> dict[str, object]:
    """Say what the release came to, without times and uids."""
    history = [(e["revision"], e["outcome"], e.get("reason")) for e in world.status["history"]]
    return {
        "kinds": sorted(world.objects),
        "serving": world.serving(),
        "pods": [world.pods_of(version) for version in ("1", "2")],
        "events": sorted(world.reasons),
        "history": history,
        "phase": world.status["phase"],
    }


@settings(max_examples=50)
@given(VERDICTS, st.integers(1, 120))
def test_wiping_the_status_at_any_moment_moves_nothing(verdict: str, moment: int) -> None:
    world = released(replicas=2)
    world.verdict = lambda _: verdict
    world.change("2")
    world.run(moment)
    before = summary(world)
    world.deployment["status"] = {"observedGeneration": -1}
    world.reconcile()
    world.settle()
    assert summary(world) == before
