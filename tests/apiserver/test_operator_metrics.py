"""What the operator says in /metrics, compared with what happened and with the audit log."""

import asyncio
import signal
from collections import Counter

import pytest

from modelward.cluster import clock
from modelward.cluster.kinds import WATCHED
from modelward.cluster.requests import NO_ANSWER
from modelward.writes import Document
from tests.apiserver.controllers import Controllers
from tests.apiserver.cuttable import Cuttable
from tests.apiserver.kube import Kube
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.story import two_promoted_and_one_rolled_back
from tests.apiserver.waiting import until
from tests.cluster.provider import Cluster
from tests.cluster.rights import AuditLog
from tests.scraped import Scraped, connected_since

pytestmark = pytest.mark.apiserver

Counts = Counter[tuple[str, ...]]


class Watched:
    """An operator that can be cut off, and the requests of its whole life."""

    def __init__(self, operator: OperatorProcess, way: Cuttable, cluster: Cluster) -> None:
        self.operator, self.way = operator, way
        self._log = AuditLog(cluster.audit_log)

    def scrape(self) -> Scraped:
        status, text = self.operator.get("/metrics")
        assert status == 200
        return Scraped.of(text)

    async def quiet(self) -> None:
        """Wait until it asks for nothing."""
        seen = [_requests(self.scrape())]

        async def nothing_new() -> bool:
            await asyncio.sleep(1)
            seen.append(_requests(self.scrape()))
            return seen[-1] == seen[-2]

        await until(nothing_new, "the operator to ask for nothing")

    async def cut(self) -> None:
        """Cut all connections, and wait until each watch stands again."""
        began = clock.now().timestamp()
        assert self.way.cut() >= len(WATCHED)

        async def back() -> bool:
            stand = [since for since in connected_since(self.scrape()).values() if since > began]
            return len(stand) == len(WATCHED)

        await until(back, "all watches to be asked for again")

    def audited(self, namespace: str, agents: tuple[str, ...] = ("kopf/", "modelward/")) -> Counts:
        """Its requests by verb, resource and code, as the API server logged them."""
        entries = self._log.requests()
        return Counter(_named(entry) for entry in entries if _is_its(entry, namespace, agents))

    async def end(self, namespace: str) -> Scraped:
        """Scrape it for the last time and end it; then its last watches are in the audit log."""
        last = self.scrape()
        assert self.operator.kill(signal.SIGTERM) == 0

        async def logged() -> bool:
            return self.audited(namespace).total() >= _answered(last).total()

        await until(logged, "the watches to be in the audit log")
        return last


def _requests(now: Scraped) -> Counts:
    """Its requests by verb, resource and code, as it counts them."""
    return now.by("modelward_api_requests_total", "verb", "resource", "code")


def _answered(now: Scraped) -> Counts:
    return Counter({each: n for each, n in _requests(now).items() if each[2] != NO_ANSWER})


def _is_its(entry: Document, namespace: str, agents: tuple[str, ...]) -> bool:
    agent = str(entry.get("userAgent", ""))
    where = entry.get("objectRef", {}).get("namespace", namespace)
    return agent.startswith(agents) and where == namespace


def _named(entry: Document) -> tuple[str, ...]:
    where = entry.get("objectRef", {})
    resource = "/".join(filter(None, (where.get("resource"), where.get("subresource"))))
    return entry["verb"], resource, str(entry["responseStatus"]["code"])


@pytest.fixture
def watched(served: Cluster, way: Cuttable, far_operator: OperatorProcess) -> Watched:
    watched = Watched(far_operator, way, served)
    far_operator.launch()
    return watched


async def test_the_numbers_are_those_of_what_happened(
    kube: Kube, namespace: str, controllers: Controllers, watched: Watched
) -> None:
    """Two versions are promoted and one is rolled back; then all watches are cut."""
    story = await two_promoted_and_one_rolled_back(kube, namespace, controllers)
    failed = (await story.now())["status"]["failedRevision"]
    await watched.quiet()
    await watched.cut()
    await watched.quiet()
    now = await watched.end(namespace)

    _check_releases(now)
    _check_objects(now, failed["revision"])
    _check_queues(now)
    audited = watched.audited(namespace)
    assert _answered(now) == audited
    assert audited["create", "events", "201"] == len(await story.reasons())
    # Whatever the answer: a fresh CRD's first watch may be told "storage is (re)initializing", 429,
    # and one on a connection that has just been cut gets none.
    asked: Counter[str] = Counter()
    kopfs = watched.audited(namespace, ("kopf/",)) + (_requests(now) - audited)
    for (verb, resource, _), count in kopfs.items():
        if verb == "watch":
            asked[resource] += count
    restarts = now.by("modelward_watch_restarts_total", "resource")
    assert {kind.plural: restarts[kind.plural,] + 1 for kind in WATCHED} == asked


def _check_releases(now: Scraped) -> None:
    assert now.by("modelward_releases_total", "outcome", "reason") == {
        ("Promoted", "Judged"): 2,
        ("RolledBack", "Kpi"): 1,
    }
    assert now.by("modelward_verdicts_total", "verdict", "reason") == {
        ("Pass", "EveryGateHolds"): 2,
        ("Fail", "GateFailed"): 1,
    }
    assert now.by("modelward_step_duration_seconds_count", "step", "result") == {
        ("benchmark", "passed"): 2,
        ("weight", "passed"): 1,
        ("takeover", "passed"): 2,
        ("benchmark", "failed"): 1,
    }


def _check_objects(now: Scraped, failed: str) -> None:
    assert now.by("modelward_modeldeployments", "phase") == {("Degraded",): 1}
    assert now.by("modelward_benchmarkruns", "phase") == {("Finished",): 3}
    (told,) = now.all("modelward_modeldeployment_failed_revision_info", name="fraud")
    assert (told.labels["revision"], told.labels["reason"]) == (failed, "accuracy")


def _check_queues(now: Scraped) -> None:
    for kind in ("ModelDeployment", "BenchmarkRun"):
        rounds = now.by("modelward_reconcile_duration_seconds_count", "kind")[kind,]
        assert rounds == now.value("workqueue_adds_total", name=kind) > 0
        assert rounds == now.value("workqueue_queue_duration_seconds_count", name=kind)
        assert rounds == now.value("workqueue_work_duration_seconds_count", name=kind)
        assert now.value("workqueue_depth", name=kind) == 0
