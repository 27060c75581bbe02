"""A thousand resources as two releases leave them, without a thousand times two releases.

Two real releases of one resource leave a family of objects on the API server. The family is then
created again and again under other names: by ordinary requests, statuses included, and with owners
and labels that name the copies' own uids. Nobody else acts on them meanwhile.
"""

import asyncio
import json
from dataclasses import dataclass

from benchmarks.fleet import NAMESPACE, together
from modelward.cluster.documents import labels, uid
from modelward.cluster.kinds import (
    BENCHMARK_RUN,
    JOB,
    MODEL_DEPLOYMENT,
    POD,
    REPLICA_SET,
    SERVICE,
    Kind,
)
from modelward.writes import Document
from tests.apiserver.kube import Kube

_OWNERS_FIRST = (MODEL_DEPLOYMENT, REPLICA_SET, SERVICE, BENCHMARK_RUN, JOB, POD)
_SERVER_SETS = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")
_JOB_LABELS = ("controller-uid", "batch.kubernetes.io/controller-uid")


@dataclass(frozen=True)
class Family:
    """The objects of one ModelDeployment, owners first, as they were read."""

    name: str
    members: tuple[tuple[Kind, Document], ...]

    async def copy(self, kube: Kube, name: str) -> None:
        """Create the family under another name of the same length."""
        uids: dict[str, str] = {}
        for kind, original in self.members:
            text = json.dumps(_bare(kind, original)).replace(self.name, name)
            for old, new in uids.items():
                text = text.replace(old, new)
            body: Document = json.loads(text)
            created = await kube.create(kind, body)
            uids[uid(original)] = uid(created)
            if body.get("status"):
                status = {"status": body["status"]}
                await kube.patch(kind, NAMESPACE, created["metadata"]["name"], status, status=True)


async def family(kube: Kube, name: str) -> Family:
    """Read all objects of a ModelDeployment that lives alone in its namespace."""
    members = [
        (kind, document)
        for kind in _OWNERS_FIRST
        for document in await kube.list(kind, NAMESPACE)
        if kind is MODEL_DEPLOYMENT or labels(document).get("modelward.dev/managed") == "true"
        or kind is BENCHMARK_RUN
    ]  # fmt: skip
    return Family(name, tuple(members))


async def copies(kube: Kube, original: Family, numbers: range) -> None:
    """Make the family's copies with these numbers, a few at a time."""
    await together(original.copy(kube, f"c{number:04}") for number in numbers)
    await asyncio.sleep(1)


def _bare(kind: Kind, original: Document) -> Document:
    """Return the object as it can be created: without what the API server sets itself."""
    document: Document = json.loads(json.dumps(original))
    for member in _SERVER_SETS:
        document["metadata"].pop(member, None)
    spec = document["spec"]
    if kind is SERVICE:
        for member in ("clusterIP", "clusterIPs"):
            spec.pop(member, None)
    if kind is JOB:
        spec.pop("selector", None)
        for label in _JOB_LABELS:
            spec["template"]["metadata"]["labels"].pop(label, None)
            document["metadata"]["labels"].pop(label, None)
    if kind is MODEL_DEPLOYMENT:
        _of_generation_one(document["status"])
    return document


def _of_generation_one(status: Document) -> None:
    status["observedGeneration"] = 1
    for condition in status["conditions"]:
        condition["observedGeneration"] = 1
