"""What serves loses its pods, with and without a release under way; and so does a candidate."""

import json
import time
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.e2e.handbook import assert_documented, quote
from tests.e2e.recorder import REVISION, Recorder
from tests.e2e.stage import NAME, Document, Stage
from tests.e2e.test_bad_candidates import condition, quota
from tests.e2e.test_changes_of_mind import STAYS, pods, serving, sharing
from tests.e2e.together import Story, Told

pytestmark = [pytest.mark.e2e, pytest.mark.disturbance]

HOLD = timedelta(seconds=8)


def holding(hold: str) -> Document:
    """A rollout that soaks for so long."""
    soak = {"weight": 50, "for": hold, "upTo": "10m"}
    return {"steps": [{"benchmark": {"upTo": "5m"}}, soak], "progressDeadline": "2m"}


def behave(stage: Stage, revision: str, **behaviour: object) -> None:
    """Change how all pods of a revision behave from now on."""
    program = (
        "import sys, urllib.request as r; r.urlopen(r.Request('http://localhost:8080/behaviour',"
        " method='PUT', data=sys.argv[1].encode(), headers={'content-type': 'application/json'}))"
    )
    for pod in pods(stage, revision):
        stage.kubectl("exec", pod, "--", "python", "-c", program, json.dumps(behaviour))


def selector(stage: Stage) -> Document:
    found: Document = stage.get("service", NAME)["spec"]["selector"]
    return found


def stable_pods_that_are_deleted_come_back(stage: Stage) -> None:
    serving(stage)
    stable = stage.status["stable"]["revision"]
    before = pods(stage, stable)
    stage.kubectl("delete", "pods", "-l", f"{REVISION}={stable}")
    stage.until("it serves again", lambda s: s["phase"] == "Healthy" and s["replicas"] == 2)
    assert not before & pods(stage, stable)
    assert stage.reasons() == ["Promoted", "ReleaseStarted", "StepPassed"]
    stage.apply(quota(stage) | {"spec": {"hard": {"pods": "0"}}})
    stage.kubectl("delete", "pods", "-l", f"{REVISION}={stable}")
    stage.until("it says why", lambda s: "exceeded quota" in s["message"])
    assert condition(stage, "Available")["reason"] == "TooFewPods"
    assert_documented("A serving version has no pods", quote(stage))
    stage.kubectl("delete", "resourcequota", "pods")
    # The ReplicaSet controller has backed off, for minutes, until the ReplicaSet changes.
    stage.kubectl("annotate", "replicaset", f"{NAME}-{stable}", "example.com/try=again")
    stage.until("it serves again", lambda s: s["phase"] == "Healthy")


def stable_pods_that_are_not_ready_hold_a_release_up(stage: Stage) -> None:
    serving(stage)
    stable = stage.status["stable"]["revision"]
    behave(stage, stable, ready=False)
    stage.until("it says so", lambda s: s["phase"] == "Degraded")
    assert_documented("A serving version is not ready", quote(stage))
    behave(stage, stable, ready=True)
    stage.until("it serves again", lambda s: s["phase"] == "Healthy")
    stage.declare("two", replicas=2, rollout=holding("20s"))
    stage.until_shared()
    behave(stage, stable, ready=False)
    stage.until("only the candidate answers", lambda s: s["weight"] == "100/50")
    time.sleep(25)
    assert REVISION not in selector(stage), "the split stays, as it is all that users have"
    assert stage.status["candidate"]["step"] == 1
    behave(stage, stable, ready=True)
    stage.until_promoted("two")


def a_candidate_that_turns_unready_loses_its_weight_and_soaks_anew(stage: Stage) -> None:
    serving(stage)
    with Recorder(stage) as recorder:
        stage.declare("two", replicas=2, rollout=holding("8s"))
        stage.until_shared()
        candidate = stage.status["candidate"]["revision"]
        (pod,) = pods(stage, candidate)
        behave(stage, candidate, ready=False)
        stage.until("it has no weight", lambda _: REVISION in selector(stage))
        assert stage.status["stable"]["version"] == "one"
        behave(stage, candidate, ready=True)
        stage.until_promoted("two", 180)
    moments = list(recorder.moments())
    split = [moment.is_split for moment in moments]
    openings = [after and not before for before, after in pairwise(split)]
    assert sum(openings) == 2
    events = stage.get("events.events.k8s.io")["items"]
    (passed,) = (event for event in events if "was held for" in event["note"])
    seen = next(moment.pods[pod] for moment in reversed(moments) if pod in moment.pods)
    ready = next(each for each in seen["status"]["conditions"] if each["type"] == "Ready")
    assert datetime.fromisoformat(passed["eventTime"]) - _moment(ready) >= HOLD


def _moment(condition: Document) -> datetime:
    return datetime.fromisoformat(condition["lastTransitionTime"])


def a_candidate_that_stays_unready_is_rolled_back(stage: Stage) -> None:
    sharing(stage)
    candidate = stage.status["candidate"]["revision"]
    stage.declare("two", replicas=2, rollout=STAYS | {"progressDeadline": "10s"})
    behave(stage, candidate, ready=False)
    stage.until_rolled_back("two")
    assert stage.status["failedRevision"]["reason"] == "Unready"
    assert_documented("A candidate turns unready", quote(stage))


STORIES: tuple[Story, ...] = (
    stable_pods_that_are_deleted_come_back,
    stable_pods_that_are_not_ready_hold_a_release_up,
    a_candidate_that_turns_unready_loses_its_weight_and_soaks_anew,
    a_candidate_that_stays_unready_is_rolled_back,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_pods_are_lost(told: Told, story: Story) -> None:
    told[story].result()
