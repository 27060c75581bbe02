"""A deployment on a real API server with played controllers, and what becomes of it."""

from typing import Any

from modelward.cluster.events import REPORTER
from modelward.cluster.kinds import (
    BENCHMARK_RUN,
    EVENT,
    JOB,
    MODEL_DEPLOYMENT,
    POD,
    REPLICA_SET,
    SERVICE,
)
from modelward.writes import Document
from tests.apiserver.controllers import Controllers
from tests.apiserver.kube import Kube
from tests.apiserver.measured import exam
from tests.apiserver.samples import make_deployment, serving
from tests.apiserver.waiting import until
from tests.holdings import held

KINDS = (MODEL_DEPLOYMENT, REPLICA_SET, SERVICE, BENCHMARK_RUN, JOB, POD)

QUICK = {"steps": [{"benchmark": {"upTo": "5m"}}, {"weight": 50, "upTo": "5m"}], "drainDelay": "0s"}


async def announced(kube: Kube, namespace: str) -> list[Document]:
    """Return the operator's Events; the API server has some of its own, of a Service's address."""
    events = await kube.list(EVENT, namespace)
    return [event for event in events if event["reportingController"] == REPORTER]


class Story:
    """A deployment, by default called fraud, and what becomes of it."""

    def __init__(self, kube: Kube, namespace: str, name: str = "fraud") -> None:
        self.kube, self.namespace, self.name = kube, namespace, name

    async def now(self) -> Document:
        found = await self.kube.get(MODEL_DEPLOYMENT, self.namespace, self.name)
        assert found is not None
        return found

    async def serve(self, tag: str) -> None:
        change = {"spec": {"model": {"version": tag}, "serving": serving(tag)}}
        await self.kube.patch(MODEL_DEPLOYMENT, self.namespace, self.name, change)

    async def until(self, phase: str) -> Document:
        """Wait until the present spec is in this phase; return the deployment."""

        async def reached() -> Document | None:
            now = await self.now()
            current = now["status"]["observedGeneration"] == now["metadata"]["generation"]
            return now if current and now["status"].get("phase") == phase else None

        return await until(reached, f"phase {phase}", seconds=600)

    async def selected(self) -> str:
        """The revision that users reach."""
        root = await self.kube.get(SERVICE, self.namespace, self.name)
        assert root is not None
        return str(root["spec"]["selector"].get("modelward.dev/revision", "both"))

    async def pods(self, revision: str) -> set[str]:
        found = await self.kube.list(POD, self.namespace, f"modelward.dev/revision={revision}")
        return {str(pod["metadata"]["uid"]) for pod in found}

    async def reasons(self) -> list[str]:
        return sorted(event["reason"] for event in await announced(self.kube, self.namespace))

    async def holdings(self) -> dict[str, Any]:
        """What there is, in words that are the same whenever the story is told."""
        items = [
            {"kind": kind.name, **item}
            for kind in KINDS
            for item in await self.kube.list(kind, self.namespace)
        ]
        return held(self.namespace, items, await self.kube.list(EVENT, self.namespace))


async def two_promoted_and_one_rolled_back(
    kube: Kube, namespace: str, controllers: Controllers
) -> Story:
    """Release three versions, the last one a bad one; return the story, which may go on."""
    controllers.ending = exam(lambda _: 95)
    await make_deployment(kube, namespace, replicas=2, rollout=QUICK)
    story = Story(kube, namespace)
    await story.until("Healthy")
    await story.serve("2")
    await story.until("Healthy")
    controllers.ending = exam(lambda _: 91)
    await story.serve("3")
    await story.until("Degraded")
    return story
