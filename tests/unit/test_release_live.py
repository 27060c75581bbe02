"""Weight steps that are judged on users' requests, as the release sees them."""

from typing import Any

import pytest

from tests.unit.documents import Document, deployment_document
from tests.unit.world import World, released

ERRORS: Document = {
    "name": "live-errors",
    "prometheus": {"bad": 'requests_total{code=~"5.."}', "total": "requests_total"},
    "objective": {"atMost": "2%", "expected": "1%"},
}
STEPS = [
    {"benchmark": {"upTo": "5m"}},
    {"weight": 25, "for": "30s", "upTo": "10m"},
    {"weight": 50, "for": "30s", "upTo": "10m"},
]


def live_world(**spec: object) -> World:
    """Return a world in which a first version serves, and live runs wait for the test."""
    kpis = [*deployment_document()["spec"]["kpis"], ERRORS]
    rollout = deployment_document()["spec"]["rollout"] | {"steps": STEPS}
    world = released(**{"replicas": 4, "kpis": kpis, "rollout": rollout} | spec)
    world.verdict = lambda run: "" if "live" in run["spec"] else "Pass"
    return world


def live_runs(world: World) -> list[Document]:
    return [run for run in world.of("BenchmarkRun") if "live" in run["spec"]]


def shared(**spec: object) -> World:
    """Return a world in which a second version has its first share of users."""
    world = live_world(**spec)
    world.change("2")
    world.run(30)
    assert len(live_runs(world)) == 1, world.status
    return world


def end(world: World, verdict: str, reason: str = "", counts: tuple[int, ...] = ()) -> None:
    """Let the latest live run end."""
    kpi: dict[str, Any] = {
        "name": "live-errors",
        "verdict": verdict,
        "reason": reason or None,
        "value": "7%",
        "objective": "<= 2%, expected 1%",
        "evidence": list(counts or (20, 40, 3_000, 30)),
    }
    complete = {
        "type": "Complete",
        "status": "True",
        "reason": reason or "EveryGateHolds",
        "message": "",
        "observedGeneration": 1,
        "lastTransitionTime": "2026-11-20T12:00:00Z",
    }
    live_runs(world)[-1]["status"] = {
        "phase": "Finished",
        "verdict": verdict,
        "kpis": [kpi],
        "message": f"live-errors is 7%: {verdict}",
        "conditions": [complete],
    }
    world.settle_anew()


def test_a_run_begins_once_the_candidate_has_its_share_and_knows_the_step() -> None:
    world = shared()
    (run,) = live_runs(world)
    assert run["metadata"]["name"].endswith("-2")
    assert run["spec"]["live"] == {
        "step": 0, "steps": 2, "for": "30s", "passedByHand": [], "earlier": []
    }  # fmt: skip
    assert run["spec"]["upTo"] == "10m"
    assert [kpi["name"] for kpi in run["spec"]["kpis"]] == ["live-errors"]
    benchmark = next(run for run in world.of("BenchmarkRun") if "live" not in run["spec"])
    assert "live-errors" not in [kpi["name"] for kpi in benchmark["spec"]["kpis"]]


def test_every_gate_shares_in_false_rollback_whatever_measures_it() -> None:
    """errors and live-errors: accuracy reads all rows and needs no share."""
    world = shared()
    of_second = [r for r in world.of("BenchmarkRun") if r["metadata"]["name"][-1] == "2"]
    shares = {run["spec"]["judgement"]["falseRollback"] for run in of_second}
    assert shares == {"0.025"}
    first, second = (r for r in world.of("BenchmarkRun") if "live" not in r["spec"])
    assert first["spec"]["judgement"]["falseRollback"] == "0.05"
    assert second["spec"]["judgement"]["falseRollback"] == "0.025"


def test_time_alone_passes_no_step_that_is_judged() -> None:
    world = shared()
    world.run(120)
    assert world.status["candidate"]["step"] == 1
    end(world, "Pass")
    assert world.status["candidate"]["step"] == 2


def test_two_live_steps_end_in_a_promotion_and_the_second_knows_what_the_first_counted() -> None:
    world = shared()
    end(world, "Pass", counts=(2, 0, 900, 3))
    world.run(60)
    second = live_runs(world)[-1]["spec"]["live"]
    assert (second["step"], second["steps"]) == (1, 2)
    counted = {"name": "live-errors", "counts": [2, 0, 900, 3]}
    assert second["earlier"] == [{"step": 0, "kpis": [counted]}]
    end(world, "Pass")
    world.run(60)
    assert world.serving() == {"2"}
    assert world.status["phase"] == "Healthy"
    assert {kpi["name"]: kpi["verdict"] for kpi in world.status["kpis"]} == {
        "accuracy": "Pass", "errors": "Pass", "live-errors": "Pass",
    }  # fmt: skip
    assert world.status["kpiSummary"] == "3/3"


