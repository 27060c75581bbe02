"""The closed copy of stable on a real API server: made for a benchmark, gone after it."""

import asyncio
from collections.abc import Callable

import pytest

from modelward.api.names import COPY, COPY_FOR, NAME
from modelward.benchmark.comparedcounts import ComparedLatencyCounts
from modelward.benchmark.contract import KpiReport
from modelward.benchmark.counts import ExamCounts
from modelward.cluster.kinds import BENCHMARK_RUN, JOB, MODEL_DEPLOYMENT, POD, REPLICA_SET, SERVICE
from modelward.writes import Document
from tests.apiserver.controllers import Controllers, Ending
from tests.apiserver.kube import Kube
from tests.apiserver.measured import answer, plan_of
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import make_deployment
from tests.apiserver.story import QUICK, Story
from tests.apiserver.waiting import until

pytestmark = pytest.mark.apiserver

Start = Callable[..., OperatorProcess]

KPIS = [
    {
        "name": "accuracy",
        "benchmark": {"dataset": "golden", "metric": "accuracy"},
        "objective": {"atLeast": "92%"},
    },
    {
        "name": "latency-vs-stable",
        "benchmark": {"metric": "latency", "quantile": "p95"},
        "objective": {"versus": "stable", "worseByAtMost": "10%"},
    },
]


def compared(lost: int, won: int) -> Callable[[Document], Ending]:
    """Return how a benchmark pod ends that saw these pairs; without stable, rows alone."""

    def ending(job: Document) -> Ending:
        plan = plan_of(job)
        reports = [KpiReport.of("P", ExamCounts(rows=100, read=100, correct=95))]
        if plan.baseline:
            assert plan.baseline.closed
            counts = ComparedLatencyCounts(126, 90_000, 2_000, lost, won, 5, 95_000, 90_000)
            reports.append(KpiReport.of("F" if lost > won else "P", counts))
        return answer(plan, *reports)

    return ending


class Copies:
    """What there is of copies."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self._kube, self._namespace = kube, namespace

    async def all(self) -> list[Document]:
        """Return their ReplicaSets."""
        return await self._kube.list(REPLICA_SET, self._namespace, COPY)

    async def everything(self) -> list[Document]:
        """Return their ReplicaSets, Services and pods."""
        kinds = (REPLICA_SET, SERVICE, POD)
        found = [await self._kube.list(kind, self._namespace, COPY) for kind in kinds]
        return [each for documents in found for each in documents]

    async def until_gone(self) -> None:
        """Wait until nothing of any is left."""

        async def gone() -> bool:
            return not await self.everything()

        await until(gone, "no copy is left")

    async def until_measured(self, revision: str) -> Document:
        """Wait until the benchmark of this revision has its Job; return the copy."""

        async def begun() -> Document | None:
            runs = await self._kube.list(BENCHMARK_RUN, self._namespace)
            jobs = await self._kube.list(JOB, self._namespace)
            names = {r["metadata"]["name"] for r in runs if "baseline" in r["spec"]}
            going = any(job["metadata"]["labels"]["modelward.dev/run"] in names for job in jobs)
            copies = await self.all()
            return copies[0] if going and copies else None

        return await until(begun, f"the benchmark of {revision}")


@pytest.fixture
async def copies(kube: Kube, namespace: str) -> Copies:
    await make_deployment(kube, namespace, replicas=2, kpis=KPIS, rollout=QUICK)
    return Copies(kube, namespace)


async def test_a_slower_version_is_rolled_back_and_its_copy_of_stable_is_gone(
    copies: Copies, kube: Kube, namespace: str, controllers: Controllers, start_operator: Start
) -> None:
    story = Story(kube, namespace)
    controllers.ending = compared(lost=0, won=0)
    start_operator()
    first = (await story.until("Healthy"))["status"]["stable"]["revision"]
    controllers.ending = lambda _: None
    await story.serve("2")
    copy = await copies.until_measured("2")

    (pod,) = [p for p in await kube.list(POD, namespace, COPY) if "deletionTimestamp" not in p]
    stable = await kube.get(REPLICA_SET, namespace, f"fraud-{first}")
    assert stable is not None
    assert copy["spec"]["template"]["spec"] == stable["spec"]["template"]["spec"]
    root = await kube.get(SERVICE, namespace, "fraud")
    assert root is not None
    assert NAME in root["spec"]["selector"]
    assert NAME not in pod["metadata"]["labels"]
    status = (await story.now())["status"]
    assert status["replicas"] == 2
    assert COPY_FOR not in status["selector"]
    runs = await kube.list(BENCHMARK_RUN, namespace)
    (baseline,) = [run["spec"]["baseline"] for run in runs if "baseline" in run["spec"]]
    assert (baseline["service"], baseline["closed"]) == (copy["metadata"]["name"], True)

    controllers.ending = compared(lost=90, won=10)
    failed = await story.until("Degraded")
    assert failed["status"]["failedRevision"]["reason"] == "latency-vs-stable"
    (shown,) = [k for k in failed["status"]["kpis"] if k["name"] == "latency-vs-stable"]
    assert (shown["value"], shown["baseline"]) == ("95ms", "90ms")
    assert shown["objective"] == "p95 <= stable + 10%"
    assert await story.selected() == first
    await copies.until_gone()


async def test_an_operator_that_is_killed_again_and_again_leaves_no_copy_behind(
    copies: Copies, kube: Kube, namespace: str, controllers: Controllers, start_operator: Start
) -> None:
    story = Story(kube, namespace)
    controllers.ending = compared(lost=10, won=90)
    operator = start_operator()
    first = (await story.until("Healthy"))["status"]["stable"]["revision"]
    await story.serve("2")
    for pause in (0.05, 0.15, 0.3, 0.5, 0.2):
        await asyncio.sleep(pause)
        operator.kill()
        assert len(await copies.all()) <= 1
        operator.launch()
    operator.wait_until_ready()
    done = await story.until("Healthy")
    assert done["status"]["stable"]["revision"] != first
    await copies.until_gone()


async def test_deleting_the_deployment_while_the_operator_is_down_takes_the_copy_with_it(
    copies: Copies, kube: Kube, namespace: str, controllers: Controllers, start_operator: Start
) -> None:
    story = Story(kube, namespace)
    controllers.ending = compared(lost=0, won=0)
    operator = start_operator()
    await story.until("Healthy")
    controllers.ending = lambda _: None
    await story.serve("2")
    await copies.until_measured("2")
    operator.kill()
    await kube.delete(MODEL_DEPLOYMENT, namespace, "fraud")
    await copies.until_gone()


async def test_what_somebody_did_to_the_copy_is_mended(
    copies: Copies, kube: Kube, namespace: str, controllers: Controllers, start_operator: Start
) -> None:
    story = Story(kube, namespace)
    controllers.ending = compared(lost=0, won=0)
    start_operator()
    await story.until("Healthy")
    controllers.ending = lambda _: None
    await story.serve("2")
    copy = await copies.until_measured("2")
    name = copy["metadata"]["name"]
    await kube.patch(REPLICA_SET, namespace, name, {"spec": {"replicas": 3}})

    async def one_pod() -> bool:
        (now,) = await copies.all()
        return int(now["spec"]["replicas"]) == 1

    await until(one_pod, "one pod is asked for")
    await kube.delete(REPLICA_SET, namespace, name)

    async def made_again() -> bool:
        return any(c["metadata"]["uid"] != copy["metadata"]["uid"] for c in await copies.all())

    await until(made_again, "the copy is there again")
