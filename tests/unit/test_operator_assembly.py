"""The parts together: nothing is decided too early, and whoever asks is told the truth."""

import asyncio

import aiohttp
import pytest

from modelward.cluster import run
from modelward.cluster.assembly import STUCK_SECONDS, WATCH_SECONDS, Assembly, assemble
from modelward.cluster.documents import Key
from modelward.cluster.health import endpoints
from modelward.cluster.kinds import MODEL_DEPLOYMENT
from modelward.cluster.metrics import Metrics
from modelward.cluster.observe.runs import Runner
from modelward.cluster.requests import Requests
from modelward.writes import Document, ReleaseEnded
from tests.unit.fake_api import FakeApi

KEY = Key("ModelDeployment", "ml", "fraud")
UNREADABLE: Document = {
    "kind": "ModelDeployment",
    "metadata": {"name": "fraud", "namespace": "ml", "generation": 1},
    "spec": {"serving": 1},
}


class Bench:
    """An operator without Kopf, on an API server in a dictionary."""

    def __init__(self) -> None:
        self.api, self.metrics = FakeApi(), Metrics()
        self.requests = Requests(self.metrics)
        runner = Runner("modelward:dev", "Never")
        self.assembly: Assembly = assemble(self.api, self.metrics, self.requests, runner)
        self.tasks = [asyncio.create_task(each) for each in self.assembly.work(2)]

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def writes(self) -> list[str]:
        asking = ("list", "get", "find", "watch")
        return [verb for verb, _, _ in self.api.requests if verb not in asking]


async def test_nothing_is_decided_before_the_store_holds_what_the_api_server_has() -> None:
    bench = Bench()
    try:
        stored = bench.api.put(UNREADABLE)
        bench.assembly.wake(KEY)
        await asyncio.sleep(0.2)
        assert bench.assembly.unready() == "the cache is being filled"
        assert bench.writes() == []
        bench.assembly.store.learn(MODEL_DEPLOYMENT, stored)
        async with asyncio.timeout(10):
            await bench.assembly.resync.filled.wait()
            while not bench.writes():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert bench.assembly.unready() is None
        assert bench.writes() == ["patch"]
    finally:
        await bench.stop()


async def test_kinds_that_are_not_served_yet_are_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Kopf would watch without them, and decisions be taken as if there were no BenchmarkRuns."""
    monkeypatch.setattr(run, "CRD_SECONDS", 0.0)
    api = FakeApi()
    api.missing["BenchmarkRun"] = 2
    await run.served(api)
    assert api.missing["BenchmarkRun"] == -1
    assert caplog.messages == ["Waiting for the CRD of BenchmarkRun: apply the folder crds/."] * 2


async def test_a_round_that_never_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    try:
        assert bench.assembly.stuck() is None
        queue = bench.assembly.queues["ModelDeployment"]
        queue.add(KEY)
        await queue.get()
        began = asyncio.get_running_loop().time()
        monkeypatch.setattr(
            asyncio.get_running_loop(), "time", lambda: began + STUCK_SECONDS + 1, raising=False
        )
        assert bench.assembly.stuck() == "a round for a ModelDeployment has taken 301 s"
        monkeypatch.undo()
    finally:
        await bench.stop()


async def test_a_watch_that_is_forgotten_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    try:
        told = "the watch of pods was last asked for 601 s ago"
        monkeypatch.setattr(
            bench.requests, "forgotten", lambda after: told if after == WATCH_SECONDS else None
        )
        assert bench.assembly.stuck() == told
    finally:
        await bench.stop()


async def test_the_endpoints_answer_with_what_is_wrong() -> None:
    problems: dict[str, str | None] = {"live": None, "ready": "not yet"}
    metrics = Metrics()
    metrics.happened(ReleaseEnded("Promoted", "Judged"))
    async with (
        endpoints(
            "127.0.0.1",
            0,
            live=lambda: problems["live"],
            ready=lambda: problems["ready"],
            metrics=metrics,
        ) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):

        async def ask(path: str) -> tuple[int, str]:
            async with session.get(path) as answer:
                return answer.status, await answer.text()

        assert await ask("/healthz") == (200, "ok")
        assert await ask("/readyz") == (503, "not yet")
        problems.update(live="stuck", ready=None)
        assert await ask("/healthz") == (503, "stuck")
        assert await ask("/readyz") == (200, "ok")
        assert (
            'modelward_releases_total{outcome="Promoted",reason="Judged"} 1.0'
            in (await ask("/metrics"))[1]
        )
