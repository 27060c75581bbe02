"""Servers that misbehave, on real sockets: each request ends, within bounds, and says why."""

import asyncio
import contextlib
import itertools
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from time import perf_counter_ns

import pytest
import uvloop

from modelward.protocols import dialogue
from modelward.runner import exchange
from modelward.runner.client import Client
from modelward.runner.exchange import MAX_BODY, MAX_HEAD, MAX_HELD, Held
from modelward.runner.reach import UnreachableError, reach
from modelward.runner.transport import RequestFailedError, Transport
from tests.unit.runner_plans import ERRORS, a_plan, asked_by

Writer = asyncio.StreamWriter
Behaviour = Callable[[asyncio.StreamReader, Writer], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\n"
JSON = OK + b"Content-Length: 2\r\n\r\n{}"


@contextlib.asynccontextmanager
async def serving(behaviour: Behaviour) -> AsyncIterator[str]:
    """Serve on a free port; what a handler does after a whole request has come is `behaviour`."""

    async def handle(reader: asyncio.StreamReader, writer: Writer) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length or 0))
            await behaviour(reader, writer)
        with contextlib.suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def until_none_is_reusable(transport: Transport) -> None:
    """Wait until the client has noticed what its server did to an idle connection."""
    async with asyncio.timeout(60):
        while any(connection.is_reusable for connection in transport._idle):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def sends(*parts: bytes) -> Behaviour:
    async def behaviour(_: asyncio.StreamReader, writer: Writer) -> None:
        writer.write(b"".join(parts))
        await writer.drain()

    return behaviour


def repeats(begin: bytes, again: bytes, pause: float = 0.0) -> Behaviour:
    """Send something, then something else for ever."""

    async def behaviour(_: asyncio.StreamReader, writer: Writer) -> None:
        writer.write(begin)
        while True:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(pause)

    return behaviour


