"""Children deleted by hand on a real API server: they are made again, and people are told."""

from collections.abc import Awaitable, Callable

import pytest

from modelward.cluster.documents import uid
from modelward.cluster.kinds import BENCHMARK_RUN, JOB, REPLICA_SET, SERVICE, Kind
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
async def judged(
    kube: Kube, namespace: str, controllers: Controllers, start_operator: Start
) -> Story:
    """Version 1 serves, and a benchmark of version 2 runs and does not end."""
    story = Story(kube, namespace)
    controllers.ending = exam(lambda _: 95)
    await make_deployment(kube, namespace, replicas=2, rollout=QUICK, model={"version": "1"})
    start_operator()
    await story.until("Healthy")
    controllers.ending = lambda _: None
    await story.serve("2")

    async def runs() -> bool:
        return len(await kube.list(JOB, namespace)) == 2

    await until(runs, "the second benchmark")
    return story


async def delete_and_await(story: Story, kind: Kind, name: str) -> Document:
    """Delete an object and wait until another one has its name."""
    before = await story.kube.get(kind, story.namespace, name)
    assert before is not None
    await story.kube.delete(kind, story.namespace, name)

    async def made_again() -> Document | None:
        now = await story.kube.get(kind, story.namespace, name)
        return now if now and uid(now) != uid(before) else None

    return await until(made_again, f"another {kind.name} {name}")


def until_reason(story: Story, reason: str) -> Awaitable[bool]:
    async def told() -> bool:
        return reason in await story.reasons()

    return until(told, f"the Event {reason}")


async def revision(story: Story, member: str) -> str:
    return str((await story.now())["status"][member]["revision"])


async def test_whatever_of_a_release_is_deleted_is_made_again_and_it_goes_on(
    judged: Story, controllers: Controllers
) -> None:
    stable = await revision(judged, "stable")
    candidate = f"fraud-{await revision(judged, 'candidate')}"
    pods = await judged.pods(stable)
    root = await delete_and_await(judged, SERVICE, "fraud")
    assert root["spec"]["selector"]["modelward.dev/revision"] == stable
    await delete_and_await(judged, SERVICE, candidate)
    await delete_and_await(judged, BENCHMARK_RUN, f"{candidate}-1")
    await delete_and_await(judged, REPLICA_SET, candidate)
    assert await judged.selected() == stable
    assert await judged.pods(stable) == pods
    controllers.ending = exam(lambda _: 95)
    done = await judged.until("Healthy")
    assert done["status"]["stable"]["version"] == "2"
    runs = await judged.kube.list(BENCHMARK_RUN, judged.namespace)
    assert [run["status"]["verdict"] for run in runs] == ["Pass", "Pass"]


async def test_a_deleted_job_is_an_attempt_without_a_result_and_another_follows(
    judged: Story, controllers: Controllers
) -> None:
    run = f"fraud-{await revision(judged, 'candidate')}-1"
    await judged.kube.delete(JOB, judged.namespace, f"{run}-1")
    await until_reason(judged, "AttemptWithoutResult")
    controllers.ending = exam(lambda _: 95)
    await judged.until("Healthy")
    found = await judged.kube.get(BENCHMARK_RUN, judged.namespace, run)
    assert found is not None
    attempts = [(each["outcome"], each.get("reason")) for each in found["status"]["attempts"]]
    assert attempts == [("Infrastructure", "JobDeleted"), ("Accepted", None)]


async def test_the_serving_replica_set_is_made_again_and_said_so(
    judged: Story, controllers: Controllers
) -> None:
    stable = await revision(judged, "stable")
    await judged.serve("1")  # back to what serves: nothing else is under way then
    await judged.until("Healthy")
    await delete_and_await(judged, REPLICA_SET, f"fraud-{stable}")
    await until_reason(judged, "MadeAgain")
    await judged.until("Healthy")
    assert await judged.selected() == stable
