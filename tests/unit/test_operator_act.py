"""Acting: writes in their order, and what comes of each."""

import pytest

from modelward.cluster import errors
from modelward.cluster.act import Actor, OutdatedError
from modelward.cluster.documents import uid
from modelward.cluster.kinds import MODEL_DEPLOYMENT, SERVICE
from modelward.writes import (
    Apply,
    Create,
    Delete,
    Document,
    PatchStatus,
)
from tests.unit.acting import KEY, NOW, act, service
from tests.unit.fake_api import FakeApi


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
    foreign = service(owner=owner, managed="no")
    foreign["metadata"]["ownerReferences"][0]["name"] = "another"
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


async def test_a_child_that_lost_its_owner_is_a_refusal_that_says_how_to_hand_it_over(
    actor: Actor, api: FakeApi
) -> None:
    orphan = service()
    del orphan["metadata"]["ownerReferences"]
    api.put(orphan)
    with pytest.raises(OutdatedError):
        await act(actor, Create(service()))
    (refusal,) = actor.refusals.of(KEY)
    assert "Delete it" not in refusal.message
    assert "kubectl patch service fraud --type=merge" in refusal.message


async def test_a_child_of_an_owner_that_was_deleted_and_made_again_is_waited_out(
    actor: Actor, api: FakeApi
) -> None:
    api.put(service(owner="mdep-before"))
    with pytest.raises(OutdatedError, match="goes, too"):
        await act(actor, Create(service()))
    assert actor.refusals.of(KEY) == ()
    assert actor.store.versions(SERVICE) == {}


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
