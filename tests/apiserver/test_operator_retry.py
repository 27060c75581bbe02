"""A retry on a real API server: the next run goes on from the evidence of the last one."""

from collections.abc import Callable
from functools import partial

import pytest

from modelward.api.names import PLAN, RETRY
from modelward.benchmark.contract import KpiReport, RunnerPlan
from modelward.benchmark.counts import ExamCounts
from modelward.cluster.kinds import BENCHMARK_RUN, MODEL_DEPLOYMENT
from modelward.writes import Document
from tests.apiserver.controllers import Controllers, Ending
from tests.apiserver.kube import Kube
from tests.apiserver.measured import answer, exam
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import make_deployment
from tests.apiserver.story import QUICK, Story
from tests.apiserver.waiting import until

pytestmark = pytest.mark.apiserver

READ_AT_ONCE = 40


def interrupted(job: Document) -> Ending:
    """Read forty rows more than were read before, all of them right, and no more than there are."""
    plan = RunnerPlan.parse(job["spec"]["template"]["metadata"]["annotations"][PLAN])
    start = plan.kpis[0].start
    read = min(100, READ_AT_ONCE + (start.counts[1] if start else 0))
    counts = ExamCounts(rows=100, read=read, correct=read)
    return answer(plan, KpiReport.of("P" if read == 100 else "I", counts))


def name(document: Document) -> str:
    """Return an object's name."""
    return str(document["metadata"]["name"])


async def runs_of(kube: Kube, namespace: str, revision: str) -> list[Document]:
    """Return the runs of a revision, by name."""
    runs = await kube.list(BENCHMARK_RUN, namespace)
    return sorted((r for r in runs if r["spec"]["subject"]["revision"] == revision), key=name)


async def is_handled(story: Story, value: str) -> bool:
    """Tell whether this retry was acted on, or refused."""
    handled: Document = (await story.now())["status"].get("lastHandled", {})
    return handled.get("retry") == value


async def test_retries_add_to_the_evidence_until_there_is_a_verdict_though_operators_die(
    kube: Kube,
    namespace: str,
    controllers: Controllers,
    start_operator: Callable[..., OperatorProcess],
) -> None:
    controllers.ending = exam(lambda _: 95)
    await make_deployment(kube, namespace, replicas=2, rollout=QUICK)
    story = Story(kube, namespace)
    operator = start_operator()
    first = (await story.until("Healthy"))["status"]["stable"]["revision"]

    controllers.ending = interrupted
    await story.serve("2")
    waiting = await story.until("Paused")
    revision = waiting["status"]["candidate"]["revision"]
    for token in ("1", "2"):
        operator.kill()
        change: Document = {"metadata": {"annotations": {RETRY: f"{revision}/{token}"}}}
        await kube.patch(MODEL_DEPLOYMENT, namespace, "fraud", change)
        operator.launch()
        await until(partial(is_handled, story, f"{revision}/{token}"), f"retry {token}")
        operator.kill()
        operator.launch()
        operator.wait_until_ready()
        if token == "1":
            await story.until("Paused")
            assert await story.selected() == first
    await story.until("Healthy")
    assert await story.selected() == revision

    runs = await runs_of(kube, namespace, revision)
    assert [run["spec"].get("continues") for run in runs] == [None, *map(name, runs[:2])]
    read = [run["status"]["kpis"][0]["evidence"][1] for run in runs]
    assert read == [40, 80, 100]
    assert (await story.reasons()).count("Retried") == 2
