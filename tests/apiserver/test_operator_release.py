"""Whole releases on a real API server, with played controllers and benchmark pods."""

import asyncio
import random
from collections.abc import Callable

import pytest

from modelward.cluster.documents import condition
from modelward.cluster.kinds import (
    BENCHMARK_RUN,
    JOB,
    MODEL_DEPLOYMENT,
    REPLICA_SET,
)
from modelward.writes import Document
from tests.apiserver.controllers import Controllers
from tests.apiserver.kube import Kube
from tests.apiserver.measured import exam
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import make_deployment
from tests.apiserver.story import QUICK, Story
from tests.apiserver.waiting import until

pytestmark = pytest.mark.apiserver

Start = Callable[..., OperatorProcess]


@pytest.fixture
async def story(kube: Kube, namespace: str, controllers: Controllers) -> Story:
    controllers.ending = exam(lambda _: 95)
    await make_deployment(kube, namespace, replicas=2, rollout=QUICK)
    return Story(kube, namespace)


async def test_two_good_versions_are_promoted_and_a_bad_one_is_rolled_back(
    story: Story, controllers: Controllers, start_operator: Start
) -> None:
    operator = start_operator()
    first = (await story.until("Healthy"))["status"]["stable"]["revision"]
    assert await story.selected() == first

    await story.serve("2")
    second = (await story.until("Healthy"))["status"]["stable"]["revision"]
    assert second != first
    assert await story.selected() == second
    serving_pods = await story.pods(second)

    controllers.ending = exam(lambda _: 91)
    await story.serve("3")
    failed = await story.until("Degraded")
    assert failed["status"]["stable"]["revision"] == second
    assert failed["status"]["failedRevision"]["reason"] == "accuracy"
    assert condition(failed, "Available")["status"] == "True"
    assert await story.selected() == second
    assert await story.pods(second) == serving_pods

    status, text = operator.get("/metrics")
    assert status == 200
    assert 'modelward_releases_total{outcome="Promoted",reason=""} 2.0' in text
    assert 'modelward_releases_total{outcome="RolledBack",reason="accuracy"} 1.0' in text
    assert 'modelward_api_request_seconds_count{code="201",kind="ReplicaSet",verb="create"}' in text


async def test_a_release_survives_an_operator_that_is_killed_again_and_again(
    story: Story, start_operator: Start, kube: Kube, namespace: str
) -> None:
    operator = start_operator()
    await story.until("Healthy")
    await story.serve("2")
    dice = random.Random(3)
    for _ in range(6):
        await asyncio.sleep(dice.uniform(0.05, 0.6))
        operator.kill()
        operator.launch()
    operator.wait_until_ready()
    done = await story.until("Healthy")
    assert await story.selected() == done["status"]["stable"]["revision"]
    assert len(await kube.list(REPLICA_SET, namespace)) == 2
    assert len(await kube.list(BENCHMARK_RUN, namespace)) == 2
    assert len(await kube.list(JOB, namespace)) == 2
    assert (await story.reasons()).count("Promoted") == 2


async def test_wiping_the_status_in_mid_release_moves_nothing(
    story: Story, controllers: Controllers, start_operator: Start, kube: Kube, namespace: str
) -> None:
    start_operator()
    first = (await story.until("Healthy"))["status"]["stable"]["revision"]
    controllers.ending = lambda _: None
    await story.serve("2")

    async def judged() -> bool:
        return len(await kube.list(JOB, namespace)) == 2

    await until(judged, "the second benchmark")
    pods = await story.pods(first)
    wiped: Document = {
        "status": {"candidate": None, "stable": None, "conditions": [], "message": None}
    }
    await kube.patch(MODEL_DEPLOYMENT, namespace, "fraud", wiped, status=True)

    async def told_again() -> bool:
        return bool((await story.now())["status"].get("candidate"))

    await until(told_again, "the status to be written again")
    assert await story.selected() == first
    assert await story.pods(first) == pods
    assert len(await kube.list(JOB, namespace)) == 2
