"""What a person can say to a release: pause, promote, abort, retry; and what kubectl answers."""

import pytest

from tests.e2e.handbook import assert_documented, quote, quote_event
from tests.e2e.stage import NAME, Document, Stage
from tests.e2e.test_changes_of_mind import pods, serving, sharing
from tests.e2e.together import Story, Told

pytestmark = [pytest.mark.e2e, pytest.mark.disturbance]

BENCHMARK: Document = {"benchmark": {"upTo": "5m"}}
TWO_PAUSES: Document = {"steps": [BENCHMARK, {"pause": {}}, {"pause": {}}]}
SOAK: Document = {"steps": [BENCHMARK, {"weight": 50, "for": "15s", "upTo": "5m"}]}


def say(stage: Stage, verb: str, value: str) -> None:
    """Give a verb to whatever revision."""
    stage.kubectl("annotate", "mdep", NAME, "--overwrite", f"modelward.dev/{verb}={value}")
    stage.until(
        f"{verb} {value} is answered", lambda s: s.get("lastHandled", {}).get(verb) == value
    )


def at_pause(stage: Stage, number: int) -> None:
    """Wait until a release stands at this step, which is a pause."""
    stage.until(
        f"it waits at step {number}",
        lambda s: s["phase"] == "Paused" and s.get("candidate", {}).get("step") == number,
    )


def count(stage: Stage, reason: str) -> int:
    return stage.reasons().count(reason)


def promote_passes_one_pause_and_is_refused_where_there_is_none(stage: Stage) -> None:
    serving(stage, 1)
    stable = stage.status["stable"]["revision"]
    say(stage, "promote", f"{stable}/1")
    assert quote_event(stage, "NothingToPromote", "no release is under way")
    stage.declare("two", rollout=TWO_PAUSES)
    at_pause(stage, 1)
    assert_documented("A release waits for a person", quote(stage))
    say(stage, "promote", f"{stable}/2")
    assert count(stage, "NothingToPromote") == 2
    told = quote_event(stage, "NothingToPromote", "the candidate is")
    assert_documented("A verb is not acted on", told)
    stage.verb("promote")
    at_pause(stage, 2)
    stage.kubectl("annotate", "mdep", NAME, "example.com/looked-at=again")
    stage.verb("promote")  # the same value: it has acted
    assert stage.status["candidate"]["step"] == 2
    stage.verb("promote", "2")
    stage.until_promoted("two")
    assert count(stage, "NothingToPromote") == 2


def abort_ends_a_release_and_retry_tries_it_once_more(stage: Stage) -> None:
    serving(stage, 1)
    stage.declare("two", rollout=TWO_PAUSES)
    at_pause(stage, 1)
    stage.verb("abort")
    stage.until_rolled_back("two")
    assert stage.status["failedRevision"]["reason"] == "Aborted"
    assert_documented("A release was aborted", quote(stage))
    stable, failed = stage.status["stable"]["revision"], stage.status["failedRevision"]["revision"]
    say(stage, "retry", f"{stable}/1")
    assert count(stage, "NothingToRetry") == 1
    assert stage.status["phase"] == "Degraded"
    say(stage, "retry", f"{failed}/1")
    at_pause(stage, 1)
    assert count(stage, "Retried") == 1
    assert sorted(run["metadata"]["name"][-2:] for run in stage.get("brun")["items"]) == [
        *("-1", "-1", "-2")
    ]
    stage.verb("abort", "2")
    stage.until_rolled_back("two")
    assert count(stage, "Retried") == 1, "retry, given once, acts once"
    say(stage, "abort", f"{failed}/3")
    assert count(stage, "NothingToAbort") == 1
    history = [("one", "Promoted"), ("two", "RolledBack"), ("two", "RolledBack")]
    assert stage.history()[-1] == history[-1]
    assert stage.status["stable"]["version"] == "one"


def paused_holds_a_release_in_every_step_and_its_clocks(stage: Stage) -> None:
    serving(stage)
    stage.declare("two", replicas=2, rollout=SOAK, paused=True)
    stage.until("it does not begin", lambda s: s["phase"] == "Paused" and "candidate" not in s)
    assert len(stage.get("replicasets")["items"]) == 1
    stage.declare("two", replicas=2, rollout=SOAK)
    stage.until_shared()
    stage.declare("two", replicas=2, rollout=SOAK, paused=True)
    stage.until("it is held", lambda s: s["phase"] == "Paused")
    assert_documented("A release is held", quote(stage))
    candidate = stage.status["candidate"]["revision"]
    say(stage, "promote", f"{candidate}/1")
    assert quote_event(stage, "NothingToPromote", "spec.paused is true")
    stable = stage.status["stable"]["revision"]
    (pod,) = pods(stage, stable)
    stage.kubectl("delete", "pod", pod)
    stage.until("stable is repaired", lambda s: pods(stage, stable) and s["weight"] == "50/50")
    stage.declare("two", replicas=2, rollout=SOAK)
    stage.until_promoted("two")
    assert (count(stage, "Held"), count(stage, "Resumed")) == (1, 1)


def a_held_release_loses_its_weight_when_it_is_aborted(stage: Stage) -> None:
    sharing(stage)
    stage.kubectl("patch", "mdep", NAME, "--type=merge", "-p", '{"spec":{"paused":true}}')
    stage.until("it is held", lambda s: s["phase"] == "Paused")
    stage.verb("abort")
    stage.until_rolled_back("two")
    assert "modelward.dev/revision" in stage.get("service", NAME)["spec"]["selector"]


STORIES: tuple[Story, ...] = (
    promote_passes_one_pause_and_is_refused_where_there_is_none,
    abort_ends_a_release_and_retry_tries_it_once_more,
    paused_holds_a_release_in_every_step_and_its_clocks,
    a_held_release_loses_its_weight_when_it_is_aborted,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_what_a_person_says(told: Told, story: Story) -> None:
    told[story].result()
