"""What people are told before a benchmark about how long it takes."""

from typing import Any

import pytest

from modelward.api.modeldeployment import ModelDeploymentSpec
from modelward.release.budget import outlook
from tests.unit.documents import deployment_document
from tests.unit.kpis import accuracy, errors, latency
from tests.unit.world import World, released

ERRORS = errors(atMost="2%", expected="1%")
ACCURACY = accuracy(atLeast="92%")
VERSUS = errors("versus", versus="stable", worseByAtMost="0.1pp")
SLOWER = latency("p99", "slower", versus="stable", worseByAtMost="10%")
TOO_SHORT = {"rate": "10/s", "for": "1m"}
ENOUGH = {"rate": "50/s", "for": "2m"}


def spec_of(load: dict[str, str], *kpis: dict[str, Any]) -> ModelDeploymentSpec:
    document = deployment_document(kpis=list(kpis), load=load)
    return ModelDeploymentSpec.model_validate(document["spec"])


def told(load: dict[str, str], *kpis: dict[str, Any], first_version: bool = True) -> str:
    found = outlook(spec_of(load, *kpis), first_version=first_version)
    return found.told if found else ""


@pytest.mark.parametrize(
    ("kpis", "load", "expected"),
    [
        ([ACCURACY], ENOUGH, ""),
        ([ACCURACY, ERRORS], ENOUGH, "A verdict takes about 51s of load if it is as expected."),
        ([ERRORS], TOO_SHORT, "A verdict about errors is not likely: its load is too short."),
        ([ERRORS | {"effect": "report"}], TOO_SHORT, ""),
        (
            [ERRORS | {"objective": {"atMost": "5%"}}],
            ENOUGH,
            "A verdict takes about 33s of load if it is at half of its limit.",
        ),
    ],
)
def test_the_slowest_gate_under_load_says_how_long_a_verdict_takes(
    kpis: list[dict[str, Any]], load: dict[str, str], expected: str
) -> None:
    assert told(load, *kpis) == expected


def test_what_is_compared_with_stable_counts_from_the_second_version_on() -> None:
    assert told(ENOUGH, ERRORS, VERSUS).startswith("A verdict takes")
    assert told(ENOUGH, ERRORS, VERSUS, first_version=False) == (
        "A verdict about versus is not likely: its load is too short."
    )


def test_of_latencies_beside_stables_it_is_told_what_even_the_fastest_version_needs() -> None:
    assert told(ENOUGH, SLOWER) == ""
    assert told(ENOUGH, SLOWER, first_version=False) == (
        "A verdict about slower takes 1m18s of load by turns, or more."
    )
    assert told(TOO_SHORT, SLOWER, first_version=False) == (
        "A verdict about slower is not likely: its load is too short."
    )


def test_the_warning_of_a_comparison_blames_no_margin() -> None:
    found = outlook(spec_of(TOO_SHORT, SLOWER), first_version=False)
    assert found is not None
    assert found.warning == (
        "A verdict about slower is not likely: even a version that is never slow needs about 900 "
        "pairs of requests, and load sends 600 (10/s for 1m). Raise load.rate or load.for, or "
        "compare a lower quantile; `modelward judge plan` tells what is enough."
    )


def test_a_limit_that_nothing_can_prove_is_left_to_the_run() -> None:
    assert told(ENOUGH, ERRORS | {"objective": {"atMost": "0%"}}) == ""


def test_the_message_of_a_release_says_how_long_its_benchmark_takes() -> None:
    world = released(load=ENOUGH)
    world.verdict = lambda _: ""
    world.change("2")
    world.run(10)
    assert world.status["message"].endswith("of load if it is at half of its limit.")
    assert "BudgetTooSmall" not in world.reasons


def test_an_event_warns_once_of_a_load_that_is_too_short_for_a_verdict() -> None:
    world = World(deployment_document(kpis=[ACCURACY, ERRORS], load=TOO_SHORT))
    world.verdict = lambda _: ""
    world.run(30)
    assert world.reasons.count("BudgetTooSmall") == 1
    (event,) = (e for e in world.events.values() if e.reason == "BudgetTooSmall")
    assert event.type == "Warning"
    assert event.note.startswith(
        "A verdict about errors is not likely: a version that is as expected needs about 1,500 "
        "requests, and load sends 600 (10/s for 1m). Raise load.rate or load.for"
    )
    assert world.status["message"].endswith("A verdict about errors is not likely: its load is "
                                            "too short.")  # fmt: skip


def test_kpis_that_change_in_mid_release_are_warned_of_as_well() -> None:
    world = World(deployment_document(kpis=[ACCURACY], load=TOO_SHORT))
    world.verdict = lambda _: ""
    world.run(10)
    assert "BudgetTooSmall" not in world.reasons
    world.deployment["spec"]["kpis"] = [ACCURACY, ERRORS]
    world.deployment["metadata"]["generation"] += 1
    world.settle_anew()
    assert world.reasons.count("BudgetTooSmall") == 1


def test_a_run_that_goes_on_from_another_is_not_estimated() -> None:
    world = World(deployment_document(kpis=[ACCURACY, ERRORS], load=ENOUGH))
    world.verdict = lambda _: "Inconclusive"
    world.run(20)
    (name,) = (d["metadata"]["labels"]["modelward.dev/revision"] for d in world.of("ReplicaSet"))
    world.verdict = lambda _: ""
    world.annotate("modelward.dev/retry", f"{name}/1")
    world.run(10)
    assert "benchmark" in world.status["message"]
    assert "A verdict" not in world.status["message"]
