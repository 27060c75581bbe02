"""What releases mean for the metrics: counted once, by the write that makes it so."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from modelward.writes import (
    Happening,
    Plan,
    ReleaseEnded,
    StepEnded,
    Subject,
    Write,
    target,
)
from tests.unit.documents import deployment_document
from tests.unit.world import World

QUICK = {"steps": [{"benchmark": {}}, {"weight": 50, "for": "60s", "upTo": "5m"}]}
PAUSED = {"steps": [{"benchmark": {}}, {"pause": {}}, {"weight": 50, "upTo": "5m"}]}


@dataclass
class Counting(World):
    """Counts what happens as the one who acts does: after each write."""

    happened: list[Happening] = field(default_factory=list)
    plan: Plan = field(default_factory=Plan)

    def decide(self) -> Plan:
        self.plan = super().decide()
        return self.plan

    def _write(self, write: Write) -> bool:
        done = super()._write(write)
        said = self.plan.metrics if done else ()
        self.happened += [e.what for e in said if target(write) == (e.kind, e.name)]
        return done

    def until(self, *versions: str) -> None:
        for _ in range(200):
            self.run(1)
            if self.serving() == set(versions):
                return
        raise AssertionError(self.status)

    @property
    def ends(self) -> list[ReleaseEnded]:
        return [each for each in self.happened if isinstance(each, ReleaseEnded)]

    @property
    def steps(self) -> list[StepEnded]:
        return [each for each in self.happened if isinstance(each, StepEnded)]

    @property
    def revision(self) -> str:
        return str(self.status["candidate"]["revision"])


@pytest.fixture
def world() -> Counting:
    """A world in which version 1 has been released."""
    world = Counting(deployment_document(replicas=2, rollout=QUICK))
    world.run(30)
    assert world.ends == [ReleaseEnded("Promoted", "Judged")]
    assert [(each.step, each.result) for each in world.steps] == [
        ("benchmark", "passed"),
        ("takeover", "passed"),
    ]
    world.happened.clear()
    return world


def test_a_promotion_counts_each_step_with_its_time_and_the_release_once(world: Counting) -> None:
    world.change("2")
    world.until("2")
    world.run(60)
    assert world.ends == [ReleaseEnded("Promoted", "Judged")]
    taken = [(each.step, each.result) for each in world.steps]
    assert taken == [("benchmark", "passed"), ("weight", "passed"), ("takeover", "passed")]
    assert 60 <= world.steps[1].seconds <= 75


def test_a_failed_gate_is_counted_as_one_whatever_the_kpi_is_called(world: Counting) -> None:
    world.verdict = lambda _: "Fail"
    world.change("2")
    world.run(60)
    assert world.status["failedRevision"]["reason"] == "accuracy"
    assert world.ends == [ReleaseEnded("RolledBack", "Kpi")]
    assert [(each.step, each.result) for each in world.steps] == [("benchmark", "failed")]


def test_pods_that_do_not_come_are_counted_with_their_own_reason(world: Counting) -> None:
    world.never_ready.add("fraud:2")
    world.change("2", rollout=QUICK | {"progressDeadline": "30s"})
    world.run(90)
    assert world.ends == [ReleaseEnded("RolledBack", "NeverReady")]


def test_what_spec_no_longer_asks_for_is_abandoned(world: Counting) -> None:
    world.verdict = lambda _: ""
    world.change("2")
    world.run(20)
    world.change("3")
    world.run(5)
    assert world.ends == [ReleaseEnded("Superseded", "SpecChanged")]
    assert [(each.step, each.result) for each in world.steps] == [("benchmark", "abandoned")]


def test_an_abort_is_no_failure_of_its_step(world: Counting) -> None:
    world.verdict = lambda _: ""
    world.change("2")
    world.run(20)
    world.annotate("modelward.dev/abort", f"{world.revision}/1")
    world.run(5)
    assert world.ends == [ReleaseEnded("RolledBack", "Aborted")]
    assert [each.result for each in world.steps] == ["abandoned"]


def test_a_promotion_without_a_verdict_is_told_apart(world: Counting) -> None:
    world.verdict = lambda _: "Inconclusive"
    world.change("2")
    world.run(20)
    world.annotate("modelward.dev/promote", f"{world.revision}/1")
    world.until("2")
    assert world.ends == [ReleaseEnded("Promoted", "ByHand")]


def test_a_pause_step_takes_as_long_as_a_person_does(world: Counting) -> None:
    world.change("2", rollout=PAUSED)
    world.run(300)
    world.annotate("modelward.dev/promote", f"{world.revision}/1")
    world.until("2")
    assert [each.step for each in world.steps] == ["benchmark", "pause", "weight", "takeover"]
    assert 240 < world.steps[1].seconds <= 300


def test_the_time_that_spec_paused_held_a_step_is_not_the_step_s(world: Counting) -> None:
    world.change("2")
    world.until("1", "2")
    world.pause(True)
    world.run(600, tick=10)
    world.pause(False)
    world.until("2")
    assert 60 <= world.steps[1].seconds <= 75


@pytest.mark.parametrize("writes", [2, 3, 4])
def test_a_release_is_counted_once_though_every_plan_fails_after_a_few_writes(
    world: Counting, writes: int
) -> None:
    """The next plan does not say again what the last one carried out before it failed."""
    world.change("2")
    for _ in range(600):
        world.reconcile(crash_after=writes)
        world.now += timedelta(seconds=1)
        world.play_controllers()
        if world.serving() == {"2"}:
            break
    world.run(30)
    assert world.serving() == {"2"}
    assert world.ends == [ReleaseEnded("Promoted", "Judged")]
    assert [each.step for each in world.steps] == ["benchmark", "weight", "takeover"]


def test_a_plan_names_the_release_that_it_is_about(world: Counting) -> None:
    assert world.decide().subject is None
    world.verdict = lambda _: ""
    world.change("2")
    begun = world.decide().subject
    world.run(20)
    during = world.decide().subject
    assert begun is not None
    assert during is not None
    assert begun.revision == during.revision == world.revision
    world.verdict = lambda _: "Fail"
    world.play_controllers()
    ended = world.decide()
    assert [each.what for each in ended.metrics][-1] == ReleaseEnded("RolledBack", "Kpi")
    assert isinstance(ended.subject, Subject)
    assert ended.subject.revision == begun.revision
