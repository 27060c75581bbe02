"""Reading a pod's status: is it ready, since when, and if not, what the cluster says about it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from modelward.cluster.documents import condition, moment, terminating
from modelward.release.snapshot import Pod
from modelward.writes import Document

RUNNING, ENDED = ("state", "running"), ("state", "terminated")
ENDED_BEFORE = ("lastState", "terminated")


class Problem(NamedTuple):
    """Why a pod's containers don't run."""

    reason: str
    message: str


def read_pod(document: Document) -> Pod:
    """Return what a release needs to know about a serving pod."""
    metadata, ready = document["metadata"], condition(document, "Ready")
    found = problem(document)
    created = moment(metadata["creationTimestamp"])
    assert created is not None
    return Pod(
        name=metadata["name"],
        created=created,
        ready=ready.get("status") == "True",
        terminating=terminating(document),
        ended=(document.get("status") or {}).get("phase") in ("Failed", "Succeeded"),
        ready_since=moment(ready.get("lastTransitionTime")),
        started=max(_starts(document, RUNNING), default=None),
        first_started=min(_starts(document, RUNNING, ENDED, ENDED_BEFORE), default=None),
        problem=found.reason if found else None,
        problem_message=found.message if found else "",
        image_digest=_image_digest(document),
    )


def problem(document: Document) -> Problem | None:
    """Name what keeps the containers from running, in the kubelet's or scheduler's own words."""
    status = document.get("status") or {}
    if status.get("phase") == "Failed" and status.get("reason"):
        return Problem(status["reason"], status.get("message") or "")
    scheduled = condition(document, "PodScheduled")
    if scheduled.get("status") == "False":
        return Problem(scheduled.get("reason") or "Unschedulable", scheduled.get("message") or "")
    found = (_container_problem(document, container) for container in _statuses(document))
    return next((each for each in found if each), None)


def _container_problem(document: Document, container: dict[str, Any]) -> Problem | None:
    name, state = container["name"], container.get("state") or {}
    waiting, terminated = state.get("waiting"), state.get("terminated")
    if terminated and terminated.get("exitCode"):
        return Problem(terminated.get("reason") or "Error", _how_it_ended(name, terminated))
    if not waiting or waiting.get("reason") == "PodInitializing":
        return None
    if waiting.get("reason") == "ContainerCreating":
        return _not_created(document, name)
    last = (container.get("lastState") or {}).get("terminated")
    if waiting.get("reason") == "CrashLoopBackOff" and last:
        # "back-off 5m0s restarting failed container" says less than how it failed.
        return Problem("CrashLoopBackOff", _how_it_ended(name, last))
    message = f"container {name}: {waiting.get('message') or waiting.get('reason')}"
    return Problem(waiting.get("reason") or "Waiting", message)


def _not_created(document: Document, name: str) -> Problem:
    """Tell the two halves of ContainerCreating apart: before the sandbox is up, and after."""
    sandbox = condition(document, "PodReadyToStartContainers")
    if sandbox and sandbox.get("status") != "True":
        message = "its volumes or its network are not set up; kubectl describe pod tells why"
        return Problem("VolumeNotMounted", message)
    return Problem("ContainerCreating", f"container {name}: its image is not pulled yet")


def _how_it_ended(name: str, terminated: dict[str, Any]) -> str:
    text = f"container {name} ended with exit code {terminated.get('exitCode')}"
    if terminated.get("reason") not in (None, "Error", "Completed"):
        text += f" ({terminated['reason']})"
    if terminated.get("message"):
        text += f": {terminated['message'].strip()[-300:]}"
    return text


def _statuses(document: Document) -> Iterator[dict[str, Any]]:
    """Init containers first: while one of them fails, the others have nothing to tell."""
    status = document.get("status") or {}
    yield from status.get("initContainerStatuses") or ()
    yield from status.get("containerStatuses") or ()


def _starts(document: Document, *states: tuple[str, str]) -> list[datetime]:
    """Return when containers started whose state, or last state, is one of these."""
    containers = (document.get("status") or {}).get("containerStatuses") or ()
    found = [(each.get(life) or {}).get(kind) or {} for each in containers for life, kind in states]
    return [start for state in found if (start := moment(state.get("startedAt")))]


def _image_digest(document: Document) -> str | None:
    """Return the imageID of the first container; the kubelet sorts their statuses by name."""
    containers = (document.get("spec") or {}).get("containers") or ()
    serving = containers[0]["name"] if containers else None
    for container in (document.get("status") or {}).get("containerStatuses") or ():
        if container["name"] == serving:
            return container.get("imageID") or None
    return None
