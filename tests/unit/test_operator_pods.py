"""Reading a pod's status as kubelet and scheduler write it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from modelward.cluster.observe.pods import problem, read_pod
from modelward.writes import Document


def pod(status: dict[str, Any] | None = None, **metadata: Any) -> Document:  # noqa: ANN401
    return {
        "metadata": {
            "name": "fraud-x-1",
            "creationTimestamp": "2026-11-23T12:00:00Z",
            **metadata,
        },
        "spec": {"containers": [{"name": "model"}, {"name": "agent"}]},
        "status": status or {},
    }


def container(name: str, **state: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"name": name, "state": state, "imageID": f"registry.example/{name}@sha256:{name}"}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {
        "containerStatuses": [container("model", waiting={"reason": reason, "message": message})]
    }


READY = {
    "conditions": [
        {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-23T12:00:09Z"}
    ],
    "containerStatuses": [
        container("agent", running={"startedAt": "2026-11-23T12:00:04Z"}),
        container("model", running={"startedAt": "2026-11-23T12:00:02Z"}),
    ],
}


def test_a_ready_pod_tells_since_when_and_what_it_runs() -> None:
    read = read_pod(pod(READY))
    assert read.ready
    assert read.ready_since == datetime(2026, 11, 23, 12, 0, 9, tzinfo=UTC)
    assert read.started == datetime(2026, 11, 23, 12, 0, 4, tzinfo=UTC)
    assert read.image_digest == "registry.example/model@sha256:model"
    assert read.problem is None
    assert not read.terminating


def lapsing(since: str, **states: dict[str, Any]) -> dict[str, Any]:
    """The status of a pod that isn't ready since this second, its container in these states."""
    ready = {"type": "Ready", "status": "False", "lastTransitionTime": f"2026-11-23T12:00:{since}Z"}
    return {"conditions": [ready], "containerStatuses": [{"name": "model", **states}]}


def at(second: str, kind: str = "running") -> dict[str, Any]:
    return {kind: {"startedAt": f"2026-11-23T12:00:{second}Z"}}


@pytest.mark.parametrize(
    ("told", "status", "lapsed"),
    [
        ("a pod without a status", {}, False),
        ("a ready pod", READY, False),
        ("one that was never ready", lapsing("01", state=at("02")), False),
        ("one whose probe fails by now", lapsing("30", state=at("02")), True),
        ("one that waits for its first start", lapsing("01", state={"waiting": {}}), False),
        (
            "one that crashed after it was ready",
            lapsing("30", state={"waiting": {}}, lastState=at("02", "terminated")),
            True,
        ),
        (
            "one that crashed after it was ready, and runs again",
            lapsing("30", state=at("40"), lastState=at("02", "terminated")),
            True,
        ),
        (
            "one that crashes and was never ready",
            lapsing("01", state=at("40"), lastState=at("02", "terminated")),
            False,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_pod_lapsed_when_it_was_ready_and_is_not_now(
    told: str, status: dict[str, Any], lapsed: bool
) -> None:
    assert read_pod(pod(status)).lapsed == lapsed, told


def test_a_pod_that_has_no_status_yet_is_simply_not_ready() -> None:
    read = read_pod(pod())
    assert (read.ready, read.ready_since, read.started, read.problem) == (False, None, None, None)


def test_a_pod_that_is_being_deleted_says_so() -> None:
    assert read_pod(pod(READY, deletionTimestamp="2026-11-23T12:01:00Z")).terminating


@pytest.mark.parametrize(
    ("status", "reason", "in_message"),
    [
        (
            waiting("ImagePullBackOff", 'Back-off pulling image "example.com/x"'),
            "ImagePullBackOff",
            'container model: Back-off pulling image "example.com/x"',
        ),
        (
            waiting("CreateContainerConfigError", 'secret "key" not found'),
            "CreateContainerConfigError",
            'secret "key" not found',
        ),
        (
            {
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/3 nodes are available: 3 Insufficient cpu.",
                    }
                ]
            },
            "Unschedulable",
            "Insufficient cpu",
        ),
        (
            {
                "containerStatuses": [
                    {
                        "name": "model",
                        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
                        "lastState": {
                            "terminated": {"exitCode": 137, "reason": "OOMKilled", "message": ""}
                        },
                    }
                ]
            },
            "CrashLoopBackOff",
            "container model ended with exit code 137 (OOMKilled)",
        ),
        (
            {
                "containerStatuses": [
                    container(
                        "model",
                        terminated={"exitCode": 1, "reason": "Error", "message": "no such model\n"},
                    )
                ]
            },
            "Error",
            "container model ended with exit code 1: no such model",
        ),
        (
            {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory."},
            "Evicted",
            "low on memory",
        ),
        (
            {
                "conditions": [{"type": "PodReadyToStartContainers", "status": "False"}],
                **waiting("ContainerCreating"),
            },
            "VolumeNotMounted",
            "kubectl describe pod",
        ),
        (
            {
                "conditions": [{"type": "PodReadyToStartContainers", "status": "True"}],
                **waiting("ContainerCreating"),
            },
            "ContainerCreating",
            "its image is not pulled yet",
        ),
        (
            {
                "initContainerStatuses": [container("fetch", waiting={"reason": "ErrImagePull"})],
                **waiting("PodInitializing"),
            },
            "ErrImagePull",
            "container fetch: ErrImagePull",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_keeps_containers_from_running_is_named(
    status: dict[str, Any], reason: str, in_message: str
) -> None:
    found = problem(pod(status))
    assert found is not None
    assert found.reason == reason
    assert in_message in found.message


@pytest.mark.parametrize(
    "status",
    [
        {},
        READY,
        waiting("PodInitializing"),
        {"containerStatuses": [container("model", terminated={"exitCode": 0})]},
        {"conditions": [{"type": "PodScheduled", "status": "True"}]},
    ],
)
def test_the_ordinary_course_of_things_is_no_problem(status: dict[str, Any]) -> None:
    assert problem(pod(status)) is None
