"""Weight steps judged on users' requests: a real API server, a real Prometheus, played pods."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import pytest

from modelward.cluster.kinds import BENCHMARK_RUN, MODEL_DEPLOYMENT, POD, SERVICE
from modelward.writes import Document
from tests.apiserver.controllers import Controllers
from tests.apiserver.counting_pods import CountingPod, CountingPods, counting
from tests.apiserver.kube import Kube
from tests.apiserver.measured import exam
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.prometheus import keeping_apart, scraping_pods
from tests.apiserver.samples import deployment, make_golden
from tests.apiserver.story import Story
from tests.apiserver.waiting import until
from tests.cluster.local.layout import write_json

pytestmark = [pytest.mark.apiserver, pytest.mark.usefixtures("prometheus_installed")]

Start = Callable[..., OperatorProcess]

FLAKY, QUIET = "flaky", "quiet"
ERROR_RATES = {FLAKY: 0.3}
KPIS = [
    *deployment("")["spec"]["kpis"],
    {
        "name": "live-errors",
        "prometheus": {"bad": 'requests_total{code=~"5.."}', "total": "requests_total"},
        "objective": {"atMost": "5%", "expected": "1%"},
    },
    {
        "name": "pods-up",
        "prometheus": {"query": 'count(up{pod=~"$pods"})'},
        "objective": {"atMost": "100"},
        "effect": "report",
    },
]
ROLLOUT = {
    "steps": [{"benchmark": {"upTo": "5m"}}, {"weight": 50, "for": "5m", "upTo": "10m"}],
    "drainDelay": "0s",
}


@pytest.fixture
async def users(kube: Kube, namespace: str) -> AsyncIterator[CountingPods]:
    """Users of every deployment: whom its root Service selects counts their requests."""
    async with counting() as fleet:
        task = asyncio.create_task(_ask(kube, namespace, fleet))
        yield fleet
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _ask(kube: Kube, namespace: str, fleet: CountingPods) -> None:
    while True:
        roots = [s["spec"].get("selector") or {} for s in await kube.list(SERVICE, namespace)]
        roots = [selector for selector in roots if len(selector) < 3]
        for pod in await kube.list(POD, namespace, "modelward.dev/revision"):
            name, tag = pod["metadata"]["name"], pod["spec"]["containers"][0]["image"][-5:]
            counting_pod = fleet.pods.get(name) or fleet.add(CountingPod(name, namespace))
            counting_pod.error_rate = ERROR_RATES.get(tag, 0.0)
            labels = pod["metadata"]["labels"].items()
            reached = any(selector and selector.items() <= labels for selector in roots)
            counting_pod.requests_each_tick = 2 if reached and tag != QUIET else 0
        await asyncio.sleep(0.3)


@contextmanager
def _prometheus(users: CountingPods, folder: Path) -> Iterator[Path]:
    """Run a Prometheus and a prom-label-proxy before it; the operator's file about both."""
    settings = folder / "prometheus-of-the-operator.yaml"
    with (
        scraping_pods(users.discovery, folder) as prometheus,
        keeping_apart(prometheus.port, folder) as apart,
    ):
        url, expressions = (f"http://127.0.0.1:{port}" for port in (prometheus.port, apart))
        write_json(settings, {"url": url, "expressions": {"url": expressions}})
        yield settings


async def _live_run(kube: Kube, namespace: str, name: str) -> Document | None:
    runs = await kube.list(BENCHMARK_RUN, namespace, f"modelward.dev/name={name}")
    return next((run for run in runs if "live" in run["spec"]), None)


async def _declare(kube: Kube, namespace: str) -> tuple[Story, Story]:
    """Two deployments whose first versions serve."""
    await make_golden(kube, namespace)
    for name in ("fraud", "idle"):
        declared = deployment(namespace, name, kpis=KPIS, rollout=ROLLOUT, replicas=2)
        await kube.create(MODEL_DEPLOYMENT, declared)
    stories = Story(kube, namespace), Story(kube, namespace, "idle")
    for story in stories:
        status = (await story.until("Healthy"))["status"]
        shown = {kpi["name"]: kpi["verdict"] for kpi in status["kpis"]}
        assert shown == {"accuracy": "Pass"} | dict.fromkeys(
            ("live-errors", "pods-up"), "NotApplicable"
        )
    return stories


async def test_a_flaky_candidate_is_rolled_back_and_one_without_traffic_withdrawn(
    kube: Kube,
    namespace: str,
    controllers: Controllers,
    users: CountingPods,
    start_operator: Start,
    tmp_path: Path,
) -> None:
    """And the operator is killed in between: each window counts once."""
    controllers.ending = exam(lambda _: 95)
    with _prometheus(users, tmp_path) as settings:
        operator = start_operator(f"--prometheus={settings}")
        flaky, quiet = await _declare(kube, namespace)
        stable = await flaky.selected(), await quiet.selected()
        await flaky.serve(FLAKY)
        await quiet.serve(QUIET)

        async def has_counted() -> bool:
            run = await _live_run(kube, namespace, "fraud")
            return bool(run and run.get("status", {}).get("kpis"))

        await until(has_counted, "a window", seconds=180)
        operator.kill()
        start_operator(f"--prometheus={settings}")
        failed = (await flaky.until("Degraded"))["status"]
        waits = (await quiet.until("Paused"))["status"]

    async def are_withdrawn() -> bool:
        return (await flaky.selected(), await quiet.selected()) == stable

    await until(are_withdrawn, "stable to serve alone")
    assert failed["failedRevision"]["reason"] == "live-errors"
    assert "<= 5%, expected 1%" in failed["message"]
    assert "counted no request for 1m" in waits["message"]
    assert waits["candidate"]["weight"] == 0
    _check_shown(failed)
    _check_counts(await _live_run(kube, namespace, "fraud"))


def _check_shown(status: Document) -> None:
    """The value of the expression is that of the candidate's one pod."""
    up = next(kpi for kpi in status["kpis"] if kpi["name"] == "pods-up")
    assert (up["verdict"], up["value"], up["objective"]) == ("Pass", "1", "<= 100")


def _check_counts(run: Document | None) -> None:
    """No window was left out or counted twice, and the rate is about the true one."""
    assert run is not None
    status = run["status"]
    began, until_when = (
        datetime.fromisoformat(each) for each in (status["startedAt"], status["live"]["until"])
    )
    kpi = next(kpi for kpi in status["kpis"] if kpi["name"] == "live-errors")
    windows, _, requests, bad = kpi["evidence"]
    assert windows == (until_when - began).total_seconds() / 30
    assert 0.15 < bad / requests < 0.45
