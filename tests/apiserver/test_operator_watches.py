"""What the operator asks the API server for, as the API server's own audit log has it."""

import asyncio
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from modelward.cluster.kinds import (
    CONFIG_MAP,
    MANAGED_ONLY,
    MODEL_DEPLOYMENT,
    OURS,
    REPLICA_SET,
    WATCHED,
)
from modelward.writes import Document
from tests.apiserver.kube import Kube
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import make_deployment
from tests.apiserver.story import announced
from tests.apiserver.waiting import until
from tests.cluster.provider import Cluster
from tests.cluster.rights import AuditLog
from tests.scraped import Scraped, connected_since

pytestmark = pytest.mark.apiserver

Start = Callable[..., OperatorProcess]


@pytest.fixture
def audit(served: Cluster) -> Callable[[], list[Document]]:
    """The requests of operators since now. A watch is in the log when it has ended."""
    log = AuditLog(served.audit_log)
    return lambda: [e for e in log.requests() if _sent_by(e, "kopf/", "modelward/")]


def _sent_by(entry: Document, *agents: str) -> bool:
    return str(entry.get("userAgent", "")).startswith(agents)


def _queries(entries: list[Document], plural: str) -> Iterator[dict[str, list[str]]]:
    """The parameters of watches of the objects of all namespaces."""
    for entry in entries:
        place = entry.get("objectRef", {})
        whole = place.get("resource") == plural and "namespace" not in place
        if entry["verb"] == "watch" and whole:
            yield parse_qs(urlsplit(entry["requestURI"]).query)


async def _life(start_operator: Start, audit: Callable[[], list[Document]]) -> list[Document]:
    """All requests of an operator that lived until it watched."""
    operator = start_operator(cluster_wide=True)
    everything = {kind.plural for kind in WATCHED}

    async def watching() -> bool:
        return {*connected_since(Scraped.of(operator.get("/metrics")[1]))} == everything

    await until(watching, "all watches to stand")
    await asyncio.sleep(1)  # in which it could ask for more
    operator.kill()

    async def ended() -> bool:
        kopfs = [entry for entry in audit() if _sent_by(entry, "kopf/")]
        return _kinds(kopfs, "watch") >= everything

    await until(ended, "the watches to be in the audit log")
    return audit()


def _kinds(entries: list[Document], verb: str) -> set[str]:
    return {entry["objectRef"]["resource"] for entry in entries if entry["verb"] == verb}


async def test_children_are_watched_by_label_and_our_own_kinds_whole(
    start_operator: Start, audit: Callable[[], list[Document]]
) -> None:
    entries = await _life(start_operator, audit)
    for kind in WATCHED:
        selector = [] if kind in OURS else [MANAGED_ONLY]
        asked = list(_queries(entries, kind.plural))
        assert asked, f"no watch of {kind.plural}"
        assert all(query.get("labelSelector", []) == selector for query in asked)


async def test_nothing_else_is_watched_and_nothing_is_listed(
    start_operator: Start, audit: Callable[[], list[Document]]
) -> None:
    entries = await _life(start_operator, audit)
    assert _kinds(entries, "watch") == {kind.plural for kind in WATCHED}
    assert _kinds(entries, "list") == set()


async def test_an_idle_round_reads_and_writes_nothing(
    kube: Kube, namespace: str, start_operator: Start, audit: Callable[[], list[Document]]
) -> None:
    start_operator()
    await make_deployment(kube, namespace)
    await until(lambda: announced(kube, namespace), "an Event")

    async def observed() -> bool:
        now = await kube.get(MODEL_DEPLOYMENT, namespace, "fraud")
        return bool(now and now["status"]["observedGeneration"] == 1)

    await until(observed, "a status")
    await kube.patch(CONFIG_MAP, namespace, "golden", {"data": {"other": "x"}})
    before = await _settled(audit)
    touched = {"metadata": {"annotations": {"modelward.dev/touched": "yes"}}}
    (replica_set,) = await kube.list(REPLICA_SET, namespace)
    await kube.patch(REPLICA_SET, namespace, replica_set["metadata"]["name"], touched)
    after = await _settled(audit)
    requests = [entry["requestURI"] for entry in after[len(before) :]]
    assert requests == []


async def test_the_check_of_the_cache_sends_watches_and_nothing_else(
    kube: Kube, namespace: str, start_operator: Start, audit: Callable[[], list[Document]]
) -> None:
    start_operator("--resync=1")
    await make_deployment(kube, namespace)
    await until(lambda: kube.list(REPLICA_SET, namespace), "a ReplicaSet")
    before = len(_other_than_watches(await _settled(audit)))
    surveys = sum("sendInitialEvents" in entry["requestURI"] for entry in audit())

    async def checked_twice() -> bool:
        asked = sum("sendInitialEvents" in entry["requestURI"] for entry in audit())
        return asked - surveys > 2 * len(WATCHED)

    await until(checked_twice, "two checks of the cache", seconds=180)
    assert [each["requestURI"] for each in _other_than_watches(audit())[before:]] == []


def _other_than_watches(entries: list[Document]) -> list[Document]:
    return [entry for entry in entries if entry["verb"] != "watch"]


async def _settled(audit: Callable[[], list[Document]]) -> list[Document]:
    """The operator's requests but watches, once no more have come for a moment."""
    entries = _other_than_watches(audit())
    while True:
        await asyncio.sleep(1)
        now = _other_than_watches(audit())
        if len(now) == len(entries):
            return now
        entries = now
