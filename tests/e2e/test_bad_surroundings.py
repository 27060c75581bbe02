"""What a release stands on gives way: names, data sets, benchmark pods, the API server."""

import json
import time
from collections.abc import Callable, Collection

import pytest

from tests.e2e.handbook import assert_documented, quote
from tests.e2e.server.behaviour import golden_rows
from tests.e2e.stage import NAME, PORT, Document, Stage

pytestmark = [pytest.mark.e2e, pytest.mark.disturbance]

LOADED: list[Document] = [
    {"name": "errors", "benchmark": {"metric": "errorRate"}, "objective": {"atMost": "5%"}},
]
"""A gate that takes some seconds."""


COMPARED: list[Document] = [
    {
        "name": name,
        "benchmark": {"dataset": "golden", "metric": "accuracy"} | where,
        "objective": objective,
    }
    for name, where, objective in (
        ("accuracy", {}, {"atLeast": "92%"}),
        ("accuracy-vs-stable", {"baseline": "copy"}, {"versus": "stable", "worseByAtMost": "1pp"}),
    )
]
"""Gates of which one asks a closed copy of stable."""


def foreign_service() -> Document:
    spec = {"selector": {"app": "fraud-by-hand"}, "ports": [{"name": "http", "port": PORT}]}
    metadata = {"name": NAME}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def rows(content: str) -> Document:
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "golden"}}
    return document | {"data": {"rows.jsonl": content}}


def stalled(reason: str) -> Callable[[Document], bool]:
    """Return a condition on status: a person is asked to do something, for this reason."""

    def told(status: Document) -> bool:
        found = (c for c in status.get("conditions", []) if c["type"] == "Stalled")
        return any(c["reason"] == reason for c in found)

    return told


@pytest.mark.usefixtures("impatient")
def test_a_service_of_the_same_name_is_left_alone_until_it_is_handed_over(stage: Stage) -> None:
    stage.apply(foreign_service())
    before = stage.get("service", NAME)
    stage.declare("one")
    stage.until("it says NameTaken", stalled("NameTaken"))
    assert_documented("Something else has the name", quote(stage))
    assert stage.get("service", NAME) == before
    message = stage.status["message"]
    patch = json.loads(message.partition(" -p '")[2].partition("'")[0])
    stage.kubectl("patch", "service", NAME, "-p", json.dumps(patch))
    stage.until_promoted("one", 180)
    assert stage.get("service", NAME)["metadata"]["uid"] == before["metadata"]["uid"]


def test_a_data_set_that_is_missing_or_malformed_is_told_and_picked_up_when_mended(
    stage: Stage,
) -> None:
    stage.kubectl("delete", "configmap", "golden")
    stage.declare("one")
    stage.until("it says so", stalled("DatasetInvalid"))
    assert_documented("A data set is missing", quote(stage))
    broken = golden_rows("http").splitlines()
    broken[6] = broken[6][:-1]
    stage.apply(rows("\n".join(broken)))
    stage.until("it names the line", lambda s: "line 7" in s.get("message", ""))
    assert_documented("A data set is malformed", quote(stage))
    assert stage.get("replicasets")["items"] == []
    stage.apply(rows(golden_rows("http")))
    stage.until_promoted("one")


def room_for_two(stage: Stage) -> None:
    """Let the namespace have the pods of stable and of the candidate, and no third one."""
    quota: Document = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "pods"}}
    stage.apply(quota | {"spec": {"hard": {"pods": "2"}}})


def test_a_quota_that_leaves_the_benchmark_no_pod_is_told_and_held_against_nobody(
    stage: Stage,
) -> None:
    stage.declare("one")
    stage.until_promoted("one")
    room_for_two(stage)
    stage.declare("two")
    stage.until("it says so", lambda s: "gets no pod" in s.get("message", ""))
    assert_documented("A quota leaves the benchmark no pod", quote(stage))
    assert stage.status["candidate"]["version"] == "two"
    stage.kubectl("delete", "resourcequota", "pods")
    stage.until_promoted("two", 240)
    assert stage.history() == [("one", "Promoted"), ("two", "Promoted")]


def test_a_quota_that_leaves_no_room_for_the_copy_of_stable_is_held_against_nobody(
    stage: Stage,
) -> None:
    stage.declare("one")
    stage.until_promoted("one")
    room_for_two(stage)
    stage.declare("two", kpis=COMPARED)
    stage.until("it waits for a person", lambda s: s.get("phase") == "Paused")
    (ready,) = (c for c in stage.status["conditions"] if c["type"] == "Ready")
    assert (ready["status"], ready["reason"]) == ("Unknown", "Inconclusive")
    candidate = stage.get("replicasets", f"{NAME}-{stage.status['candidate']['revision']}")
    assert candidate["metadata"]["annotations"]["modelward.dev/reason"] == "CopyNotReady"
    assert_documented("The copy of stable gets no pod", quote(stage))
    assert stage.get("brun")["items"][1:] == []
    stage.wait(
        "nothing of the copy is left",
        lambda: not stage.get("replicasets,services,pods", "-l", "modelward.dev/copy")["items"],
    )
    stage.kubectl("delete", "resourcequota", "pods")
    stage.verb("retry")
    stage.until_promoted("two")
    assert stage.history() == [("one", "Promoted"), ("two", "Promoted")]


def measuring(stage: Stage, but: Collection[str] = ()) -> str:
    """Wait until a benchmark pod runs that is none of these, and return its name."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        for pod in stage.get("pods", "-l", "modelward.dev/run")["items"]:
            name = str(pod["metadata"]["name"])
            if pod["status"]["phase"] == "Running" and name not in but:
                return name
        time.sleep(0.2)
    raise AssertionError("no benchmark pod runs")


def test_a_benchmark_pod_that_is_deleted_is_followed_by_another_attempt(stage: Stage) -> None:
    stage.declare("one", kpis=[*LOADED])
    pod = measuring(stage)
    stage.kubectl("delete", "pod", pod, "--grace-period=1", "--wait=false")
    stage.until_promoted("one", 180)
    (run,) = stage.get("brun")["items"]
    outcomes = [attempt["outcome"] for attempt in run["status"]["attempts"]]
    assert outcomes == ["Infrastructure", "Accepted"]
    assert len(stage.get("jobs")["items"]) == 2
    assert stage.history() == [("one", "Promoted")]


def test_an_api_server_that_is_gone_for_a_while_holds_a_release_up_and_no_more(
    stage: Stage,
) -> None:
    cluster = stage.cluster
    stage.declare("one", replicas=2)
    stage.until_promoted("one")
    steps = [{"benchmark": {"upTo": "5m"}}, {"weight": 50, "for": "3s", "upTo": "5m"}]
    rollout: Document = {"steps": steps, "progressDeadline": "2m"}
    stage.declare("two", replicas=2, kpis=LOADED, rollout=rollout)
    measuring(stage)
    with cluster.without("kube-apiserver"):
        time.sleep(10)  # longer than the measuring takes
    cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s")
    stage.until_promoted("two", 240)
    assert stage.history() == [("one", "Promoted"), ("two", "Promoted")]
    assert len(stage.get("brun")["items"]) == 2
    assert stage.reasons() == sorted(
        [*["ReleaseStarted"] * 2, *["StepPassed"] * 3, *["Promoted"] * 2]
    )
