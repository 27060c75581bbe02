"""The scale subresource, as kubectl and autoscalers use it, and verbs that find nothing to do."""

from collections.abc import Callable

import pytest

from modelward.cluster.kinds import EVENT, JOB, MODEL_DEPLOYMENT, POD
from modelward.writes import Document
from tests.apiserver.controllers import Controllers
from tests.apiserver.kube import Kube, KubeError
from tests.apiserver.measured import exam
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import make_deployment, serving
from tests.apiserver.waiting import until

pytestmark = pytest.mark.apiserver

Start = Callable[..., OperatorProcess]
NAME = "fraud"
STAYS = {
    "steps": [{"benchmark": {"upTo": "5m"}}, {"weight": 50, "for": "1h"}],
    "drainDelay": "0s",
}


class Scaled:
    """A deployment that is seen through its scale subresource."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self.kube, self.namespace = kube, namespace
        self.path = f"{MODEL_DEPLOYMENT.path(namespace, NAME)}/scale"

    async def scale(self) -> Document:
        return await self.kube.send("GET", self.path)

    async def set(self, replicas: int, seen: Document) -> Document:
        """Write a size as an autoscaler does: with the version that it has seen."""
        return await self.kube.send("PUT", self.path, seen | {"spec": {"replicas": replicas}})

    async def resize(self, replicas: int) -> Document:
        """Set a size as an autoscaler does, which looks again where something changed meanwhile."""

        async def sent() -> Document | None:
            seen = await self.scale()
            try:
                await self.set(replicas, seen)
            except KubeError as error:
                if error.status != 409:
                    raise
                return None
            return seen

        return await until(sent, f"{replicas} to be taken")

    async def status(self) -> Document:
        now = await self.kube.get(MODEL_DEPLOYMENT, self.namespace, NAME)
        assert now is not None
        current = now["status"]["observedGeneration"] == now["metadata"]["generation"]
        status: Document = now["status"] if current else {}
        return status

    async def until(self, **members: object) -> Document:
        """Wait until the status of the present spec has these members."""

        async def reached() -> Document | None:
            status = await self.status()
            return status if status and members.items() <= status.items() else None

        return await until(reached, str(members), seconds=180)

    async def selected(self) -> list[Document]:
        selector = (await self.scale())["status"]["selector"]
        return await self.kube.list(POD, self.namespace, selector)

    async def notes(self, reason: str) -> list[str]:
        events = await self.kube.list(EVENT, self.namespace)
        return [event["note"] for event in events if event["reason"] == reason]


@pytest.fixture
async def scaled(kube: Kube, namespace: str, controllers: Controllers) -> Scaled:
    controllers.ending = exam(lambda _: 95)
    await make_deployment(kube, namespace, replicas=2, rollout=STAYS)
    return Scaled(kube, namespace)


async def test_scale_shows_what_serves_and_takes_a_size_only_from_who_saw_the_last_one(
    scaled: Scaled, start_operator: Start
) -> None:
    start_operator()
    await scaled.until(phase="Healthy")
    seen = await scaled.scale()
    assert seen["spec"]["replicas"] == seen["status"]["replicas"] == 2
    assert len(await scaled.selected()) == 2
    seen = await scaled.resize(3)
    await scaled.until(phase="Healthy", replicas=3)
    assert len(await scaled.selected()) == 3
    with pytest.raises(KubeError) as refused:
        await scaled.set(1, seen)
    assert refused.value.status == 409
    assert (await scaled.scale())["spec"]["replicas"] == 3


async def test_a_size_of_nought_is_refused(scaled: Scaled) -> None:
    with pytest.raises(KubeError) as refused:
        await scaled.set(0, await scaled.scale())
    assert refused.value.status == 422


async def test_in_mid_release_a_size_grows_at_once_and_shrinks_at_the_end(
    scaled: Scaled, kube: Kube, namespace: str, start_operator: Start
) -> None:
    start_operator()
    first = (await scaled.until(phase="Healthy"))["stable"]["revision"]
    await kube.patch(MODEL_DEPLOYMENT, namespace, NAME, {"spec": {"serving": serving("2")}})
    await scaled.until(weight="50/50", replicas=2)
    await scaled.resize(4)
    await scaled.until(weight="50/50", replicas=4)
    await scaled.resize(1)
    status = await scaled.until(weight="50/50", replicas=2)

    async def shrunk() -> bool:
        return len(await scaled.selected()) == 2

    await until(shrunk, "the size at the start of the release")
    revert = {"spec": {"serving": serving("1")}}
    await kube.patch(MODEL_DEPLOYMENT, namespace, NAME, revert)
    ended = await scaled.until(phase="Healthy", replicas=1)
    assert ended["stable"]["revision"] == first != status["candidate"]["revision"]


async def test_each_verb_that_finds_nothing_to_do_is_answered_once_also_by_the_next_operator(
    scaled: Scaled, kube: Kube, namespace: str, start_operator: Start
) -> None:
    operator = start_operator()
    await scaled.until(phase="Healthy")
    verbs = {"promote": "somebody/1", "abort": "somebody/1", "retry": "somebody/1"}
    given = {f"modelward.dev/{verb}": value for verb, value in verbs.items()}
    change: Document = {"metadata": {"annotations": given}}
    await kube.patch(MODEL_DEPLOYMENT, namespace, NAME, change)
    await scaled.until(lastHandled=verbs)
    operator.kill()
    operator.start()
    await kube.patch(MODEL_DEPLOYMENT, namespace, NAME, {"spec": {"replicas": 3}})
    await scaled.until(phase="Healthy", replicas=3)
    for reason in ("NothingToPromote", "NothingToAbort", "NothingToRetry"):
        (note,) = await scaled.notes(reason)
        assert "was not acted on" in note
    assert len(await kube.list(JOB, namespace)) == 1