def test_a_live_gate_that_fails_rolls_back_at_once_with_its_name() -> None:
    world = shared()
    end(world, "Fail", "GateFailed")
    assert world.status["failedRevision"]["reason"] == "live-errors"
    assert "live-errors is 7%" in world.status["message"]
    world.run(30)
    assert world.serving() == {"1"}


def test_a_fail_counts_also_while_the_release_is_paused() -> None:
    world = shared()
    world.pause(True)
    world.run(5)
    end(world, "Fail", "GateFailed")
    assert world.status["failedRevision"]["reason"] == "live-errors"


@pytest.mark.parametrize(
    ("policy", "reason", "withdrawn"),
    [
        ("withdraw", "Undecided", True),
        ("withdraw", "NoTraffic", True),
        ("hold", "Undecided", False),
        ("hold", "NoTraffic", True),
        ("hold", "Unreachable", True),
    ],
)
def test_without_a_verdict_the_weight_follows_on_inconclusive_and_without_evidence_it_goes(
    policy: str, reason: str, withdrawn: bool
) -> None:
    world = shared(judgement={"onInconclusive": policy})
    end(world, "Inconclusive", reason)
    world.run(30)
    assert world.status["phase"] == "Paused"
    assert world.condition("Ready")["reason"] == "Inconclusive"
    assert world.serving() == ({"1"} if withdrawn else {"1", "2"})
    assert world.status["candidate"]["weight"] == (0 if withdrawn else 25)


def test_on_inconclusive_rollback_rolls_back() -> None:
    world = shared(judgement={"onInconclusive": "rollback"})
    end(world, "Inconclusive", "NoTraffic")
    world.run(30)
    assert world.status["failedRevision"]["reason"] == "Inconclusive"
    assert world.serving() == {"1"}


def test_a_retry_measures_on_with_what_was_counted() -> None:
    world = shared()
    end(world, "Inconclusive", "Undecided", counts=(20, 100, 2_000, 40))
    world.run(10)
    assert "measure on" in world.status["message"]
    world.annotate("modelward.dev/retry", f"{world.status['candidate']['revision']}/1")
    world.run(30)
    first, second = live_runs(world)
    assert world.serving() == {"1", "2"}
    assert second["spec"]["live"]["step"] == first["spec"]["live"]["step"] == 0
    assert second["spec"]["live"]["earlier"][0]["kpis"][0]["counts"] == [20, 100, 2_000, 40]


def test_promoted_by_hand_a_gate_is_not_waited_for_in_later_steps() -> None:
    world = shared()
    end(world, "Inconclusive", "NoTraffic")
    world.annotate("modelward.dev/promote", f"{world.status['candidate']['revision']}/1")
    world.run(60)
    assert world.status["candidate"]["step"] == 2
    assert live_runs(world)[-1]["spec"]["live"]["passedByHand"] == ["live-errors"]
    shown = {kpi["name"]: kpi.get("reason") for kpi in world.status["kpis"]}
    assert shown["live-errors"] == "PromotedByHand"
    assert shown["accuracy"] is None


def test_of_a_first_version_live_gates_are_not_applicable() -> None:
    world = live_world()
    shown = {kpi["name"]: kpi["verdict"] for kpi in world.status["kpis"]}
    assert shown["live-errors"] == "NotApplicable"
    assert world.status["kpiSummary"] == "2/2"
    assert not live_runs(world)


def test_a_release_that_is_given_up_deletes_the_run_that_counts() -> None:
    world = shared()
    world.annotate("modelward.dev/abort", f"{world.status['candidate']['revision']}/1")
    world.run(30)
    assert not live_runs(world)
    assert world.serving() == {"1"}


def test_a_candidate_whose_share_is_not_reached_is_not_measured() -> None:
    world = live_world()
    world.never_ready.add("fraud:2")
    world.change("2")
    world.run(30)
    assert not live_runs(world)


def test_a_step_without_for_waits_for_its_verdict_too() -> None:
    rollout = deployment_document()["spec"]["rollout"]
    world = live_world(rollout=rollout | {"steps": [STEPS[0], {"weight": 25, "for": "0s"}]})
    world.change("2")
    world.run(60)
    assert len(live_runs(world)) == 1
    assert world.status["candidate"]["step"] == 1
