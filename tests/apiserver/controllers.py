"""Plays the controllers and the kubelet on a control plane that has neither.

Pods of ReplicaSets and Jobs are created, said to be ready or to have ended, and counted in the
statuses of their owners; what has lost its owner is deleted. Only one namespace is played, by
looking at it again and again, so a test sees the same orders of events as on a slow cluster.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from modelward.cluster import clock
from modelward.cluster.documents import condition, controller, terminating, uid
from modelward.cluster.kinds import BENCHMARK_RUN, JOB, POD, REPLICA_SET, SERVICE, Kind
from modelward.writes import Document
from tests.apiserver.kube import Kube, KubeError

DEPENDENTS = (REPLICA_SET, SERVICE, BENCHMARK_RUN, JOB, POD)


@dataclass(frozen=True)
class Ending:
    """How a Job's container ends."""

    exit_code: int
    message: str
    """Its termination message."""


@dataclass
class Controllers:
    """Say by `ready` which serving pods are ready, and by `ending` how a Job's pod ends."""

    kube: Kube
    namespace: str
    ready: Callable[[Document], bool] = field(default=lambda _: True)
    """Of a serving pod; may change its answer at any time."""
    ending: Callable[[Document], Ending | None] = field(default=lambda _: None)
    """Of a Job; None while its pod runs."""

    async def play(self, interval: float = 0.03) -> None:
        """Play until cancelled."""
        while True:
            await self.step()
            await asyncio.sleep(interval)

    async def step(self) -> None:
        """Look at everything once and do what is due."""
        try:
            found = {kind: await self.kube.list(kind, self.namespace) for kind in DEPENDENTS}
            await self._collect_garbage(found)
            for replica_set in found[REPLICA_SET]:
                await self._replica_set(replica_set, _owned(found[POD], replica_set))
            for job in found[JOB]:
                await self._job(job, _owned(found[POD], job))
        except KubeError as error:
            # Something changed between the look and the write.
            if error.status not in (404, 409):
                raise

    async def _replica_set(self, document: Document, pods: list[Document]) -> None:
        wanted = document["spec"]["replicas"]
        for number in range(wanted - len(pods)):
            await self._make_pod(document, number)
        for pod in pods[wanted:]:
            await self.kube.delete(POD, self.namespace, pod["metadata"]["name"])
        for pod in pods[:wanted]:
            await self._set(POD, pod, _serving(pod, ready=self.ready(pod)))
        ready = sum(_is_ready(pod) for pod in pods)
        counts = {"replicas": len(pods), "readyReplicas": ready, "availableReplicas": ready}
        generation = document["metadata"]["generation"]
        await self._set(REPLICA_SET, document, {**counts, "observedGeneration": generation})

    async def _job(self, document: Document, pods: list[Document]) -> None:
        if condition(document, "Complete") or condition(document, "Failed"):
            return
        if not pods:
            await self._make_pod(document, 0)
            await self._set(JOB, document, {"active": 1, "startTime": _now()})
            return
        ending = self.ending(document)
        if ending is None or not document["status"].get("startTime"):
            return
        await self._set(POD, pods[0], _ended(pods[0], ending))
        await self._set(JOB, document, _finished(document, ending))

    async def _make_pod(self, owner: Document, number: int) -> None:
        template, metadata = owner["spec"]["template"], owner["metadata"]
        kind = REPLICA_SET if "replicas" in owner["spec"] else JOB
        reference = {
            "apiVersion": kind.api_version,
            "kind": kind.name,
            "name": metadata["name"],
            "uid": metadata["uid"],
            "controller": True,
        }
        made = template["metadata"] | {
            "namespace": self.namespace,
            "generateName": f"{metadata['name']}-",
            "ownerReferences": [reference],
        }
        made.pop("creationTimestamp", None)
        await self.kube.create(POD, {"metadata": made, "spec": template["spec"]})

    async def _set(self, kind: Kind, document: Document, status: dict[str, Any]) -> None:
        """Write the status where it differs."""
        before = document.get("status") or {}
        if any(before.get(key) != value for key, value in status.items()):
            name = document["metadata"]["name"]
            await self.kube.patch(kind, self.namespace, name, {"status": status}, status=True)

    async def _collect_garbage(self, found: Mapping[Kind, list[Document]]) -> None:
        """Delete what has lost its controller."""
        living = {uid(each) for documents in found.values() for each in documents}
        for kind, documents in found.items():
            for document in documents:
                owner = controller(document)
                if owner and owner not in living and not await self._exists(document):
                    await self.kube.delete(kind, self.namespace, document["metadata"]["name"])

    async def _exists(self, document: Document) -> bool:
        """Whether what controls this still exists, as the API server has it now.

        It may have been made after its kind was listed, and this before its own was.
        """
        (owner,) = (o for o in document["metadata"]["ownerReferences"] if o.get("controller"))
        group, _, version = owner["apiVersion"].rpartition("/")
        kind = Kind(group, version, owner["kind"], owner["kind"].lower() + "s")
        current = await self.kube.get(kind, self.namespace, owner["name"])
        return current is not None and uid(current) == owner["uid"]


