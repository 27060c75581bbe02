"""What is remembered outlives status, and is not touched by an operator that renders otherwise."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.provider import Cluster
from tests.e2e.local_operator import LocalOperator
from tests.e2e.stage import NAME, Document, Stage
from tests.e2e.variants import OTHER_LABEL

pytestmark = [pytest.mark.e2e, pytest.mark.disturbance]

STEPS = [{"benchmark": {"upTo": "3m"}}, {"weight": 50, "for": "5s"}, {"pause": {}}]
WIPED = [{"op": "replace", "path": "/status", "value": {"observedGeneration": -1}}]


def wipe(stage: Stage, kind: str, name: str) -> None:
    """Take the status away, as a restored backup does."""
    stage.kubectl(
        *("patch", kind, name, "--subresource=status", "--type=json", "-p", json.dumps(WIPED))
    )


def at_step(number: int) -> Callable[[Document], bool]:
    return lambda status: bool(status.get("candidate", {}).get("step") == number)


def staying(items: list[Document]) -> list[Document]:
    return [item for item in items if "deletionTimestamp" not in item["metadata"]]


def children(stage: Stage) -> dict[str, Any]:
    """What a lost status must not move: who is there, and whom users reach."""
    items = staying(stage.get("replicasets,pods,services,brun,jobs")["items"])
    names = sorted(f"{item['kind']}/{item['metadata']['name']}" for item in items)
    sizes = {
        item["metadata"]["name"]: (item["spec"]["replicas"], item["metadata"]["annotations"])
        for item in items
        if item["kind"] == "ReplicaSet"
    }
    return {
        "names": names,
        "sizes": sizes,
        "selector": stage.get("service", NAME)["spec"]["selector"],
    }


def assert_nothing_moves(stage: Stage) -> None:
    """Wipe the status where the release stands still, and wait until it is told anew."""
    before, told = children(stage), stage.status
    wipe(stage, "mdep", NAME)
    stage.until("status is told anew", lambda s: s["observedGeneration"] > 0)
    assert children(stage) == before
    anew = stage.status
    for member in ("phase", "message", "stable", "candidate", "failedRevision", "kpis", "history"):
        assert anew.get(member) == told.get(member), member


def test_status_that_is_lost_in_any_step_moves_nothing(stage: Stage) -> None:
    stage.declare("one", replicas=2)
    stage.until_promoted("one")
    stage.kubectl("annotate", "mdep", NAME, "modelward.dev/promote=nobody/1")
    stage.until("the verb is answered", lambda s: s.get("lastHandled"))
    assert_nothing_moves(stage)
    stage.declare("two", replicas=2, rollout={"steps": STEPS})
    stage.until("it is measured", lambda _: len(stage.get("brun")["items"]) == 2)
    run = f"{NAME}-{stage.status['candidate']['revision']}-1"
    wipe(stage, "mdep", NAME)
    wipe(stage, "brun", run)
    stage.until("both serve", at_step(1))
    wipe(stage, "mdep", NAME)
    wipe(stage, "brun", run)
    stage.until("it waits for a person", lambda s: s.get("phase") == "Paused")
    assert_nothing_moves(stage)
    stage.verb("promote")
    stage.until("it is promoted", lambda s: s.get("stable", {}).get("version") == "two")
    wipe(stage, "mdep", NAME)
    stage.until_promoted("two")
    stage.declare("three", {"accuracy": 0.5}, replicas=2, rollout={"steps": STEPS})
    stage.until_rolled_back("three")
    assert_nothing_moves(stage)
    outcomes = [("one", "Promoted"), ("two", "Promoted"), ("three", "RolledBack")]
    assert stage.history() == outcomes
    kinds = ("replicasets", "brun", "jobs")
    assert [len(stage.get(kind)["items"]) for kind in kinds] == [3, 3, 3]
    assert stage.reasons() == sorted(
        [
            *["ReleaseStarted"] * 3,
            *["StepPassed"] * 4,
            *["Promoted", "Promoted", "RolledBack", "NothingToPromote"],
        ]
    )


def templates(stage: Stage) -> dict[str, Document]:
    """What was rendered once: by name, what each ReplicaSet's pods are made from."""
    return {
        item["metadata"]["name"]: {
            "template": item["spec"]["template"],
            "labels": item["metadata"]["labels"],
        }
        for item in stage.get("replicasets")["items"]
    }


def pre_stop(made: Document) -> int:
    """Return the seconds that a serving container sleeps before it is told to stop."""
    (container,) = made["template"]["spec"]["containers"]
    return int(container["lifecycle"]["preStop"]["sleep"]["seconds"])


def pod_names(stage: Stage) -> set[str]:
    pods = staying(stage.get("pods", "-l", f"modelward.dev/name={NAME}")["items"])
    return {pod["metadata"]["name"] for pod in pods}


def test_an_operator_that_renders_otherwise_changes_no_revision_that_exists(
    at_rest: Cluster, stage: Stage
) -> None:
    with LocalOperator(at_rest, stage.namespace):
        stage.declare("one", replicas=2)
        stage.until_promoted("one")
        stage.declare("two", replicas=2, rollout={"steps": STEPS})
        stage.until("it waits for a person", lambda s: s.get("phase") == "Paused")
    before, pods = templates(stage), pod_names(stage)
    with LocalOperator(at_rest, stage.namespace, "renders_differently"):
        wipe(stage, "mdep", NAME)
        stage.until("it is looked at", lambda s: s.get("phase") == "Paused")
        assert templates(stage) == before
        assert pod_names(stage) == pods
        stage.verb("promote")
        stage.until_promoted("two")
        assert templates(stage) == before
        promoted = stage.status["stable"]["revision"]
        kept = {name for name in pods if f"-{promoted}-" in name}
        assert kept
        assert kept <= pod_names(stage)
        stage.declare("three", replicas=2)
        stage.until_promoted("three")  # rendered by this operator, which does render otherwise
        (added,) = (made for name, made in templates(stage).items() if name not in before)
        assert added["labels"][OTHER_LABEL] == "true"
        assert {pre_stop(made) for made in before.values()} == {5}
        assert pre_stop(added) == 1
        assert {name: templates(stage)[name] for name in before} == before
