"""Acting: writes in their order, and what comes of each."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from modelward.cluster import errors
from modelward.cluster.act import Actor, OutdatedError
from modelward.cluster.documents import Key, uid
from modelward.cluster.kinds import MODEL_DEPLOYMENT, SERVICE
from modelward.cluster.refusals import Refusals
from modelward.cluster.store import Store
from modelward.writes import (
    Announce,
    Apply,
    Create,
    Delete,
    Document,
    PatchStatus,
    Plan,
    Write,
)
from tests.unit.fake_api import FakeApi

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = Key("ModelDeployment", "ml", "fraud")
OWNER = {"kind": "ModelDeployment", "name": "fraud", "uid": "mdep", "controller": True}


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def actor(api: FakeApi) -> Actor:
    return Actor(api, Store(), Refusals(lambda: NOW), lambda: NOW, "operator-0")


def service(name: str = "fraud", *, owner: str = "mdep", managed: str = "true") -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": "ml",
            "labels": {"modelward.dev/managed": managed},
            "ownerReferences": [{**OWNER, "uid": owner}],
        },
        "spec": {"selector": {"app": "fraud"}},
    }


def event(key: str = "Promoted/x") -> Announce:
    regarding = {
        "apiVersion": "modelward.dev/v1alpha1",
        "kind": "ModelDeployment",
        "namespace": "ml",
        "name": "fraud",
        "uid": "mdep",
    }
    return Announce(regarding, "Normal", "Promoted", "Release", "It is promoted.", key)


async def act(actor: Actor, *writes: Write) -> None:
    await actor.carry_out(KEY, Plan(writes=writes))


async def test_writes_are_carried_out_in_order_and_are_in_the_store_afterwards(
    actor: Actor, api: FakeApi
) -> None:
    await act(actor, Create(service("a")), Create(service("b")))
    assert api.requests == [("create", "Service", "a"), ("create", "Service", "b")]
    stored = actor.store.controlled_by(SERVICE, "mdep")
    assert [each["metadata"]["name"] for each in stored] == ["a", "b"]


async def test_the_first_failure_ends_a_plan(actor: Actor, api: FakeApi) -> None:
    api.failures["create", "Service"] = errors.UnavailableError("down", 503, retry_after=7)
    deletion = Delete("v1", "Service", "ml", "a", "uid-a")
    with pytest.raises(errors.UnavailableError) as caught:
        await act(actor, Create(service()), deletion)
    assert caught.value.retry_after == 7
    assert [verb for verb, _, _ in api.requests] == ["create"]


async def test_a_name_that_we_have_already_is_only_a_cache_that_lags(
    actor: Actor, api: FakeApi
) -> None:
    existing = api.put(service())
    with pytest.raises(OutdatedError, match="exists already and is ours"):
        await act(actor, Create(service()))
    assert [uid(each) for each in actor.store.controlled_by(SERVICE, "mdep")] == [uid(existing)]
    assert actor.refusals.of(KEY) == ()


@pytest.mark.parametrize("owner", ["another", ""])
async def test_a_name_that_somebody_else_has_is_a_refusal_with_a_way_out(
    actor: Actor, api: FakeApi, owner: str
) -> None:
    foreign = service(owner=owner)
    if not owner:
        del foreign["metadata"]["ownerReferences"]
    api.put(foreign)
    with pytest.raises(OutdatedError):
        await act(actor, Create(service()))
    (refusal,) = actor.refusals.of(KEY)
    assert (refusal.kind, refusal.name, refusal.reason) == ("Service", "fraud", "NameTaken")
    assert "Delete it" in refusal.message
    assert '"uid":"mdep"' in refusal.message
    assert refusal.at == NOW
    assert actor.store.controlled_by(SERVICE, "mdep") == []


async def test_a_child_that_lost_its_label_is_a_refusal_that_says_how_to_put_it_back(
    actor: Actor, api: FakeApi
) -> None:
    api.put(service(managed="no"))
    with pytest.raises(OutdatedError):
        await act(actor, Create(service()))
    (refusal,) = actor.refusals.of(KEY)
    assert "kubectl label services fraud modelward.dev/managed=true" in refusal.message


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.InvalidError("spec.replicas: must not be negative", 422), "Invalid"),
        (errors.ForbiddenError("exceeded quota: pods", 403), "Forbidden"),
    ],
)
async def test_an_object_that_is_not_allowed_is_a_refusal_in_the_server_s_words(
    actor: Actor, api: FakeApi, error: errors.ApiError, reason: str
) -> None:
    api.failures["create", "Service"] = error
    with pytest.raises(OutdatedError):
        await act(actor, Create(service()))
    (refusal,) = actor.refusals.of(KEY)
    assert (refusal.reason, refusal.message) == (reason, str(error))


async def test_a_refusal_is_forgotten_when_the_create_works(actor: Actor, api: FakeApi) -> None:
    api.failures["create", "Service"] = errors.ForbiddenError("exceeded quota", 403)
    with pytest.raises(OutdatedError):
        await act(actor, Create(service()))
    api.failures.clear()
    await act(actor, Create(service()))
    assert actor.refusals.of(KEY) == ()


async def test_an_apply_to_an_object_that_is_gone_takes_it_from_the_store(
    actor: Actor, api: FakeApi
) -> None:
    await act(actor, Create(service()))
    (stored,) = actor.store.controlled_by(SERVICE, "mdep")
    api.objects.clear()
    body = {**service(), "metadata": {**service()["metadata"], "uid": uid(stored)}}
    with pytest.raises(OutdatedError, match="is gone"):
        await act(actor, Apply(body))
    assert actor.store.controlled_by(SERVICE, "mdep") == []


async def test_what_was_deleted_is_gone_from_the_store_at_once(actor: Actor, api: FakeApi) -> None:
    await act(actor, Create(service()))
    await act(actor, Delete("v1", "Service", "ml", "fraud", "uid-fraud"))
    assert actor.store.controlled_by(SERVICE, "mdep") == []
    assert api.objects == {}


def patch(resource_version: str) -> PatchStatus:
    return PatchStatus("ModelDeployment", "ml", "fraud", resource_version, {"phase": "Healthy"})


def deployment() -> Document:
    metadata = {"name": "fraud", "namespace": "ml"}
    return {"apiVersion": "modelward.dev/v1alpha1", "kind": "ModelDeployment", "metadata": metadata}


async def test_a_written_status_counts_at_once(actor: Actor, api: FakeApi) -> None:
    stored = api.put(deployment())
    await act(actor, patch(stored["metadata"]["resourceVersion"]))
    current = actor.store.get(MODEL_DEPLOYMENT, "ml", "fraud")
    assert current is not None
    assert current["status"] == {"phase": "Healthy"}


async def test_a_status_made_for_an_older_version_is_decided_anew(
    actor: Actor, api: FakeApi
) -> None:
    api.put(deployment())
    with pytest.raises(OutdatedError, match="has changed"):
        await act(actor, patch("1"))


async def test_a_resource_found_gone_by_its_status_is_gone_from_the_store(
    actor: Actor, api: FakeApi
) -> None:
    stored = api.put(deployment())
    actor.store.learn(MODEL_DEPLOYMENT, stored)
    api.objects.clear()
    with pytest.raises(OutdatedError, match="is gone"):
        await act(actor, patch(stored["metadata"]["resourceVersion"]))
    assert actor.store.get(MODEL_DEPLOYMENT, "ml", "fraud") is None


async def test_an_event_is_written_once_in_a_process_and_once_over_restarts(
    actor: Actor, api: FakeApi
) -> None:
    await act(actor, event(), event())
    assert len(api.requests) == 1
    later = NOW + timedelta(minutes=1)
    restarted = Actor(api, Store(), Refusals(lambda: later), lambda: later, "operator-1")
    await act(restarted, event())
    assert len(api.objects) == 1


async def test_events_of_different_keys_are_different(actor: Actor, api: FakeApi) -> None:
    await act(actor, event("Promoted/x"), event("Promoted/y"))
    assert len(api.objects) == 2


@pytest.mark.parametrize(
    "error",
    [
        errors.ForbiddenError("namespace is being terminated", 403),
        errors.UnavailableError("too many requests", 429),
        errors.InvalidError("note too long", 422),
    ],
)
async def test_an_event_that_is_refused_stops_nothing(
    actor: Actor, api: FakeApi, error: errors.ApiError
) -> None:
    api.failures["create", "Event"] = error
    await act(actor, event(), Create(service()))
    assert ("Service", "ml", "fraud") in api.objects


async def test_an_event_that_reaches_nobody_stops_the_plan(actor: Actor, api: FakeApi) -> None:
    api.failures["create", "Event"] = errors.UnavailableError("no answer")
    with pytest.raises(errors.UnavailableError):
        await act(actor, event(), Create(service()))
    assert api.objects == {}


async def test_the_log_names_an_event_and_does_not_quote_it(
    actor: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    """A note may quote a container's last words, which are the tenant's."""
    with caplog.at_level(logging.DEBUG):
        await act(actor, event())
    assert caplog.messages == ["Announced Promoted."]
