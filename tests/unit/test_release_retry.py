"""The verb retry where a release stands at no verdict: its evidence is gone on from, once."""

from collections.abc import Callable

import pytest

from tests.unit.documents import Document
from tests.unit.world import World, released

SOAK = [{"benchmark": {}}, {"weight": 50, "for": "10s", "upTo": "20s"}]


def later_runs(verdict: str) -> Callable[[Document], str]:
    """Let runs that begin with nothing come to no verdict, and those that go on to this one."""
    return lambda run: verdict if run["spec"].get("continues") else "Inconclusive"


def undecided(later: str = "", **spec: object) -> World:
    """Return a world whose second version came to no verdict; `later` is that of runs after it."""
    world = released(replicas=2)
    world.verdict = later_runs(later)
    world.change("2", **spec)
    world.run(30)
    assert world.condition("Ready")["reason"] == "Inconclusive"
    return world


def retry(world: World, token: str = "1", revision: str = "") -> str:
    """Ask for a retry of the candidate, or of another revision; return the annotation's value."""
    value = f"{revision or world.status['candidate']['revision']}/{token}"
    world.annotate("modelward.dev/retry", value)
    return value


def runs(world: World) -> dict[int, Document]:
    """Return the runs of the candidate, or of what came of it, by number."""
    return {
        int(run["metadata"]["name"].rpartition("-")[2]): run
        for run in world.of("BenchmarkRun")
        if run["spec"]["subject"]["revision"] == latest_revision(world)
    }


def latest_revision(world: World) -> str:
    """Return the revision of the last ReplicaSet that was made."""
    revision: str = world.of("ReplicaSet")[-1]["metadata"]["labels"]["modelward.dev/revision"]
    return revision


def refusal(world: World) -> str:
    """Return the note of the one Event that refuses a retry."""
    (told,) = (event for event in world.events.values() if event.reason == "NothingToRetry")
    return told.note


def test_a_retry_goes_on_from_the_run_without_verdict_and_its_pass_promotes() -> None:
    world = undecided()
    value = retry(world)
    world.run(5)
    one, two = runs(world)[1], runs(world)[2]
    assert two["spec"]["continues"] == one["metadata"]["name"]
    same = {"continues": None}
    assert one["spec"] | same == two["spec"] | same
    assert one["metadata"]["labels"] == two["metadata"]["labels"]
    assert (world.status["phase"], world.serving()) == ("Progressing", {"1"})
    assert world.status["lastHandled"] == {"retry": value}
    assert world.reasons[-1] == "Retried"
    world.verdict = later_runs("Pass")
    world.run(60)
    assert world.serving() == {"2"}
    assert world.status["history"][-1]["run"] == two["metadata"]["name"]


def test_a_failure_found_by_looking_longer_rolls_back() -> None:
    world = undecided(later="Fail")
    retry(world)
    world.run(30)
    assert world.serving() == {"1"}
    assert world.status["failedRevision"]["run"] == runs(world)[2]["metadata"]["name"]


def test_a_retry_acts_once_and_each_further_one_goes_on_from_the_latest_run() -> None:
    world = undecided(later="Inconclusive")
    value = retry(world)
    world.run(20)
    assert (sorted(runs(world)), world.status["phase"]) == ([1, 2], "Paused")
    world.annotate("modelward.dev/retry", value)
    world.run(20)
    assert sorted(runs(world)) == [1, 2]
    retry(world, "2")
    world.run(20)
    assert runs(world)[3]["spec"]["continues"] == runs(world)[2]["metadata"]["name"]
    assert world.reasons.count("Retried") == 2
    assert world.reasons.count("NothingToRetry") == 0


def test_while_more_is_measured_the_evidence_so_far_is_shown() -> None:
    world = undecided()
    retry(world)
    world.run(5)
    assert [kpi["verdict"] for kpi in world.status["kpis"]] == ["Inconclusive", "Pass"]
    assert world.status["kpis"][0]["run"] == runs(world)[1]["metadata"]["name"]


