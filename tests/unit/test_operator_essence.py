"""What is kept of an object: all that decisions see of it, and nothing that would wake them."""

import copy
from typing import Any

import pytest

from modelward.cluster.documents import Key
from modelward.cluster.essence import JOB_UID_LABEL, essence
from modelward.cluster.kinds import JOB, MODEL_DEPLOYMENT, POD, REPLICA_SET, SERVICE, Kind
from modelward.cluster.observe.pods import read_pod
from modelward.cluster.observe.runs import read_run_pod
from modelward.cluster.store import Store
from modelward.writes import Document

SINCE = "2026-11-23T12:00:00Z"


def an_object(kind: Kind, **parts: Any) -> Document:  # noqa: ANN401
    """An object of fraud, as an API server sends it."""
    metadata = {
        "name": "fraud-x-1",
        "namespace": "ml",
        "uid": "uid-1",
        "resourceVersion": "7",
        "creationTimestamp": SINCE,
        "labels": {"modelward.dev/name": "fraud", "team": "risk"},
        "annotations": {"modelward.dev/role": "stable", "kubectl.kubernetes.io/last-applied": "{}"},
        "ownerReferences": [{"uid": "uid-rs", "controller": True, "name": "fraud-x", "kind": "R"}],
        "managedFields": [{"manager": "kubelet"}],
    }
    return {"kind": kind.name, "metadata": metadata | parts.pop("metadata", {}), **parts}


def a_pod(**metadata: Any) -> Document:  # noqa: ANN401
    ready = {"type": "Ready", "status": "False", "lastTransitionTime": SINCE}
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
    ended = {"terminated": {"exitCode": 3, "reason": "Error", "message": "no model"}}
    container = {"name": "server", "imageID": "sha256:1", "state": waiting, "lastState": ended}
    return an_object(
        POD,
        metadata=metadata,
        spec={"nodeName": "a", "containers": [{"name": "server", "image": "fraud:1"}]},
        status={
            "phase": "Running",
            "podIP": "198.18.0.7",
            "conditions": [ready, {"type": "Initialized", "status": "True"}],
            "containerStatuses": [{**container, "restartCount": 5}],
        },
    )


def test_a_serving_pod_reads_the_same_from_what_is_kept() -> None:
    whole = a_pod()
    assert read_pod(essence(POD, whole)) == read_pod(whole)
    assert read_pod(whole).problem == "CrashLoopBackOff"


def test_a_benchmark_pod_keeps_the_spec_that_is_compared_with_its_job() -> None:
    for mark in ({"modelward.dev/run": "fraud-x-1"}, {JOB_UID_LABEL: "uid-job"}):
        whole = a_pod(labels=mark, annotations={"modelward.dev/plan": "{}"})
        assert read_run_pod(essence(POD, whole)) == read_run_pod(whole)


def changed(document: Document, *path: str, to: object) -> Document:
    """A later state of the object, with one member changed."""
    result = copy.deepcopy(document)
    part = result
    for name in path[:-1]:
        part = part.setdefault(name, {})
    part[path[-1]] = to
    result["metadata"]["resourceVersion"] = "8"
    return result


REPLICAS = an_object(REPLICA_SET, spec={"replicas": 2, "template": {}}, status={"replicas": 2})
CALLERS = an_object(SERVICE, spec={"selector": {"a": "b"}, "clusterIP": "198.18.4.4"})
ATTEMPT = an_object(JOB, spec={"template": {}}, status={"active": 1})


@pytest.mark.parametrize(
    ("kind", "known", "told"),
    [
        (POD, a_pod(), changed(a_pod(), "status", "podIP", to="198.18.0.8")),
        (POD, a_pod(), changed(a_pod(), "metadata", "labels", "team", to="fraud")),
        (REPLICA_SET, REPLICAS, changed(REPLICAS, "status", "readyReplicas", to=1)),
        (REPLICA_SET, REPLICAS, changed(REPLICAS, "metadata", "managedFields", to=[])),
        (SERVICE, CALLERS, changed(CALLERS, "spec", "sessionAffinity", to="None")),
        (JOB, ATTEMPT, changed(ATTEMPT, "status", "ready", to=1)),
    ],
)
def test_what_no_decision_reads_wakes_nobody(kind: Kind, known: Document, told: Document) -> None:
    woken = list[Key]()
    store = Store(woken.append)
    store.learn(kind, known)
    woken.clear()
    store.learn(kind, told)
    assert woken == []
    assert store.by_uid(kind, "uid-1")["metadata"]["resourceVersion"] == "8"


@pytest.mark.parametrize(
    ("kind", "known", "told"),
    [
        (POD, a_pod(), changed(a_pod(), "status", "phase", to="Failed")),
        (POD, a_pod(), changed(a_pod(), "metadata", "deletionTimestamp", to=SINCE)),
        (REPLICA_SET, REPLICAS, changed(REPLICAS, "status", "replicas", to=1)),
        (
            REPLICA_SET,
            REPLICAS,
            changed(REPLICAS, "metadata", "annotations", "modelward.dev/role", to="failed"),
        ),
        (SERVICE, CALLERS, changed(CALLERS, "spec", "selector", to={})),
        (JOB, ATTEMPT, changed(ATTEMPT, "status", "active", to=0)),
    ],
)
def test_news_wake_whom_they_concern_and_their_echo_wakes_nobody(
    kind: Kind, known: Document, told: Document
) -> None:
    woken = list[Key]()
    store = Store(woken.append)
    store.learn(kind, known)
    woken.clear()
    store.learn(kind, told)
    assert set(woken) == {Key(MODEL_DEPLOYMENT.name, "ml", "fraud")}
    woken.clear()
    store.learn(kind, told)
    assert woken == []
    store.forget(kind, "uid-1")
    assert set(woken) == {Key(MODEL_DEPLOYMENT.name, "ml", "fraud")}
