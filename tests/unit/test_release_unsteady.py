"""Candidates that lose their readiness again and again end in bounded time; one lapse is forgiven.

A readiness says of each second since a pod's first readiness whether it is ready.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from modelward.release.snapshot import Pod
from tests.unit.documents import deployment_document
from tests.unit.world import READY_AFTER, World

Readiness = Callable[[int], bool]

DEADLINE = 600
ROLLOUT = {"steps": [{"benchmark": {"upTo": "2h"}}], "progressDeadline": "10m"}


@dataclass
class UnsteadyWorld(World):
    """A world in which the pods of version 2 come and go."""

    readiness: Readiness = lambda _: True
    alternating: bool = False
    """Whether every other pod is ready when the others are not."""

    def _age(self, pod: Pod, image: str) -> Pod:
        up = pod.created + READY_AFTER
        wanted = self.now >= up and (image != "fraud:2" or self._is_up(pod, self.now - up))
        if pod.ready == wanted:
            return pod
        started = pod.created + timedelta(seconds=1)
        return replace(
            pod, ready=wanted, ready_since=self.now, started=started, first_started=started
        )

    def _is_up(self, pod: Pod, age: timedelta) -> bool:
        other = self.alternating and int(pod.name.rpartition("-")[2]) % 2 == 1
        return self.readiness(int(age.total_seconds())) != other


def releasing(readiness: Readiness, replicas: int = 1, **rollout: object) -> UnsteadyWorld:
    """Return a world in which the second version's release has just begun; it is never judged."""
    world = UnsteadyWorld(deployment_document(rollout=ROLLOUT | rollout, replicas=replicas))
    world.run(90)
    assert world.serving() == {"1"}
    world.readiness = readiness
    world.verdict = lambda _: ""
    world.change("2")
    return world


def seconds_until_failed(world: UnsteadyWorld, most: int) -> int | None:
    """Return after how many seconds the second version is rolled back, None if it is not."""
    for second in range(0, most, 5):
        world.run(5)
        if world.status.get("failedRevision"):
            return second
    return None


@pytest.mark.parametrize(
    ("up", "down", "min_ready"),
    [(1, 1, 0), (10, 3, 0), (55, 5, 0), (1, 590, 0), (3, 10, 30), (50, 50, 30), (5, 300, 30)],
)
def test_a_candidate_that_comes_and_goes_ends_soon_after_one_deadline(
    up: int, down: int, min_ready: int
) -> None:
    world = releasing(lambda s: s % (up + down) < up, minReadySeconds=min_ready)
    failed = seconds_until_failed(world, 3 * DEADLINE)
    assert failed is not None
    assert DEADLINE <= failed <= DEADLINE + up + down + 60
    assert world.status["failedRevision"]["reason"] == "Unready"
    assert "ready and unready in turn" in world.status["message"]
    assert world.serving() == {"1"}


def lapses(*moments: tuple[int, int]) -> Readiness:
    """Ready but for these times, each a beginning and an end."""
    return lambda s: not any(begin <= s < end for begin, end in moments)


@pytest.mark.parametrize(
    ("told", "readiness"),
    [
        ("one short lapse, late", lapses((1500, 1503))),
        ("a short lapse at the beginning and one late", lapses((5, 8), (1500, 1503))),
        ("a short lapse each ten minutes", lapses((100, 110), (700, 710), (1300, 1310))),
        ("a lapse that takes almost the deadline", lapses((100, 690))),
        ("two lapses with a steady minute between", lapses((100, 600), (670, 1200))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_candidate_that_recovers_stays(told: str, readiness: Readiness) -> None:
    assert seconds_until_failed(releasing(readiness), 2400) is None, told


def test_a_lapse_that_takes_the_deadline_ends_it_with_the_ordinary_words() -> None:
    world = releasing(lapses((100, 9999)))
    assert seconds_until_failed(world, 2400) is not None
    assert "in turn" not in world.status["message"]


def test_pods_that_are_never_ready_together_can_not_take_over_for_ever() -> None:
    world = releasing(lambda _: True, replicas=2)
    world.run(10)
    world.verdict = lambda _: "Pass"
    world.alternating, world.readiness = True, lambda s: s % 20 < 10
    assert seconds_until_failed(world, 3 * DEADLINE) is not None
    assert world.serving() == {"1"}


def test_a_candidate_that_is_steady_costs_no_write_for_it() -> None:
    world = releasing(lambda _: True)
    world.run(60)
    before = len(world.writes)
    world.run(1200)
    assert len(world.writes) == before


def test_the_clock_stands_still_while_spec_is_paused() -> None:
    world = releasing(lambda s: s % 20 < 10)
    world.run(300)
    world.pause(True)
    world.run(900)
    world.pause(False)
    failed = seconds_until_failed(world, 3 * DEADLINE)
    assert failed is not None
    assert 250 <= failed <= 400
