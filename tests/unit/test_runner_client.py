import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from modelward.runner.client import Answer, Client
from modelward.runner.reach import UnreachableError, hint, reach
from tests.unit.model_server import Handler, ModelServer
from tests.unit.runner_plans import ERRORS, a_plan, asked_by


def client_of(url: str, seconds: float = 5.0) -> Client:
    return Client(url, asked_by(a_plan(url, ERRORS)), seconds)


async def ask(handler: Handler, seconds: float = 5.0) -> Answer:
    async with (
        ModelServer(predict=handler).serving() as server,
        client_of(server.url, seconds) as client,
    ):
        return await client.predict(client.dialogue.ask([]))


def replying(body: bytes, status: int = 200, **headers: str) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers=headers)

    return handler


async def aborting(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def breaking_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"outputs": ')
    assert request.transport
    request.transport.close()
    return response


async def hanging(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


@pytest.mark.parametrize(
    ("handler", "problem"),
    [
        (replying(b"{}", 500), "status 500"),
        (replying(b"{}", 404), "status 404"),
        (replying(b"", 302, Location="/v2/models/m/ready"), "status 302"),
        (replying(b"<html>"), "the answer is not JSON"),
        (replying(b'{"a": NaN}'), "the answer is not JSON"),
        (replying(b"\xff"), "the answer is not JSON"),
        (replying(b""), "the answer is not JSON"),
        (aborting, "connection closed before the answer"),
        (breaking_off, "connection closed within the answer"),
        (hanging, "no answer in time"),
    ],
)
async def test_anything_but_json_with_status_2xx_is_a_failed_request(
    handler: Handler, problem: str
) -> None:
    answer = await ask(handler, seconds=0.5 if handler is hanging else 60.0)
    assert answer.problem == problem
    assert not answer.unreached


async def test_json_is_a_good_answer_whatever_its_content_type_says() -> None:
    answer = await ask(replying(b'{"outputs": [1, 0.5]}'))
    assert (answer.problem, answer.document) == (None, {"outputs": [1, 0.5]})


async def test_what_the_server_says_of_an_error_is_kept_in_part() -> None:
    answer = await ask(replying(b"x" * 5000, 400))
    assert answer.detail == "x" * 200


async def test_an_answer_without_end_is_not_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("modelward.runner.exchange.MAX_BODY", 1000)
    answer = await ask(replying(b'"' + b"x" * 100_000 + b'"'))
    assert answer.problem == "the answer is longer than 1000 bytes"


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelward.runner.reach.REACH_SECONDS", 0.6)
    monkeypatch.setattr("modelward.runner.transport.CONNECT_SECONDS", 0.2)


@pytest.fixture
async def refusing() -> AsyncIterator[str]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
async def silent() -> AsyncIterator[str]:
    """An address that answers no connection, as behind a NetworkPolicy: its queue is full."""
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.usefixtures("short_patience")
async def test_a_refused_connection_is_unreachable_and_says_what_to_look_at(refusing: str) -> None:
    async with client_of(refusing) as client:
        assert (await client.predict(client.dialogue.ask([]))).unreached
        with pytest.raises(UnreachableError, match="connection refused; look whether a server"):
            await reach(client)


@pytest.mark.usefixtures("short_patience")
async def test_a_connection_without_answer_is_unreachable_and_says_what_to_look_at(
    silent: str,
) -> None:
    async with client_of(silent) as client:
        assert (await client.predict(client.dialogue.ask([]))).unreached
        with pytest.raises(UnreachableError, match="no connection in time; look at the address"):
            await reach(client)


@pytest.mark.parametrize(
    ("base", "problem", "told"),
    [
        ("http://fraud.ml.svc:8080", "connection refused", "the Service's endpoints"),
        ("http://fraud.ml.svc:8080", "no connection in time", "NetworkPolicies"),
        ("http://fraud.ml.svc:8080", "the answer is not HTTP", "a service mesh"),
        ("http://localhost:8080", "connection refused", "whether a server listens"),
        ("http://localhost:8080", "the answer is not HTTP", "serving.protocol"),
    ],
)
def test_in_a_cluster_one_looks_at_other_things_than_on_a_laptop(
    base: str, problem: str, told: str
) -> None:
    assert told in hint(problem, base)


@pytest.mark.usefixtures("short_patience")
async def test_somebody_who_answers_late_is_waited_for() -> None:
    async with ModelServer(is_ready=False).serving() as server, client_of(server.url) as client:
        asyncio.get_running_loop().call_later(0.2, setattr, server, "is_ready", True)
        await reach(client)
        assert server.is_ready
