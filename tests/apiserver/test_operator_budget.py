"""What people are told about a benchmark before it has come to anything, on a real API server."""

import asyncio
import signal
from collections.abc import Callable

import pytest

from modelward.cluster.kinds import EVENT, JOB, MODEL_DEPLOYMENT
from modelward.writes import Document
from tests.apiserver.controllers import Controllers
from tests.apiserver.kube import Kube
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import make_deployment
from tests.apiserver.waiting import until

pytestmark = pytest.mark.apiserver

Start = Callable[..., OperatorProcess]

ERRORS: list[Document] = [
    {
        "name": "errors",
        "benchmark": {"metric": "errorRate"},
        "objective": {"atMost": "2%", "expected": "1%"},
    }
]


async def message(kube: Kube, namespace: str, beginning: str) -> str:
    """Return the deployment's message once there is a benchmark and it begins so."""

    async def told() -> str | None:
        now = await kube.get(MODEL_DEPLOYMENT, namespace, "fraud")
        text = str(now["status"].get("message", "")) if now else ""
        return text if beginning in text and await kube.list(JOB, namespace) else None

    return await until(told, f"a message with {beginning!r}")


async def budget_events(kube: Kube, namespace: str) -> list[Document]:
    events = await kube.list(EVENT, namespace)
    return [event for event in events if event["reason"] == "BudgetTooSmall"]


async def test_while_it_is_measured_the_deployment_says_how_long_a_verdict_takes(
    kube: Kube, namespace: str, start_operator: Start, controllers: Controllers
) -> None:
    start_operator()
    load = {"rate": "50/s", "for": "2m", "warmUp": "5s"}
    await make_deployment(kube, namespace, kpis=ERRORS, load=load)
    told = await message(kube, namespace, "A verdict takes about")
    assert told.endswith("A verdict takes about 51s of load if it is as expected.")
    assert await budget_events(kube, namespace) == []


async def test_a_load_that_is_too_short_is_warned_of_once_even_after_a_restart(
    kube: Kube, namespace: str, start_operator: Start, controllers: Controllers
) -> None:
    operator = start_operator()
    await make_deployment(kube, namespace, kpis=ERRORS, load={"rate": "10/s", "for": "1m"})
    await message(kube, namespace, "A verdict about errors is not likely")
    operator.kill(signal.SIGKILL)
    operator.start()
    await until(lambda: budget_events(kube, namespace), "an Event")
    await asyncio.sleep(1)  # in which it could say so again
    (event,) = await budget_events(kube, namespace)
    assert event["type"] == "Warning"
    assert event["regarding"]["kind"] == "ModelDeployment"
    assert "needs about 1,500 requests, and load sends 600 (10/s for 1m)" in event["note"]
