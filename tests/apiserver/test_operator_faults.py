"""Whole releases while the API server misbehaves: each ends as the undisturbed one does.

The operator's requests go through tests/apiserver/faults.py; those of the played controllers and
of the tests don't. While a story is told, a witness looks for users led to what was never proved.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web

from modelward.cluster.kinds import BENCHMARK_RUN, SERVICE
from modelward.traffic.switch import NOBODY
from tests.apiserver.controllers import Controllers, playing
from tests.apiserver.faults import (
    Asked,
    Exchange,
    Fault,
    FaultyProxy,
    Rule,
    answers,
    any_watch,
    any_write,
    anything,
    cut_after,
    cut_before,
    cut_within,
    dead,
    error_event,
    proxying,
    silent,
    slowly,
)
from tests.apiserver.kube import Kube, connected, fresh_namespace
from tests.apiserver.measured import exam
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import make_deployment
from tests.apiserver.story import QUICK, Story
from tests.cluster.provider import Cluster

pytestmark = pytest.mark.apiserver

GOOD, BAD = exam(lambda _: 95), exam(lambda _: 91)

PATIENCE = 120.0
"""Seconds for what was put off by back-offs: an Event, a status."""
CALM = 3.0
"""Seconds without any change after which nothing more comes, where nothing goes wrong."""

Holdings = dict[str, Any]
Meanwhile = Callable[[FaultyProxy, Story], Awaitable[None]]


class Case(NamedTuple):
    """What goes wrong in a story."""

    name: str
    rules: tuple[tuple[Callable[[Asked], bool], Fault, int], ...]
    """Which requests fail, how, and every how many."""
    watchful: bool = False
    """Whether the operator notices silence after seconds, not after a minute."""


SOON_CUT = (any_watch, cut_within(1), 1)
"""So that there are many watches."""


CUT_LATER = (any_watch, cut_within(3), 1)


def watches(name: str, fault: Fault) -> Case:
    """Every third watch fails so, and the rest are soon cut."""
    return Case(f"every third watch {name}", ((any_watch, fault, 3), SOON_CUT))


CASES = (
    Case("429 with Retry-After", ((anything, answers(429, "", 1), 6),)),
    Case("500 for every third request", ((anything, answers(500), 3),)),
    Case("every second write is cut after it is done", ((any_write, cut_after, 2),)),
    watches("is told 410", error_event(410, "Expired")),
    Case("some watches are silent", ((any_watch, silent, 7), CUT_LATER), watchful=True),
)
MORE_CASES = (
    Case("409 for every second write", ((any_write, answers(409, "Conflict"), 2),)),
    Case("slow answers", ((anything, slowly(2), 8),)),
    Case("every second write is cut before it is done", ((any_write, cut_before, 2),)),
    watches("is cut", cut_before),
    Case("some watches are never answered", ((any_watch, dead, 7), CUT_LATER), watchful=True),
    Case("some watches are refused with 410", ((any_watch, answers(410, "Expired"), 13), SOON_CUT)),
    Case(
        "some watches are told another error",
        ((any_watch, error_event(500, "InternalError"), 13), SOON_CUT),
    ),
)


@asynccontextmanager
async def witnessed(story: Story) -> AsyncIterator[None]:
    """Demand that users are never led to a revision that no BenchmarkRun has passed."""
    task = asyncio.create_task(_witness(story))
    yield
    task.cancel()
    results = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError), results[0]


async def _witness(story: Story) -> None:
    while True:
        await _look(story)
        await asyncio.sleep(0.05)


async def _look(story: Story) -> None:
    root = await story.kube.get(SERVICE, story.namespace, "fraud")
    led_to = root["spec"]["selector"].get("modelward.dev/revision") if root else None
    runs = await story.kube.list(BENCHMARK_RUN, story.namespace)
    passed = {
        run["spec"]["subject"]["revision"]
        for run in runs
        if run.get("status", {}).get("verdict") == "Pass"
    }
    assert led_to in {None, NOBODY, *passed}, f"users are led to {led_to}, proved: {passed}"


async def tell(
    served: Cluster,
    folder: Path,
    case: Case,
    expected: Holdings | None = None,
    meanwhile: Meanwhile | None = None,
) -> Holdings:
    """Tell of a good version, a bad one and another good one; return what is left in the end."""
    program = ("tests.e2e.variants", "is_watchful") if case.watchful else ("modelward",)
    async with (
        connected(served.kubeconfig) as kube,
        fresh_namespace(kube) as namespace,
        playing(Controllers(kube, namespace)) as controllers,
        proxying(served.kubeconfig) as proxy,
    ):
        story = Story(kube, namespace)
        operator = OperatorProcess(
            proxy.kubeconfig(folder), folder / "operator.log", (namespace,), program=program
        )
        proxy.rules += [Rule(*each) for each in case.rules]
        try:
            async with kept_running(operator), witnessed(story):
                await _releases(kube, story, controllers, proxy, meanwhile)
                held = await _settled(story, expected)
            assert all(rule.hits for rule in proxy.rules)
            return held
        finally:
            operator.kill()


@asynccontextmanager
async def kept_running(operator: OperatorProcess) -> AsyncIterator[None]:
    """Start the operator, and start it again whenever it has ended, as the kubelet does."""

    async def keep() -> None:
        while True:
            if operator.process is None or operator.process.poll() is not None:
                await asyncio.to_thread(operator.launch)
            await asyncio.sleep(0.1)

    task = asyncio.create_task(keep())
    try:
        yield
    finally:
        task.cancel()


async def _releases(
    kube: Kube,
    story: Story,
    controllers: Controllers,
    proxy: FaultyProxy,
    meanwhile: Meanwhile | None,
) -> None:
    controllers.ending = GOOD
    await make_deployment(kube, story.namespace, replicas=2, rollout=QUICK, model={"version": "1"})
    await story.until("Healthy")
    controllers.ending = BAD
    await story.serve("2")
    await story.until("Degraded")
    controllers.ending = GOOD
    await story.serve("3")
    if meanwhile:
        await meanwhile(proxy, story)
    await story.until("Healthy")


async def _settled(story: Story, expected: Holdings | None) -> Holdings:
    """What is left once nothing moves for a while; what is expected may take longer to come."""
    deadline = time.monotonic() + PATIENCE
    before = await story.holdings()
    while True:
        await asyncio.sleep(CALM if expected is None else 0.5)
        now = await story.holdings()
        as_expected = expected in (None, now) or time.monotonic() > deadline
        if now == before and as_expected:
            return now
        before = now


@pytest.fixture(scope="module")
def undisturbed(served: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Holdings:
    """What is left when nothing goes wrong."""
    folder = tmp_path_factory.mktemp("undisturbed")
    holdings = asyncio.run(tell(served, folder, Case("nothing", ())))
    assert holdings["events"]["ModelDeployment Promoted"] == 2
    assert holdings["events"]["ModelDeployment RolledBack"] == 1
    return holdings


@pytest.mark.parametrize(
    "case",
    [*CASES, *(pytest.param(case, marks=pytest.mark.disturbance) for case in MORE_CASES)],
    ids=lambda case: case.name.replace(" ", "-"),
)
async def test_a_release_ends_as_the_undisturbed_one_does(
    served: Cluster, tmp_path: Path, undisturbed: Holdings, case: Case
) -> None:
    assert await tell(served, tmp_path, case, undisturbed) == undisturbed


FAULTS: tuple[Fault, ...] = (
    answers(429, "", 1),
    answers(500),
    answers(503),
    slowly(0.5),
    cut_before,
    cut_after,
)
OF_WRITES: tuple[Fault, ...] = (answers(409, "Conflict"),)
OF_WATCHES: tuple[Fault, ...] = (
    silent,
    dead,
    cut_within(1),
    answers(410, "Expired"),
    error_event(410, "Expired"),
    error_event(500, "InternalError"),
)


def mixed(seed: int) -> Fault:
    """Let a quarter of the requests fail, each in a way that a seeded die says."""
    dice = random.Random(seed)

    async def answer(exchange: Exchange) -> web.StreamResponse:
        if dice.random() > 0.25:
            return await exchange.forward()
        more = OF_WATCHES if any_watch(exchange.asked) else ()
        more += OF_WRITES if any_write(exchange.asked) else ()
        return await dice.choice(FAULTS + more)(exchange)

    return answer


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.disturbance) for seed in range(2, 12))]
)
async def test_a_release_under_a_mix_of_faults_ends_as_the_undisturbed_one_does(
    served: Cluster, tmp_path: Path, undisturbed: Holdings, seed: int
) -> None:
    case = Case(f"mix {seed}", ((anything, mixed(seed), 1),), watchful=True)
    assert await tell(served, tmp_path, case, undisturbed) == undisturbed


@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=pytest.mark.disturbance)])
async def test_an_api_server_that_is_gone_for_a_while_holds_a_release_up_and_no_more(
    served: Cluster, tmp_path: Path, undisturbed: Holdings, seconds: int
) -> None:
    async def gone(proxy: FaultyProxy, story: Story) -> None:
        await asyncio.sleep(0.5)
        await proxy.stop()
        await asyncio.sleep(seconds)
        await proxy.start()

    case = Case("gone", (), watchful=False)
    assert await tell(served, tmp_path, case, undisturbed, gone) == undisturbed
