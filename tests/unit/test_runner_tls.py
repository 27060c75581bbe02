"""Servers that are asked over TLS, by every protocol, with certificates of a real authority."""

import asyncio
import contextlib
import functools
import json
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, ParamSpec

import grpc
import pytest
import uvloop
from aiohttp import web
from grpc import aio

from modelward.protocols import PROTOCOLS, dialogue
from modelward.protocols.wire import grpcmessages
from modelward.protocols.wire import open_inference_pb2 as pb
from modelward.runner.client import Client
from modelward.runner.reach import UnreachableError, reach
from modelward.runner.tls import SYSTEM, Trust
from modelward.runner.transport import RequestFailedError, Transport
from modelward.strictjson import Json
from tests.unit.authority import Authority, Certificate
from tests.unit.model_server import serving_app
from tests.unit.test_runner_hostile import JSON, OK, Behaviour, sends

P = ParamSpec("P")
TENSOR: dict[str, Json] = {"name": "x", "shape": [1], "datatype": "INT64", "data": [4]}
GRPC: dict[str, str] = {"transport": "grpc"}
ASKED: dict[str, tuple[Json, dict[str, str], dict[str, Any]]] = {
    "http": ({"x": 4}, {"path": "/predict"}, {"prediction": 8}),
    "openai": ("4", {"endpoint": "chat"}, {"choices": [{"message": {"content": "8"}}]}),
    "v1": ([4], {}, {"predictions": [8]}),
    "v2": ([TENSOR], {}, {"outputs": [TENSOR | {"data": [8]}]}),
}
"""By protocol: inputs of a row, what is said of the protocol, and the answer."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def good(authority: Authority) -> Certificate:
    return authority.issue("good")


@pytest.fixture(scope="module")
def trust(authority: Authority) -> Trust:
    return Trust(authority.certificate.file)


def on_uvloop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test on what the runner runs on: uvloop has a TLS of its own."""

    @functools.wraps(test)
    def run(*args: P.args, **named: P.kwargs) -> None:
        uvloop.run(test(*args, **named))

    return run


@contextlib.asynccontextmanager
async def serving_grpc(certificate: Certificate | None) -> AsyncIterator[str]:
    """Serve a model that is ready and doubles; plain without a certificate."""

    class Model(grpc.GenericRpcHandler):
        def service(self, call: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
            async def ready(_: bytes, __: object) -> bytes:
                return pb.ModelReadyResponse(ready=True).SerializeToString()

            async def infer(message: bytes, _: object) -> bytes:
                asked = pb.ModelInferRequest.FromString(message).inputs[0]
                doubled = pb.ModelInferResponse()
                tensor = doubled.outputs.add(name="y", datatype="INT64", shape=[1])
                tensor.contents.int64_contents.append(2 * asked.contents.int64_contents[0])
                return doubled.SerializeToString()

            handles = ready if call.method == grpcmessages.READY else infer
            return grpc.unary_unary_rpc_method_handler(handles)

    server = aio.server()
    server.add_generic_rpc_handlers((Model(),))
    if certificate:
        pair = certificate.key.read_bytes(), certificate.file.read_bytes()
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        await server.stop(0)


@contextlib.asynccontextmanager
async def serving(
    certificate: Certificate | None, answer: dict[str, Any] | None = None
) -> AsyncIterator[str]:
    """Serve this answer to all that is asked; plain without a certificate."""

    async def answers(_: web.Request) -> web.Response:
        return web.json_response(answer or {})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answers)
    tls = certificate.context() if certificate else None
    async with serving_app(app, tls) as url:
        yield url.replace("http://", "https://")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@on_uvloop
async def test_every_protocol_is_spoken_over_tls(
    protocol: str, good: Certificate, trust: Trust
) -> None:
    inputs, said, answer = ASKED[protocol]
    spoken = dialogue(protocol, "m", said)
    async with serving(good, answer) as url, Client(url, spoken, 5.0, trust=trust) as client:
        await reach(client) if protocol != "openai" else None
        answered = await client.predict(spoken.ask(inputs))
    assert (answered.problem, answered.document) == (None, answer)


@on_uvloop
async def test_grpc_is_spoken_over_tls(good: Certificate, trust: Trust) -> None:
    spoken = dialogue("v2", "m", GRPC)
    async with serving_grpc(good) as url, Client(url, spoken, 5.0, trust=trust) as client:
        await reach(client)
        answered = await client.predict(spoken.ask([TENSOR]))
    assert answered.problem is None
    assert json.loads(json.dumps(answered.document))["outputs"][0]["data"] == [8]


