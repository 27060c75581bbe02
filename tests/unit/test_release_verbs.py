"""Verbs of people: each acts once, or is refused once, whatever happens around it."""

from tests.unit.world import World, released

PAUSE: dict[str, object] = {"steps": [{"benchmark": {}}, {"pause": {}}]}


def judged(verdict: str) -> World:
    """Return a world whose second version's benchmark came out so, or goes on where it is empty."""
    world = released(replicas=2)
    world.verdict = lambda _: verdict
    world.change("2", rollout=PAUSE)
    world.run(30)
    return world


def give(world: World, verb: str, token: str = "1") -> str:
    """Give a verb to the candidate; return the annotation's value."""
    value = f"{world.status['candidate']['revision']}/{token}"
    world.annotate(f"modelward.dev/{verb}", value)
    return value


def test_a_verb_that_came_too_early_does_not_act_later_though_status_is_lost() -> None:
    world = judged("")
    give(world, "promote")
    world.run(5)
    assert world.reasons.count("NothingToPromote") == 1
    world.verdict = lambda _: "Pass"
    world.run(10)
    assert world.status["phase"] == "Paused"
    world.deployment["status"] = {"observedGeneration": -1}
    world.settle_anew()
    world.run(30)
    assert world.status["phase"] == "Paused"
    give(world, "promote", "2")
    world.run(30)
    assert world.serving() == {"2"}


def test_gates_whose_evidence_was_deleted_count_as_passed_by_hand() -> None:
    world = judged("Inconclusive")
    (run,) = (d for d in world.of("BenchmarkRun") if "Inconclusive" in str(d["status"]))
    world.delete("BenchmarkRun", run["metadata"]["name"])
    give(world, "promote")
    world.run(5)
    give(world, "promote", "2")
    world.run(30)
    assert world.serving() == {"2"}
    assert "accuracy, errors" in world.condition("KPIsMet")["message"]


def test_a_verb_with_a_long_token_is_refused_once_and_its_beginning_shown() -> None:
    world = released()
    world.annotate("modelward.dev/abort", "somethingelse/" + "x" * 300)
    world.run(5)
    assert world.reasons.count("NothingToAbort") == 1
    assert len(world.status["lastHandled"]["abort"]) == 128
    assert world.decide().writes == ()


def test_a_promotion_asked_for_as_the_requirements_change_is_refused_and_said_so() -> None:
    world = judged("Pass")
    world.verdict = lambda _: ""
    world.change("2", kpis=world.deployment["spec"]["kpis"][:1])
    value = give(world, "promote")
    world.run(5)
    assert world.reasons[-2:] == ["JudgedAgain", "NothingToPromote"]
    assert world.status["lastHandled"] == {"promote": value}


def test_of_two_verbs_given_at_once_abort_acts_and_promote_is_refused() -> None:
    world = judged("Pass")
    give(world, "promote")
    give(world, "abort")
    world.run(20)
    assert world.reasons[-2:] == ["RolledBack", "NothingToPromote"]
    assert world.serving() == {"1"}
