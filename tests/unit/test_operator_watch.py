"""How Kopf is set up: what it may never do to users' objects."""

import asyncio
from collections.abc import Iterable, Sized
from itertools import islice
from typing import Any

import kopf
import pytest
from kubernetes.aio.client import Configuration

from modelward.cluster import watch
from modelward.cluster.documents import Key, concerned
from modelward.cluster.kinds import MANAGED_ONLY, OURS, WATCHED
from modelward.cluster.store import Store
from modelward.writes import Document


@pytest.fixture
def registry() -> kopf.OperatorRegistry:
    return watch.registry(Configuration(), Store(), lambda _: None, lambda: None)


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


def test_a_list_that_is_never_answered_is_given_up_before_the_watch_counts_as_dead() -> None:
    """Kopf's own time-out for it is five minutes."""
    settings = watch.settings()
    assert settings.networking.request_timeout is not None
    assert settings.networking.request_timeout < settings.watching.inactivity_timeout


async def test_a_watch_that_lists_anew_says_so() -> None:
    asked: list[str] = []
    registry = watch.registry(
        Configuration(), Store(), lambda _: None, lambda: asked.append("relisted")
    )
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