@pytest.mark.parametrize("said", [{}, GRPC], ids=["rest", "grpc"])
@pytest.mark.parametrize(
    ("issued", "problem", "advice"),
    [
        (
            lambda by: by.self_signed("stranger"),
            "certificate not trusted",
            "say --ca-file FILE with the certificate of",
        ),
        (
            lambda by: by.issue("another", "DNS:model.example"),
            "certificate for another name",
            "-noout -ext subjectAltName prints them",
        ),
        (lambda by: by.expired("old"), "certificate out of date", "renew the server's certificate"),
        (lambda _: None, "no TLS", "say http:// if the server speaks plain HTTP there"),
    ],
    ids=["of a stranger", "for another name", "of long ago", "none"],
)
@on_uvloop
async def test_a_certificate_that_can_t_be_believed_is_told_with_what_to_do(
    authority: Authority,
    trust: Trust,
    said: dict[str, str],
    issued: Callable[[Authority], Certificate | None],
    problem: str,
    advice: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("modelward.runner.reach.REACH_SECONDS", 600.0)
    serve, spoken = serving_grpc if said else serving, dialogue("v2", "m", said)
    async with serve(issued(authority)) as url, Client(url, spoken, 5.0, trust=trust) as client:
        with pytest.raises(UnreachableError) as raised:
            await asyncio.wait_for(reach(client), 60)  # not after the time of other troubles
    told = str(raised.value)
    assert f"the revision at {url} can't be reached: {problem}; " in told
    assert advice in told
    assert "HOST:PORT" not in told
    assert len(told) <= 300


@pytest.mark.parametrize("said", [{}, GRPC], ids=["rest", "grpc"])
@on_uvloop
async def test_the_systems_trust_store_is_asked_where_no_file_is_named(
    authority: Authority,
    good: Certificate,
    said: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoken, serve = dialogue("v2", "m", said), serving_grpc if said else serving
    async with serve(good) as url:
        async with Client(url, spoken, 5.0, trust=SYSTEM) as client:
            answer, _ = await client.ready()
        assert answer.problem == "certificate not trusted"
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate.file))
        async with Client(url, spoken, 5.0, trust=SYSTEM) as client:
            answer, _ = await client.ready()
        assert answer.problem is None


@pytest.mark.parametrize("said", [{}, GRPC], ids=["rest", "grpc"])
@on_uvloop
async def test_a_servers_own_certificate_is_enough_to_believe_it(
    authority: Authority, said: dict[str, str]
) -> None:
    spoken, serve = dialogue("v2", "m", said), serving_grpc if said else serving
    certificate = authority.issue("pinned")
    trust = Trust(certificate.file)
    async with serve(certificate) as url, Client(url, spoken, 5.0, trust=trust) as client:
        answer, _ = await client.ready()
    assert answer.problem is None


def test_certificates_in_a_hashed_folder_are_the_systems_as_well(
    authority: Authority, good: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "5ed36f99.0").write_bytes(authority.certificate.file.read_bytes())
    (tmp_path / "README").write_bytes(b"no certificate")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", str(good.file))
    roots = Trust().roots()
    assert roots.count(b"BEGIN CERTIFICATE") == 2
    assert b"no certificate" not in roots


@contextlib.asynccontextmanager
async def behaving(certificate: Certificate, behaviour: Behaviour) -> AsyncIterator[str]:
    """Serve bytes over TLS as they are."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await behaviour(reader, writer)

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=certificate.context())
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@on_uvloop
async def test_a_connection_is_kept_so_that_only_the_first_request_pays_for_the_handshake(
    good: Certificate, trust: Trust
) -> None:
    async with behaving(good, sends(JSON)) as url, Transport(url, 5.0, trust) as transport:
        await transport.send("GET", "/")
        (kept,) = transport._idle
        for _ in range(3):
            assert (await transport.send("GET", "/")).body == b"{}"
            assert [*transport._idle] == [kept]


@on_uvloop
async def test_a_body_ends_with_its_connection_only_where_tls_ends_it_too(
    good: Certificate, trust: Trust
) -> None:
    async def ends(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"\r\nhello")
        writer.close()

    async def is_cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"\r\nhel")
        await asyncio.sleep(0.05)
        writer.transport.abort()

    async with behaving(good, ends) as url, Transport(url, 5.0, trust) as transport:
        assert (await transport.send("GET", "/")).body == b"hello"
    async with behaving(good, is_cut) as url, Transport(url, 5.0, trust) as transport:
        with pytest.raises(RequestFailedError, match="connection closed within the answer"):
            await transport.send("GET", "/")


@on_uvloop
async def test_a_server_that_never_shakes_hands_is_given_up(
    trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2)
        writer.close()

    monkeypatch.setattr("modelward.runner.transport.CONNECT_SECONDS", 0.2)
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, Transport(url, 5.0, trust) as transport:
        with pytest.raises(RequestFailedError, match="no connection in time") as raised:
            await transport.send("GET", "/")
    assert raised.value.unreached
