"""What the API server really answers, and what the adapter makes of it."""

from collections.abc import AsyncIterator

import pytest

from modelward.cluster import errors
from modelward.cluster.api import Api
from modelward.cluster.connection import configure, new_client
from modelward.cluster.documents import uid, version
from modelward.cluster.kinds import (
    CONFIG_MAP,
    MODEL_DEPLOYMENT,
    REPLICA_SET,
    SERVICE,
    Kind,
)
from modelward.cluster.requests import NO_ANSWER, Requests
from modelward.writes import Document
from tests.apiserver.kube import QUOTA, Kube
from tests.apiserver.samples import deployment, make_deployment
from tests.apiserver.waiting import until
from tests.cluster.provider import Cluster
from tests.requests_noted import Noted

pytestmark = pytest.mark.apiserver


@pytest.fixture
def requests() -> Noted:
    return Noted()


@pytest.fixture
async def api(served: Cluster, requests: Noted) -> AsyncIterator[Api]:
    configuration = await configure(served.kubeconfig, None)
    configuration.trace_configs = [Requests(requests).trace(watches=False)]
    async with new_client(configuration) as client:
        yield Api(client)


def service(namespace: str, name: str = "fraud", **selector: str) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "annotations": {"a": "1", "b": "2"}},
        "spec": {"ports": [{"port": 80}], "selector": selector or {"app": "fraud"}},
    }


def applied(stored: Document, selector: dict[str, str], its_uid: str | None = None) -> Document:
    metadata = {key: stored["metadata"][key] for key in ("name", "namespace")}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**metadata, "uid": its_uid or uid(stored), "annotations": {"a": "", "b": "2"}},
        "spec": {"selector": selector},
    }


async def test_an_apply_after_our_own_create_replaces_the_whole_selector(
    api: Api, namespace: str
) -> None:
    stored = await api.create(service(namespace, app="fraud", revision="x"))
    answer = await api.apply(applied(stored, {"app": "fraud", "revision": "y"}))
    assert answer["spec"]["selector"] == {"app": "fraud", "revision": "y"}
    assert version(answer) > version(stored)


async def test_what_an_apply_leaves_out_stays_in_annotations_but_not_in_a_selector(
    api: Api, namespace: str
) -> None:
    stored = await api.create(service(namespace, app="fraud", revision="x"))
    body = applied(stored, {"app": "fraud"})
    del body["metadata"]["annotations"]["b"]
    answer = await api.apply(body)
    assert answer["metadata"]["annotations"] == {"a": "", "b": "2"}
    assert answer["spec"]["selector"] == {"app": "fraud"}


async def test_an_apply_that_is_told_the_uid_of_another_object_changes_nothing(
    api: Api, namespace: str
) -> None:
    stored = await api.create(service(namespace))
    with pytest.raises(errors.GoneError):
        await api.apply(applied(stored, {"app": "b"}, its_uid="0f0f0f0f-not-this-one"))
    assert await api.find(SERVICE, namespace, "fraud") == stored


async def test_an_apply_to_an_object_that_is_gone_creates_nothing(api: Api, namespace: str) -> None:
    stored = await api.create(service(namespace))
    await api.delete(SERVICE, namespace, "fraud", uid(stored))
    with pytest.raises(errors.GoneError):
        await api.apply(applied(stored, {"app": "b"}))
    assert await api.find(SERVICE, namespace, "fraud") is None


async def test_an_apply_that_is_not_allowed_is_invalid_and_not_gone(
    api: Api, namespace: str
) -> None:
    stored = await api.create(service(namespace))
    with pytest.raises(errors.InvalidError):
        await api.apply(applied(stored, {"app": "not a label value!"}))


async def test_a_name_that_is_in_use_is_said_to_be_taken(api: Api, namespace: str) -> None:
    await api.create(service(namespace))
    with pytest.raises(errors.NameTakenError):
        await api.create(service(namespace))


async def test_a_misspelt_field_is_refused_and_named(api: Api, namespace: str) -> None:
    document = service(namespace)
    document["spec"]["selektor"] = {}
    with pytest.raises(errors.InvalidError, match=r"spec\.selektor"):
        await api.create(document)


