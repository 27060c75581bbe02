"""The operator is told to end, as when its pod is deleted: what it finishes, and what it leaves."""

import asyncio
import signal

import pytest

from modelward.cluster.kinds import MODEL_DEPLOYMENT, REPLICA_SET, SERVICE
from modelward.writes import Document
from tests.apiserver.cuttable import Cuttable
from tests.apiserver.kube import Kube
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import deployment, make_golden
from tests.apiserver.waiting import until
from tests.scraped import Scraped

pytestmark = pytest.mark.apiserver


async def _makes_one_wait_and_another_queue(
    kube: Kube, namespace: str, way: Cuttable, operator: OperatorProcess
) -> None:
    """Its only worker is at `fraud`, whose request is held; `other` waits."""
    operator.arguments = ("--workers=1",)
    await asyncio.to_thread(operator.start)  # the way to the API server is in this loop
    await make_golden(kube, namespace)
    way.hold()
    for name in ("fraud", "other"):
        await kube.create(MODEL_DEPLOYMENT, deployment(namespace, name))

    async def queued() -> bool:
        now = Scraped.of(operator.get("/metrics")[1])
        at_work = now.value("workqueue_unfinished_work_seconds", name="ModelDeployment") > 0
        return at_work and now.value("workqueue_depth", name="ModelDeployment") == 1

    await until(queued, "one round in progress and one key waiting")


async def test_a_round_in_progress_is_finished_and_none_is_begun(
    kube: Kube, namespace: str, way: Cuttable, far_operator: OperatorProcess
) -> None:
    await _makes_one_wait_and_another_queue(kube, namespace, way, far_operator)
    process = far_operator.process
    assert process is not None
    process.send_signal(signal.SIGTERM)

    async def ending() -> bool:
        return far_operator.get("/readyz") == (503, "the operator ends")

    await until(ending, "the operator to say that it ends")
    assert far_operator.get("/healthz") == (200, "ok")
    way.release()
    assert await asyncio.to_thread(process.wait, 30) == 0
    made = [each["metadata"]["name"] for each in await kube.list(REPLICA_SET, namespace)]
    assert [name.partition("-")[0] for name in made] == ["fraud"]
    assert await kube.get(SERVICE, namespace, "fraud") is not None
    assert await _status(kube, namespace, "fraud")
    assert not await _status(kube, namespace, "other")
    said = [line["message"] for line in far_operator.lines()]
    assert said[-1] == "Ended."
    assert not [message for message in said if message.startswith("Not finished")]


async def _status(kube: Kube, namespace: str, name: str) -> list[Document] | None:
    """The conditions, if an operator has written any."""
    found = await kube.get(MODEL_DEPLOYMENT, namespace, name)
    assert found is not None
    return dict(found["status"]).get("conditions")


async def test_a_request_that_nobody_answers_does_not_keep_it_from_ending(
    kube: Kube, namespace: str, way: Cuttable, far_operator: OperatorProcess
) -> None:
    await _makes_one_wait_and_another_queue(kube, namespace, way, far_operator)
    assert await asyncio.to_thread(far_operator.kill, signal.SIGTERM) == 0
    (late,) = [line for line in far_operator.lines() if line["level"] == "WARNING"]
    # Where the request found no connection to use, it has given up before.
    not_finished = f"Not finished within 15 s: ModelDeployment {namespace}/fraud."
    assert late["message"] == not_finished or "no answer from" in late["message"]


async def test_it_ends_well_before_it_has_begun(
    namespace: str, way: Cuttable, far_operator: OperatorProcess
) -> None:
    way.hold()
    far_operator.launch()
    assert far_operator.get("/readyz")[0] == 503
    assert await asyncio.to_thread(far_operator.kill, signal.SIGTERM) == 0
