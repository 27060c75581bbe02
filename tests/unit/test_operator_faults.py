"""The adapter against a server that misbehaves on the wire."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio.client import Configuration

from modelward.cluster import errors
from modelward.cluster.api import Api
from modelward.cluster.connection import new_client
from modelward.cluster.documents import uid
from modelward.cluster.kinds import CONFIG_MAP, POD
from modelward.writes import Document

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Against = Callable[[Handler], AbstractAsyncContextManager[Api]]

BODY: Document = {"kind": "Service", "metadata": {"namespace": "ml", "name": "fraud"}}


@pytest.fixture
def against() -> Against:
    @asynccontextmanager
    async def api(handler: Handler) -> AsyncIterator[Api]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        async with TestServer(app) as server:
            configuration = Configuration()
            configuration.host = str(server.make_url("")).rstrip("/")
            async with new_client(configuration) as client:
                yield Api(client)

    return api


def status(code: int, reason: str = "", **more: object) -> Handler:
    """Answers with a Status, as the API server does."""

    async def answer(_: web.Request) -> web.Response:
        body = {"kind": "Status", "code": code, "reason": reason, "message": "as told", **more}
        return web.json_response(body, status=code)

    return answer


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (status(400), errors.InvalidError),
        (status(401), errors.UnavailableError),
        (status(403), errors.ForbiddenError),
        (status(404), errors.NotFoundError),
        (status(409, "AlreadyExists"), errors.NameTakenError),
        (status(409, "Conflict"), errors.ConflictError),
        (status(422), errors.InvalidError),
        (status(429), errors.UnavailableError),
        (status(500), errors.UnavailableError),
        (status(503), errors.UnavailableError),
        (status(504), errors.UnavailableError),
    ],
)
async def test_each_refusal_has_its_type_and_keeps_its_message(
    against: Against, handler: Handler, expected: type[errors.ApiError]
) -> None:
    async with against(handler) as api:
        with pytest.raises(errors.ApiError, match="as told") as caught:
            await api.create(BODY)
    assert type(caught.value) is expected


async def test_a_refusal_for_kinds_that_admission_has_not_learned_of_yet_is_no_refusal(
    against: Against,
) -> None:
    async def not_yet(_: web.Request) -> web.Response:
        message = "cannot set blockOwnerDeletion in this case because cannot find RESTMapping for"
        return web.json_response({"reason": "Forbidden", "message": message}, status=403)

    async with against(not_yet) as api:
        with pytest.raises(errors.NotYetError, match="RESTMapping"):
            await api.create(BODY)


async def test_the_wait_that_the_server_asks_for_is_known(against: Against) -> None:
    async def busy(_: web.Request) -> web.Response:
        return web.json_response({"message": "busy"}, status=429, headers={"Retry-After": "7"})

    async with against(busy) as api:
        with pytest.raises(errors.UnavailableError) as caught:
            await api.create(BODY)
    assert caught.value.retry_after == 7


async def test_the_wait_may_stand_in_the_details(against: Against) -> None:
    async with against(status(503, details={"retryAfterSeconds": 3})) as api:
        with pytest.raises(errors.UnavailableError) as caught:
            await api.create(BODY)
    assert caught.value.retry_after == 3


@pytest.mark.parametrize("told", ["Mon, 23 Nov 2026 12:00:00 GMT", "-5", "soon"])
async def test_a_wait_that_is_no_number_of_seconds_counts_as_none(
    against: Against, told: str
) -> None:
    async def busy(_: web.Request) -> web.Response:
        return web.json_response({}, status=429, headers={"Retry-After": told})

    async with against(busy) as api:
        with pytest.raises(errors.UnavailableError) as caught:
            await api.create(BODY)
    assert caught.value.retry_after == 0


async def test_a_proxy_s_page_is_an_error_with_its_text(against: Against) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<h1>Bad gateway</h1>", status=502, content_type="text/html")

    async with against(page) as api:
        with pytest.raises(errors.UnavailableError, match="Bad gateway"):
            await api.create(BODY)


async def test_a_connection_cut_in_the_middle_is_no_answer(against: Against) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"kind":')
        assert request.transport is not None
        request.transport.close()
        return response

    async with against(cut) as api:
        with pytest.raises(errors.UnavailableError, match="no answer") as caught:
            await api.create(BODY)
    assert caught.value.status == 0


async def test_a_success_that_is_not_json_is_no_answer(against: Against) -> None:
    async def nonsense(_: web.Request) -> web.Response:
        return web.Response(text="{", content_type="application/json")

    async with against(nonsense) as api:
        with pytest.raises(errors.UnavailableError, match="not JSON"):
            await api.get(CONFIG_MAP, "ml", "golden")


async def test_deleting_what_is_gone_or_another_s_is_no_error(against: Against) -> None:
    for handler in (status(404), conflicting("uid-b")):
        async with against(handler) as api:
            await api.delete(POD, "ml", "a", "uid-a")


async def test_a_delete_that_meets_another_conflict_has_not_deleted(against: Against) -> None:
    async with against(conflicting("uid-a")) as api:
        with pytest.raises(errors.ConflictError, match="try again"):
            await api.delete(POD, "ml", "a", "uid-a")


def conflicting(its_uid: str) -> Handler:
    """Has an object with this uid, and answers 409 to every write."""
    found: Document = {"type": "ADDED", "object": {"metadata": {"uid": its_uid}}}

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return await streaming(found, END)(request)
        return web.json_response({"reason": "Conflict", "message": "try again"}, status=409)

    return answer


async def test_an_apply_looks_before_it_says_that_an_object_is_gone(against: Against) -> None:
    """409 is said of an absent object and of an ordinary conflict, 422 of a wrong uid and more."""
    body: Document = {"kind": "Service", "metadata": {**BODY["metadata"], "uid": "uid-a"}}
    async with against(conflicting("uid-a")) as api:
        with pytest.raises(errors.ConflictError, match="try again"):
            await api.apply(body)
        body["metadata"]["uid"] = "uid-b"
        with pytest.raises(errors.GoneError):
            await api.apply(body)


def streaming(*events: Document) -> Handler:
    """Answers a watch with these events and ends it."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="".join(json.dumps(event) + "\n" for event in events))

    return answer


