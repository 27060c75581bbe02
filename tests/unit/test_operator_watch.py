"""How Kopf is set up: what it may never do to users' objects."""

import asyncio
from collections.abc import Iterable, Sized
from itertools import islice
from typing import Any

import aiohttp
import kopf
import pytest
from kubernetes.aio.client import Configuration

from modelward.cluster import watch
from modelward.cluster.connection import kopf_login
from modelward.cluster.documents import Key, concerned
from modelward.cluster.kinds import MANAGED_ONLY, OURS, WATCHED
from modelward.cluster.requests import NO_ANSWER, Requests
from modelward.cluster.store import Store
from modelward.writes import Document
from tests.requests_noted import Noted


@pytest.fixture
def registry() -> kopf.OperatorRegistry:
    return watch.registry(Configuration(), Store(), lambda: None)


def test_only_handlers_that_leave_no_trace_are_registered(registry: kopf.OperatorRegistry) -> None:
    """Changing handlers annotate objects; daemons and timers put finalizers on them."""
    assert not registry._changing.get_all_handlers()
    assert not registry._spawning.get_all_handlers()
    assert not registry._webhooks.get_all_handlers()
    assert len(registry._watching.get_all_handlers()) == len(WATCHED)
    assert not registry._indexing.get_all_handlers(), "filling Kopf's indexes takes quadratic time"


def test_handlers_are_coroutines_because_kopf_runs_functions_in_threads(
    registry: kopf.OperatorRegistry,
) -> None:
    handlers = registry._watching.get_all_handlers()
    assert all(asyncio.iscoroutinefunction(handler.fn) for handler in handlers)


def test_kopf_posts_no_events_joins_no_peers_and_scans_nothing() -> None:
    settings = watch.settings()
    assert settings.posting.enabled is False
    assert settings.peering.standalone is True
    assert settings.scanning.disabled is True


def test_a_watch_begins_with_what_exists_so_that_nothing_is_ever_listed() -> None:
    assert watch.settings().watching.initial_streaming is True


async def test_kopf_remembers_no_object_between_its_events() -> None:
    memories = watch.NoMemories()
    body: kopf.RawBody = {"metadata": {"uid": "uid-a"}}
    assert await memories.recall(body) is not await memories.recall(body)
    assert list(memories.iter_all_memories()) == []


def test_children_are_selected_by_label_and_our_own_kinds_are_not() -> None:
    selectors = watch.settings().watching.label_selectors
    for kind in WATCHED:
        resource = kopf.Resource(
            kind.group, kind.version, kind.plural, kind.name, namespaced=True, preferred=True
        )
        expected = [] if kind in OURS else [MANAGED_ONLY]
        assert selectors.collect(resource) == expected


def test_another_operator_s_finalizer_is_never_taken_for_kopf_s_own() -> None:
    """Kopf removes its finalizer from all that it sees, another Kopf operator's included."""
    assert watch.settings().persistence.finalizer.startswith("modelward.dev/")


def test_kopf_tries_lists_and_watches_for_ever_and_soon_again() -> None:
    """At the end of its back-offs Kopf would end, and the operator with it."""
    backoffs = watch.settings().networking.error_backoffs
    assert not isinstance(backoffs, Sized)
    assert isinstance(backoffs, Iterable)
    for _ in range(2):  # each request begins anew
        first = list(islice(backoffs, 1000))
        assert first[0] < 1
        assert max(first) == first[-1] == 5


def test_a_request_that_is_never_answered_is_given_up_before_a_watch_counts_as_dead() -> None:
    """Kopf's own time-out for it is five minutes."""
    settings = watch.settings()
    assert settings.networking.request_timeout is not None
    assert settings.networking.request_timeout < settings.watching.inactivity_timeout


async def test_a_watch_that_begins_anew_says_so() -> None:
    asked: list[str] = []
    registry = watch.registry(Configuration(), Store(), lambda: asked.append("relisted"))
    tell: Any = next(iter(registry._watching.get_all_handlers())).fn
    meta = {"uid": "u", "name": "fraud", "namespace": "ml", "resourceVersion": "1"}
    for told in ("ADDED", None, "DELETED"):
        await tell(event={"type": told, "object": {"metadata": meta}})
    assert asked == ["relisted"]


@pytest.mark.parametrize(
    ("kind", "marks", "keys"),
    [
        ("ModelDeployment", {}, [("ModelDeployment", "fraud")]),
        ("ModelDeployment", {"modelward.dev/name": "other"}, [("ModelDeployment", "fraud")]),
        ("ReplicaSet", {"modelward.dev/name": "a"}, [("ModelDeployment", "a")]),
        ("Pod", {"modelward.dev/name": "a"}, [("ModelDeployment", "a")]),
        ("Pod", {"modelward.dev/run": "a-x-1"}, [("BenchmarkRun", "a-x-1")]),
        ("Job", {"modelward.dev/run": "a-x-1"}, [("BenchmarkRun", "a-x-1")]),
        (
            "BenchmarkRun",
            {"modelward.dev/name": "a"},
            [("BenchmarkRun", "fraud"), ("ModelDeployment", "a")],
        ),
        ("Pod", {"modelward.dev/managed": "true"}, []),
    ],
)
def test_a_change_wakes_the_resources_it_concerns(
    kind: str, marks: dict[str, str], keys: list[tuple[str, str]]
) -> None:
    document: Document = {"metadata": {"namespace": "ml", "name": "fraud", "labels": marks}}
    assert list(concerned(kind, document)) == [Key(of, "ml", name) for of, name in keys]


async def test_kopf_sees_that_refused_credentials_came_back_and_that_renewed_ones_did_not() -> None:
    """Equal ones it gives up on; else it would ask the API server with them again and again."""
    configuration = Configuration(host="https://127.0.0.1:1")
    configuration.api_key = {"authorization": "Bearer old"}
    first, again = await kopf_login(configuration), await kopf_login(configuration)
    configuration.api_key = {"authorization": "Bearer new"}
    renewed = await kopf_login(configuration)
    try:
        assert first == again
        assert first != renewed
    finally:
        for info in (first, again, renewed):
            await info.aiohttp_session.close()


async def test_kopf_s_requests_are_noted_like_ours() -> None:
    noted = Noted()
    configuration = Configuration(host="https://127.0.0.1:1")
    configuration.trace_configs = [Requests(noted).trace(watches=True)]
    session = (await kopf_login(configuration)).aiohttp_session
    with pytest.raises(aiohttp.ClientError):
        await session.get("https://127.0.0.1:1/api/v1/pods?watch=true")
    await session.close()
    assert noted.codes == [("watch", "pods", NO_ANSWER)]
