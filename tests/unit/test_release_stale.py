"""What must hold while watches lag, news overtake each other, writes fail and operators die."""

import copy
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.beginnings import played_once
from tests.unit.documents import Document, deployment_document
from tests.unit.stale_world import Fate, StaleWorld
from tests.unit.test_release_properties import act, assert_at_rest, summary

MOST_TURNS_AT_ONE_MOMENT = 3
"""A verb, what spec asks for, and what the API server made of it."""
CHANGES = st.sampled_from(
    ["version 2", "version 3", "back to 1", "scale", "abort", "promote", "retry", "pause"]
)
MOVES = st.lists(st.tuples(CHANGES, st.integers(1, 12)), min_size=1, max_size=4)
LAGS = st.lists(st.integers(0, 4), min_size=1, max_size=60)
TROUBLES: list[Fate] = ["refused", "answer lost", "killed before", "killed after"]
FATES = st.lists(st.one_of(st.just("written"), st.sampled_from(TROUBLES)), max_size=60)
VERDICTS = st.lists(st.sampled_from(["Pass", "Fail", "Inconclusive"]), min_size=1, max_size=4)


@played_once
def first_released(replicas: int) -> StaleWorld:
    """Return a world in which a first version serves."""
    world = StaleWorld(deployment_document(replicas=replicas))
    for _ in range(40):
        world.tick()
        world.look()
    assert world.serving() == {"1"}, world.status
    world.past = world.past[-1:]
    world.seen = dict.fromkeys(world.seen, 0)
    return world


def disturbed(replicas: int, verdicts: list[str], lags: list[int], fates: list[Fate]) -> StaleWorld:
    """Return such a world, with lagging watches and failing writes from now on."""
    world = first_released(replicas)
    world.lags, world.fates = list(lags), list(fates)
    world.verdict = lambda run: verdicts[hash_of(run) % len(verdicts)]
    return world


def hash_of(run: Document) -> int:
    """Return a number that stays the same for a run over all disturbances."""
    return sum(run["metadata"]["name"].encode())


def wishes(world: StaleWorld) -> Document:
    """Return what the user wrote: everything but the status and what the API server adds."""
    metadata = {k: v for k, v in world.deployment["metadata"].items() if k != "resourceVersion"}
    return copy.deepcopy({"metadata": metadata, "spec": world.deployment["spec"]})


@settings(max_examples=260)
@given(st.integers(1, 4), VERDICTS, MOVES, LAGS, FATES)
def test_whatever_is_seen_late_and_fails_users_are_served_by_what_has_shown_its_worth(
    replicas: int,
    verdicts: list[str],
    moves: list[tuple[str, int]],
    lags: list[int],
    fates: list[Fate],
) -> None:
    world = disturbed(replicas, verdicts, lags, fates)
    for change, seconds in moves:
        act(world, change)
        wished = wishes(world)
        for _ in range(seconds):
            world.tick()
            assert world.serving(), (change, world.status)
        assert wishes(world) == wished
    world.catch_up()
    world.run(700, tick=5)
    assert_at_rest(world)


@settings(max_examples=140)
@given(st.sampled_from(["Pass", "Fail", "Inconclusive"]), LAGS, FATES)
def test_a_release_seen_late_and_disturbed_ends_as_one_that_is_not(
    verdict: str, lags: list[int], fates: list[Fate]
) -> None:
    assert ending(verdict, lags, fates) == undisturbed(verdict)


@cache
def undisturbed(verdict: str) -> dict[str, object]:
    """Return what a release with this verdict comes to when nobody disturbs it."""
    return ending(verdict, [], [])


def ending(verdict: str, lags: list[int], fates: list[Fate]) -> dict[str, object]:
    """Return what a release with this verdict comes to."""
    world = disturbed(2, [verdict], lags, fates)
    act(world, "version 2")
    for _ in range(30):
        world.tick()
    world.catch_up()
    world.run(90, tick=3)
    return summary(world)


@settings(max_examples=100)
@given(VERDICTS, MOVES, LAGS)
def test_at_any_moment_a_few_plans_are_enough_and_then_none_is_left(
    verdicts: list[str], moves: list[tuple[str, int]], lags: list[int]
) -> None:
    world = disturbed(2, verdicts, lags, [])
    for change, seconds in moves:
        act(world, change)
        assert_soon_quiet(world)
        for _ in range(seconds):
            world.tick()
        assert_soon_quiet(world)


def assert_soon_quiet(world: StaleWorld) -> None:
    """A decision on what the plans before it have left plans nothing, and says the same again."""
    world.restart()
    for _ in range(MOST_TURNS_AT_ONE_MOMENT):
        world.reconcile()
    assert world.decide().writes == ()
    assert world.decide() == world.decide()
