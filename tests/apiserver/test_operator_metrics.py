"""What the operator says in /metrics, compared with what happened and with the audit log."""

import asyncio
import json
import signal
from collections import Counter

import pytest

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
from tests.scraped import Scraped

pytestmark = pytest.mark.apiserver

Counts = Counter[tuple[str, ...]]


class Watched:
    """An operator that can be cut off, and the requests of its whole life."""

    def __init__(self, operator: OperatorProcess, way: Cuttable, cluster: Cluster) -> None:
        self.operator, self.way = operator, way
        self._log, self._offset = cluster.audit_log, cluster.audit_log.stat().st_size

    def scrape(self) -> Scraped:
        status, text = self.operator.get("/metrics")
        assert status == 200
        return Scraped.of(text)

    def requests(self) -> Counts:
        """Its answered requests by verb, resource and code, as it counts them."""
        counts = self.scrape().by("modelward_api_requests_total", "verb", "resource", "code")
        return Counter({each: n for each, n in counts.items() if each[2] != NO_ANSWER})

    async def quiet(self) -> None:
        """Wait until it asks for nothing."""
        seen = [self.requests()]

        async def nothing_new() -> bool:
            await asyncio.sleep(0.5)
            seen.append(self.requests())
            return seen[-1] == seen[-2]

        await until(nothing_new, "the operator to ask for nothing")

    async def cut(self) -> None:
        """Cut all connections, and wait until each watch stands again."""
        before = self.requests()
        assert self.way.cut() >= len(WATCHED)

        async def back() -> bool:
            return (self.requests() - before).total() >= len(WATCHED)

        await until(back, "all watches to be asked for again")

    def audited(self, namespace: str, agents: tuple[str, ...] = ("kopf/", "modelward/")) -> Counts:
        """Its requests by verb, resource and code, as the API server logged them."""
        entries = map(json.loads, self._log.read_bytes()[self._offset :].splitlines())
        return Counter(_named(entry) for entry in entries if _is_its(entry, namespace, agents))

    async def end(self, namespace: str) -> None:
        """End it; only then are its last watches in the audit log."""
        counted = self.requests().total()
        assert self.operator.kill(signal.SIGTERM) == 0

        async def logged() -> bool:
            return self.audited(namespace).total() >= counted

        await until(logged, "the watches to be in the audit log")


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
    now, requests = watched.scrape(), watched.requests()
    await watched.end(namespace)

    _check_releases(now)
    _check_objects(now, failed["revision"])
    _check_queues(now)
    audited = watched.audited(namespace)
    assert requests == audited
    assert audited["create", "events", "201"] == len(await story.reasons())
    # A fresh CRD's first watch may be answered by 429: "storage is (re)initializing".
    kopfs: Counter[str] = Counter()
    for (verb, resource, _), count in watched.audited(namespace, ("kopf/",)).items():
        kopfs[resource] += count * (verb == "watch")
    restarts = now.by("modelward_watch_restarts_total", "resource")
    assert {resource: restarts[resource,] + 1 for resource in +kopfs} == +kopfs


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