async def resets(_: asyncio.StreamReader, writer: Writer) -> None:
    """Close so that the client is told it was an error."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def resets_within(reader: asyncio.StreamReader, writer: Writer) -> None:
    await sends(OK, b"Content-Length: 100\r\n\r\n{")(reader, writer)
    await asyncio.sleep(0.05)
    await resets(reader, writer)


async def says_nothing(reader: asyncio.StreamReader, _: Writer) -> None:
    await reader.read()


async def half_closes(reader: asyncio.StreamReader, writer: Writer) -> None:
    """Say that no more is coming, and go on listening."""
    writer.write_eof()
    await reader.read()


FAILURES: list[tuple[str, Behaviour, str]] = [
    ("says nothing", says_nothing, "no answer in time"),
    ("trickles a body", repeats(OK + b"Content-Length: 9999\r\n\r\n", b"x", 0.02),
     "no answer in time"),
    ("trickles headers", repeats(OK, b"X: y\r\n", 0.02), "no answer in time"),
    ("sends a body without end", repeats(OK + b"\r\n", b"x" * 65536),
     f"the answer is longer than {MAX_BODY} bytes"),
    ("sends chunks without end",
     repeats(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n"),
     f"the answer is longer than {MAX_BODY} bytes"),
    ("sends headers without end", repeats(OK, b"X-More: " + b"y" * 1000 + b"\r\n"),
     f"headers longer than {MAX_HEAD} bytes"),
    ("sends one header without end", repeats(OK + b"X: ", b"y" * 65536),
     f"headers longer than {MAX_HEAD} bytes"),
    ("sends trailers without end",
     repeats(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: " + b"y" * 1000 + b"\r\n"),
     f"headers longer than {MAX_HEAD} bytes"),
    ("sends a chunk extension without end",
     repeats(OK + b"Transfer-Encoding: chunked\r\n\r\n1;x=", b"y" * 65536),
     f"headers longer than {MAX_HEAD} bytes"),
    ("sends interim answers without end", repeats(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 999),
     f"headers longer than {MAX_HEAD} bytes"),
    ("redirects to another host", sends(b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\n"
     b"Content-Length: 0\r\n\r\n"), "status 302"),
    ("redirects to itself for ever", sends(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\n"
     b"Content-Length: 0\r\n\r\n"), "status 307"),
    ("sends invalid UTF-8", sends(OK, b"Content-Length: 3\r\n\r\n\"\xff\""),
     "the answer is not JSON"),
    ("sends HTML as JSON", sends(OK, b"Content-Type: application/json\r\nContent-Length: 6\r\n\r\n"
     b"<html>"), "the answer is not JSON"),
    ("sends JSON that nests for ever", sends(OK, b"Content-Length: 200000\r\n\r\n" + b"[" * 200000),
     "the answer is not JSON"),
    ("sends gzip that nobody asked for", sends(OK, b"Content-Encoding: gzip\r\n"
     b"Content-Length: 4\r\n\r\n\x1f\x8b\x08\x00"), "the answer is not JSON"),
    ("resets the connection", resets, "connection closed before the answer"),
    ("resets it within the answer", resets_within, "connection closed within the answer"),
    ("closes its half without an answer", half_closes, "connection closed before the answer"),
    ("closes within the body", sends(OK, b"Content-Length: 100\r\n\r\n{"),
     "connection closed within the answer"),
    ("closes within a chunk", sends(OK, b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"),
     "connection closed within the answer"),
    ("closes within the headers", sends(OK, b"Content-"), "connection closed before the answer"),
    ("speaks another protocol", sends(b"SSH-2.0-OpenSSH_9.2\r\n"), "the answer is not HTTP"),
    ("changes the protocol", sends(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n"
     b"Connection: upgrade\r\n\r\n"), "the server changes the protocol"),
    ("says two lengths", sends(OK, b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
     "the answer is not HTTP"),
    ("says a negative length", sends(OK, b"Content-Length: -2\r\n\r\n{}"),
     "the answer is not HTTP"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("behaviour", "problem"), [pytest.param(*row[1:], id=row[0]) for row in FAILURES]
)
async def test_a_server_that(behaviour: Behaviour, problem: str) -> None:
    # Who is slow in sending too much is not too slow; only who never ends is waited for in vain.
    patience = 1.0 if problem == "no answer in time" else 60.0
    async with (
        serving(behaviour) as url,
        Client(url, asked_by(a_plan(url, ERRORS)), patience) as client,
    ):
        asked = perf_counter_ns()
        answer = await client.predict(client.dialogue.ask([]))
    assert answer.problem == problem
    assert not answer.unreached
    assert answer.ended > asked


async def test_a_failed_request_leaves_nothing_held_and_no_connection_kept() -> None:
    behaviour = repeats(OK + b"Content-Length: 99999\r\n\r\n", b"x", 0.01)
    async with serving(behaviour) as url, Transport(url, 0.2) as transport:
        with pytest.raises(RequestFailedError, match="no answer in time") as raised:
            await transport.send("GET", "/")
        assert raised.value.status == 200
        assert transport._held.bytes == 0
        assert not transport._idle


class HeldNoted(Held):
    """Remembers the most bytes that were held."""

    most = 0

    def __setattr__(self, name: str, value: int) -> None:
        super().__setattr__(name, value)
        type(self).most = max(self.most, value)


async def test_many_bodies_without_end_are_held_within_one_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchange, "MAX_HELD", 4_000_000)
    async with (
        serving(repeats(OK + b"\r\n", b"x" * 65536)) as url,
        Transport(url, 60.0) as transport,
    ):
        transport._held = HeldNoted()
        sent = (transport.send("GET", "/") for _ in range(20))
        answers = await asyncio.gather(*sent, return_exceptions=True)
    reasons = {str(answer) for answer in answers}
    assert "answers longer than 4000000 bytes at a time" in reasons
    assert all(isinstance(answer, RequestFailedError) for answer in answers)
    assert 4_000_000 < HeldNoted.most < 4_000_000 + 1_000_000
    assert transport._held.bytes == 0
    assert MAX_HELD <= 4 * MAX_BODY


async def test_a_second_answer_to_one_request_is_not_taken_for_that_of_the_next() -> None:
    turns = itertools.count()

    async def answers_twice(reader: asyncio.StreamReader, writer: Writer) -> None:
        await sends(JSON.replace(b"{}", b"%02d" % next(turns)), JSON)(reader, writer)
        await reader.read()

    async with serving(answers_twice) as url, Transport(url, 2.0) as transport:
        bodies = [(await transport.send("GET", "/")).body for _ in range(3)]
    assert bodies == [b"00", b"01", b"02"]


async def test_an_answer_that_came_unasked_for_is_not_taken_for_the_next() -> None:
    async def answers_again_later(reader: asyncio.StreamReader, writer: Writer) -> None:
        await sends(JSON)(reader, writer)
        await asyncio.sleep(0.05)
        await sends(JSON.replace(b"{}", b"no"))(reader, writer)
        await reader.read()

    async with serving(answers_again_later) as url, Transport(url, 2.0) as transport:
        assert (await transport.send("GET", "/")).body == b"{}"
        await until_none_is_reusable(transport)
        assert (await transport.send("GET", "/")).body == b"{}"


@pytest.mark.parametrize("alert", [40, 70], ids=["handshake_failure", "protocol_version"])
def test_a_tls_handshake_that_the_server_ends_is_told_with_what_may_be_the_reason(
    alert: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelward.runner.reach.REACH_SECONDS", 0.2)

    async def refuses(reader: asyncio.StreamReader, writer: Writer) -> None:
        await reader.read(2**14)  # what the client greets with
        # https://www.rfc-editor.org/rfc/rfc5246#section-7.2: an alert of two bytes, a fatal one.
        writer.write(bytes([21, 3, 3, 0, 2, 2, alert]))
        writer.close()

    async def told() -> str:
        async with await asyncio.start_server(refuses, "127.0.0.1", 0) as server:
            url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with Client(url, dialogue("v2", "m", {}), 5.0) as client:
                with pytest.raises(UnreachableError) as raised:
                    await reach(client)
        return str(raised.value)

    # The runner runs on uvloop, which has a TLS of its own.
    why = "can't be reached: no TLS handshake; the server ended it: it may want a client's"
    assert why in uvloop.run(told())