ADDED: Document = {"type": "ADDED", "object": {"metadata": {"name": "a", "uid": "uid-a"}}}
END: Document = {
    "type": "BOOKMARK",
    "object": {
        "metadata": {
            "resourceVersion": "7",
            "annotations": {"k8s.io/initial-events-end": "true"},
        }
    },
}


async def test_what_exists_is_read_to_its_end_however_long_an_object_is(against: Against) -> None:
    metadata = {"name": "a", "uid": "uid-a", "annotations": {"other.example/long": "x" * 900_000}}
    long = {"type": "ADDED", "object": {"metadata": metadata}}
    async with against(streaming(END)) as api:
        assert (await api.list(POD, "ml", selector="a=b")).items == ()
        assert await api.find(POD, "ml", "a") is None
    async with against(streaming(long, END)) as api:
        assert await api.find(POD, "ml", "a") == {"metadata": metadata}
        assert [uid(each) for each in (await api.survey(POD, None)).items] == ["uid-a"]


async def test_a_survey_that_is_cut_off_says_nothing_of_what_exists(against: Against) -> None:
    ordinary = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "7"}}}
    for events in ((), (ADDED,), (ADDED, ordinary)):
        async with against(streaming(*events)) as api:
            with pytest.raises(errors.UnavailableError, match="before its end"):
                await api.survey(POD, None)


async def test_an_error_in_the_middle_of_a_survey_has_its_type(against: Against) -> None:
    gone = {"code": 410, "reason": "Expired", "message": "as told"}
    async with against(streaming(ADDED, {"type": "ERROR", "object": gone})) as api:
        with pytest.raises(errors.GoneError, match="as told"):
            await api.survey(POD, None)