def test_the_message_of_a_release_without_verdict_names_both_commands() -> None:
    world = undecided(later="Inconclusive")
    revision = latest_revision(world)
    annotate = "kubectl annotate mdep fraud --overwrite modelward.dev"
    message = world.status["message"]
    assert f"To measure on: {annotate}/retry={revision}/1 " in message
    assert message.endswith(f"To go on all the same: {annotate}/promote={revision}/1")
    retry(world)
    world.run(20)
    assert f"{annotate}/retry={revision}/2 " in world.status["message"]


@pytest.mark.parametrize("verdict", ["", "Pass"])
def test_a_retry_where_a_verdict_is_waited_for_or_a_person_is_refused_once(verdict: str) -> None:
    world = released(replicas=2)
    world.verdict = lambda _: verdict
    world.change("2", rollout={"steps": [{"benchmark": {}}, {"pause": {}}]})
    world.run(30)
    retry(world)
    world.run(20)
    assert refusal(world).endswith("the release stands at no undecided verdict.")
    assert "Retried" not in world.reasons


def test_a_retry_meant_for_another_revision_is_refused_and_the_right_one_named() -> None:
    world = undecided()
    retry(world, revision=world.status["stable"]["revision"])
    world.run(20)
    assert sorted(runs(world)) == [1]
    assert f"say {latest_revision(world)}/<token>" in refusal(world)


def test_a_retry_while_paused_is_refused() -> None:
    world = undecided()
    world.pause(True)
    retry(world)
    world.run(20)
    assert "spec.paused" in refusal(world)


def test_a_retry_survives_death_after_each_of_its_writes_and_a_status_that_is_lost() -> None:
    undisturbed = undecided(later="Pass")
    retry(undisturbed)
    undisturbed.run(60)
    for killed_after in range(5):
        world = undecided(later="Pass")
        retry(world)
        world.reconcile(crash_after=killed_after)
        world.deployment["status"] = {"observedGeneration": -1}
        world.settle_anew()
        world.run(60)
        assert world.serving() == {"2"}
        assert sorted(runs(world)) == sorted(runs(undisturbed)) == [1, 2]
        assert world.reasons == undisturbed.reasons


def test_a_run_whose_predecessor_was_deleted_begins_anew_under_another_name() -> None:
    world = undecided()
    world.delete("BenchmarkRun", runs(world)[1]["metadata"]["name"])
    retry(world)
    world.run(5)
    assert list(runs(world)) == [2]
    assert "continues" not in runs(world)[2]["spec"]


def test_other_kpis_in_the_middle_of_a_retry_begin_with_no_evidence() -> None:
    world = undecided()
    retry(world)
    world.run(5)
    world.change("2", kpis=world.deployment["spec"]["kpis"][:1])
    world.run(5)
    assert sorted(runs(world)) == [1, 3]
    assert "continues" not in runs(world)[3]["spec"]


def test_more_load_may_be_asked_for_before_a_retry() -> None:
    world = undecided()
    world.change("2", load={"rate": "10/s", "for": "5m"})
    world.run(5)
    assert sorted(runs(world)) == [1]
    retry(world)
    world.run(5)
    assert runs(world)[2]["spec"]["load"]["for"] == "5m"
    assert runs(world)[2]["spec"]["continues"] == runs(world)[1]["metadata"]["name"]


def test_a_soak_without_verdict_waits_anew_when_retried() -> None:
    world = released(replicas=2)
    world.change("2", rollout={"steps": SOAK, "progressDeadline": "10m"})
    while world.serving() != {"1", "2"}:
        world.run(1)
    world.never_ready = {"fraud:2"}
    world.run(60)
    assert world.condition("Ready")["reason"] == "Inconclusive"
    assert "To wait once more: kubectl annotate" in world.status["message"]
    world.never_ready = set()
    retry(world)
    world.run(60)
    assert world.serving() == {"2"}
    assert sorted(runs(world)) == [1]
    note = next(event.note for event in world.events.values() if event.reason == "Retried")
    assert note.endswith("step 2 of 2 (weight 50): the wait begins again.")


def test_retry_and_promote_at_once_promote() -> None:
    world = undecided()
    retry(world)
    world.annotate("modelward.dev/promote", f"{latest_revision(world)}/1")
    world.run(60)
    assert world.serving() == {"2"}
    assert world.reasons.count("NothingToRetry") == 1
