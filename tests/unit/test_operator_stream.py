"""Watches as Kopf sees them: cut down, event by event."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from modelward.cluster.stream import WatchResponse, cut
from modelward.writes import Document

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

POD: Document = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "a", "namespace": "ml", "uid": "uid-a", "resourceVersion": "5"},
    "spec": {"containers": [{"name": "server", "image": "fraud:1"}], "nodeName": "n"},
}
BOOKMARK: Document = {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"x": "y"}}}


def test_an_event_is_cut_to_what_is_kept_and_keeps_its_type_and_version() -> None:
    for kind in ("ADDED", "MODIFIED", "DELETED"):
        event = json.loads(cut(json.dumps({"type": kind, "object": POD}).encode()))
        assert event["type"] == kind
        assert event["object"]["metadata"]["resourceVersion"] == "5"
        assert event["object"]["spec"] == {"containers": [{"name": "server"}]}


def test_bookmarks_and_errors_are_left_alone() -> None:
    error = {"type": "ERROR", "object": {"kind": "Status", "code": 410}}
    for event in (BOOKMARK, error):
        line = json.dumps(event).encode()
        assert cut(line) == line


async def test_a_watch_is_read_event_by_event_and_others_work_in_between() -> None:
    events = [{"type": "ADDED", "object": POD}] * 3 + [BOOKMARK]

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="".join(json.dumps(event) + "\n" for event in events))

    app = web.Application()
    app.router.add_get("/", answer)
    seen: list[str] = []
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession(response_class=WatchResponse) as session,
        session.get(server.make_url("/?watch=true")) as response,
    ):
        loop = asyncio.get_running_loop()
        async for line in response.content.iter_chunked(1024 * 1024):
            seen.append(json.loads(line)["type"])
            loop.call_soon(seen.append, "another")
    assert seen[:6] == ["ADDED", "another"] * 3
    assert "BOOKMARK" in seen


def cut_off(*events: Document) -> Handler:
    """Answers a watch with these events; then the connection breaks."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000000"})
        await response.prepare(request)
        for event in events:
            await response.write(json.dumps(event, separators=(",", ":")).encode() + b"\n")
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


async def types(handler: Handler, query: str) -> list[str]:
    """The types of the events that Kopf gets to see, and at the end whether it sees a break."""
    app = web.Application()
    app.router.add_get("/", handler)
    seen: list[str] = []
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession(response_class=WatchResponse) as session,
        session.get(server.make_url(f"/?watch=true{query}")) as response,
    ):
        try:
            async for line in response.content.iter_chunked(1024):
                event = json.loads(line)
                seen.append(str(event["object"].get("code", event["type"])))
        except aiohttp.ClientPayloadError:
            seen.append("broken")
    return seen


async def test_a_watch_that_breaks_off_amid_what_exists_begins_anew() -> None:
    """Kopf would go on from the last object that it was told of, and never hear of the others."""
    added: Document = {"type": "ADDED", "object": POD}
    begins = "&sendInitialEvents=true"
    assert await types(cut_off(added), begins) == ["ADDED", "410"]
    assert await types(cut_off(added, BOOKMARK), begins) == ["ADDED", "BOOKMARK", "broken"]
    assert await types(cut_off(added), "&resourceVersion=5") == ["ADDED", "broken"]


async def test_what_is_no_watch_is_read_as_it_is() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(POD)

    app = web.Application()
    app.router.add_get("/", answer)
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession(response_class=WatchResponse) as session,
        session.get(server.make_url("/")) as response,
    ):
        assert await response.json() == POD