@asynccontextmanager
async def playing(controllers: Controllers) -> AsyncIterator[Controllers]:
    """Play meanwhile; an error of theirs is raised at the end."""
    task = asyncio.create_task(controllers.play())
    try:
        yield controllers
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _owned(pods: list[Document], owner: Document) -> list[Document]:
    mine = [pod for pod in pods if controller(pod) == uid(owner) and not terminating(pod)]
    return sorted(mine, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))


def _is_ready(pod: Document) -> bool:
    return condition(pod, "Ready").get("status") == "True"


def _now() -> str:
    return clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def _serving(pod: Document, *, ready: bool) -> dict[str, Any]:
    """The status of a serving pod; times stay while readiness does."""
    if _is_ready(pod) == ready and condition(pod, "Ready"):
        return {}
    since = _now()
    running = condition(pod, "Ready") or ready
    container = {
        "name": pod["spec"]["containers"][0]["name"],
        "image": pod["spec"]["containers"][0]["image"],
        "imageID": "sha256:" + "0" * 64,
        "ready": ready,
        "restartCount": 0,
        "state": {"running": {"startedAt": since}} if running else {"waiting": {}},
    }
    return {
        "phase": "Running",
        "conditions": [
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": since},
            {"type": "Ready", "status": str(ready), "lastTransitionTime": since},
        ],
        "containerStatuses": [container],
    }


def _ended(pod: Document, ending: Ending) -> dict[str, Any]:
    now = _now()
    terminated = {
        "exitCode": ending.exit_code,
        "reason": "Completed" if ending.exit_code == 0 else "Error",
        "message": ending.message,
        "startedAt": now,
        "finishedAt": now,
    }
    first = pod["spec"]["containers"][0]
    container = {
        "name": first["name"],
        "image": first["image"],
        "imageID": "sha256:" + "0" * 64,
        "ready": False,
        "restartCount": 0,
        "state": {"terminated": terminated},
    }
    phase = "Succeeded" if ending.exit_code == 0 else "Failed"
    return {"phase": phase, "containerStatuses": [container]}


def _finished(job: Document, ending: Ending) -> dict[str, Any]:
    """The status of a finished Job, with the conditions in the order that the API demands."""
    now = _now()
    good = ending.exit_code == 0
    types = ("SuccessCriteriaMet", "Complete") if good else ("FailureTarget", "Failed")
    reason = "CompletionsReached" if good else "BackoffLimitExceeded"
    status: dict[str, Any] = {
        "active": 0,
        "succeeded" if good else "failed": 1,
        "conditions": [
            {"type": each, "status": "True", "reason": reason, "lastTransitionTime": now}
            for each in types
        ],
    }
    if good:
        status["completionTime"] = now
    return {"startTime": job["status"].get("startTime"), **status}