async def test_a_quota_is_forbidden_and_its_message_is_kept(
    api: Api, kube: Kube, namespace: str
) -> None:
    hard = {"hard": {"services": "0"}}
    quota = {"metadata": {"name": "none", "namespace": namespace}, "spec": hard}
    await kube.create(QUOTA, quota)
    await kube.patch(QUOTA, namespace, "none", {"status": {**hard, "used": {"services": "0"}}},
                     status=True)  # fmt: skip

    async def told() -> bool:
        with pytest.raises(errors.ForbiddenError) as refused:
            await api.create(service(namespace))
        # So long as admission has seen the quota but not its status: "status unknown for quota".
        return "exceeded quota" in str(refused.value)

    await until(told, "the quota to be in force")


async def test_a_delete_spares_another_object_of_the_same_name(api: Api, namespace: str) -> None:
    first = await api.create(service(namespace))
    await api.delete(SERVICE, namespace, "fraud", uid(first))
    second = await api.create(service(namespace))
    await api.delete(SERVICE, namespace, "fraud", uid(first))
    assert await api.find(SERVICE, namespace, "fraud") == second


async def test_a_status_is_written_only_to_the_version_it_was_made_for(
    api: Api, kube: Kube, namespace: str
) -> None:
    stored = await make_deployment(kube, namespace)
    old = stored["metadata"]["resourceVersion"]
    answer = await api.patch_status(MODEL_DEPLOYMENT, namespace, "fraud", old, {"message": "hello"})
    assert answer["status"]["message"] == "hello"
    assert answer["spec"] == stored["spec"]
    with pytest.raises(errors.ConflictError):
        await api.patch_status(MODEL_DEPLOYMENT, namespace, "fraud", old, {"message": "late"})


async def test_a_status_patch_changes_neither_spec_nor_metadata(
    api: Api, kube: Kube, namespace: str
) -> None:
    stored = await make_deployment(kube, namespace)
    version_now = stored["metadata"]["resourceVersion"]
    answer = await api.patch_status(
        MODEL_DEPLOYMENT, namespace, "fraud", version_now, {"phase": "Healthy", "message": None}
    )
    assert answer["metadata"]["generation"] == stored["metadata"]["generation"]


async def test_a_survey_holds_versions_and_no_spec(
    api: Api, kube: Kube, namespace: str, requests: Noted
) -> None:
    stored = await make_deployment(kube, namespace)
    listing = await api.survey(MODEL_DEPLOYMENT, namespace)
    (item,) = listing.items
    assert (uid(item), version(item)) == (uid(stored), version(stored))
    assert "spec" not in item
    assert listing.version >= version(stored)
    assert requests.codes[-1] == ("watch", "modeldeployments", "200")


async def test_an_empty_list_is_empty(api: Api, namespace: str) -> None:
    for listing in (
        await api.survey(REPLICA_SET, namespace),
        await api.list(REPLICA_SET, namespace, selector="a=b"),
    ):
        assert listing.items == ()
        assert listing.version > 0


async def test_what_is_not_there_is_none(api: Api, namespace: str) -> None:
    assert await api.get(CONFIG_MAP, namespace, "nothing") is None


async def test_a_kind_that_nobody_defined_is_not_served(api: Api) -> None:
    assert await api.serves(MODEL_DEPLOYMENT)
    assert not await api.serves(Kind("modelward.dev", "v1alpha1", "Nothing", "nothings"))
    assert not await api.serves(Kind("nobody.example", "v1", "Nothing", "nothings"))


async def test_every_request_is_counted_with_its_status(
    api: Api, namespace: str, requests: Noted
) -> None:
    stored = await api.create(service(namespace))
    await api.get(SERVICE, namespace, "nothing")
    await api.delete(SERVICE, namespace, "fraud", uid(stored))
    assert requests.codes == [
        ("create", "services", "201"),
        ("get", "services", "404"),
        ("delete", "services", "200"),
    ]


async def test_an_api_server_that_does_not_answer_is_unavailable(
    served: Cluster, namespace: str
) -> None:
    configuration = await configure(served.kubeconfig, None)
    configuration.host = "https://127.0.0.1:1"
    noted = Noted()
    configuration.trace_configs = [Requests(noted).trace(watches=False)]
    async with new_client(configuration) as client:
        api = Api(client)
        with pytest.raises(errors.UnavailableError, match="no answer") as caught:
            await api.create(deployment(namespace) | {"kind": "ModelDeployment"})
    assert caught.value.status == 0
    assert noted.codes == [("create", "modeldeployments", NO_ANSWER)]
