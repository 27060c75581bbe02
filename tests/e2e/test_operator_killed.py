"""The operator is killed in each step of a release; what comes out is the same."""

from collections.abc import Callable, Iterator

import pytest

from tests.cluster.provider import Cluster
from tests.e2e.local_operator import LocalOperator
from tests.e2e.stage import Document, Stage

pytestmark = pytest.mark.e2e

STEPS = [{"benchmark": {"upTo": "3m"}}, {"weight": 50, "for": "5s"}, {"pause": {}}]


@pytest.fixture
def operator(at_rest: Cluster, stage: Stage) -> Iterator[LocalOperator]:
    """The installed operator stands still while this one works."""
    with LocalOperator(at_rest, stage.namespace) as local:
        yield local


def at_step(number: int) -> Callable[[Document], bool]:
    return lambda status: bool(status.get("candidate", {}).get("step") == number)


def release(stage: Stage, version: str, behaviour: Document, disturb: Callable[[], None]) -> None:
    """Release a version, and disturb the operator once in each step."""
    stage.declare(version, behaviour, replicas=2, rollout={"steps": STEPS})
    stage.until("the release begins", lambda s: s.get("candidate", {}).get("version") == version)
    disturb()
    if behaviour:
        stage.until_rolled_back(version)
        return
    for step in (1, 2):
        stage.until(f"step {step}", at_step(step))
        disturb()
    stage.until("it waits for a person", lambda s: s["phase"] == "Paused")
    stage.verb("promote")
    disturb()
    stage.until_promoted(version)


def test_killed_in_each_step_a_release_ends_as_if_nothing_had_been(
    stage: Stage, operator: LocalOperator
) -> None:
    stage.declare("one", replicas=2)
    disturbances = 0

    def disturb() -> None:
        nonlocal disturbances
        disturbances += 1
        operator.kill_and_restart()

    disturb()
    stage.until_promoted("one")
    release(stage, "two", {}, disturb)
    release(stage, "three", {"accuracy": 0.5}, disturb)
    assert disturbances == 6
    outcomes = [("one", "Promoted"), ("two", "Promoted"), ("three", "RolledBack")]
    assert stage.history() == outcomes
    assert len(stage.get("brun")["items"]) == 3
    assert len(stage.get("jobs")["items"]) == 3
    assert stage.reasons() == sorted(
        [*["ReleaseStarted"] * 3, *["StepPassed"] * 4, "Promoted", "Promoted", "RolledBack"]
    )
    assert stage.status["failedRevision"]["reason"] == "accuracy"
