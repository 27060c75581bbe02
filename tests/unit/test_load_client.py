"""The clients that call a model in the demo and the stories count what a user would notice."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.e2e.clients import load
from tests.e2e.clients.connections import Address, Connection
from tests.e2e.clients.load import Caller
from tests.e2e.clients.report import Report

REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
BODY = b'{"model_version": "1"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def bound() -> socket.socket:
    """Return a socket with a port of its own, on which nobody listens yet."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held


@contextlib.asynccontextmanager
async def serving(handler: Handler, held: socket.socket | None = None) -> AsyncIterator[Address]:
    """Serve on the port of a socket that is bound, by default on a free one."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError):
            await handler(reader, writer)

    server = await asyncio.start_server(handle, sock=held or bound())
    port = server.sockets[0].getsockname()[1]
    yield await Address.resolve(f"http://127.0.0.1:{port}/")
    server.close()


async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(ANSWER)


async def answer_always(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not reader.at_eof():
        await answer_once(reader, writer)


async def call_twice(handler: Handler, *, keep: bool, pause: float = 0.05) -> Report:
    report = Report(client="test", connections="kept" if keep else "new")
    async with serving(handler) as address:
        caller = Caller(address, keep, report)
        await caller.call(REQUEST, "model_version")
        await asyncio.sleep(pause)
        await caller.call(REQUEST, "model_version")
    return report


@pytest.mark.parametrize("keep", [True, False])
async def test_answers_are_counted_by_the_version_that_gave_them(keep: bool) -> None:
    report = await call_twice(answer_always, keep=keep)
    assert (report.sent, report.answered, report.failed) == (2, {"1": 2}, 0)
    assert report.reopened == 0


async def test_a_kept_connection_closed_between_two_requests_is_reopened() -> None:
    report = await call_twice(answer_once, keep=True)
    assert (report.answered, report.failed, report.reopened) == ({"1": 2}, 0, 1)


async def test_a_close_that_crosses_a_request_on_its_way_is_still_between_two_requests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Connection, "closed_by_server", lambda _: False)
    report = await call_twice(answer_once, keep=True)
    assert (report.answered, report.failed, report.reopened) == ({"1": 2}, 0, 1)


async def test_a_request_that_a_closing_server_left_unread_is_between_two_requests() -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)

        async def answer_one_of_two() -> None:
            for _ in range(2):
                connection, _ = await loop.sock_accept(listener)
                with connection:
                    await loop.sock_recv(connection, 1000)
                    await loop.sock_sendall(connection, ANSWER)
                    await asyncio.sleep(0.2)

        server = asyncio.create_task(answer_one_of_two())
        report = Report(client="test", connections="kept")
        address = await Address.resolve(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        caller = Caller(address, True, report)
        await caller.call(REQUEST, "model_version")
        await caller.call(REQUEST, "model_version")
        await server
    assert (report.answered, report.failed, report.reopened) == ({"1": 2}, 0, 1)


async def test_a_connection_closed_after_its_request_was_read_is_a_failure() -> None:
    async def answer_first_close_on_second(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await answer_once(reader, writer)
        await reader.readuntil(b"\r\n\r\n")

    report = await call_twice(answer_first_close_on_second, keep=True)
    assert (report.answered, report.failed, report.reopened) == ({"1": 1}, 1, 0)
    assert list(report.failures) == ["the connection was closed in mid-request"]


async def test_half_an_answer_is_a_failure() -> None:
    async def answer_half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER[:-5])

    report = await call_twice(answer_half, keep=False)
    assert (report.answered, report.failed) == ({}, 2)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n", "HTTP status 503"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP status 404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "no model_version"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "no Content-Length"),
    ],
)
async def test_an_answer_that_is_of_no_use_is_a_failure(answer: bytes, reason: str) -> None:
    async def answer_so(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    report = await call_twice(answer_so, keep=False)
    assert (report.answered, report.failed) == ({}, 2)
    ((told, failure),) = report.failures.items()
    assert reason in told
    assert failure.count == 2


async def test_an_answer_that_takes_too_long_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer_never(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    monkeypatch.setattr(load, "TIMEOUT_SECONDS", 0.1)
    report = await call_twice(answer_never, keep=False)
    assert (report.answered, report.failed) == ({}, 2)
    assert list(report.failures) == ["no answer within 0.1 s"]


async def test_a_refused_connection_is_a_failure() -> None:
    async with serving(answer_once) as address:
        pass
    report = Report(client="test", connections="new")
    await Caller(address, False, report).call(REQUEST, "model_version")
    assert report.failed == 1


async def test_a_connection_that_is_not_established_is_dialled_anew_and_counted_as_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened, dialled = Connection.open, 0

    async def lost_once(address: Address) -> Connection:
        nonlocal dialled
        dialled += 1
        if dialled == 1:
            try:
                await asyncio.Event().wait()
            finally:
                monkeypatch.setattr(load, "DIAL_SECONDS", 60.0)
        return await opened(address)

    monkeypatch.setattr(load, "DIAL_SECONDS", 0.05)
    monkeypatch.setattr(Connection, "open", lost_once)
    report = await call_twice(answer_always, keep=False)
    assert (report.answered, report.failed, report.redialled) == ({"1": 2}, 0, 1)


async def test_what_fails_before_the_address_is_routed_is_waited_for_and_not_counted() -> None:
    with bound() as held:
        address = await Address.resolve(f"http://127.0.0.1:{held.getsockname()[1]}/")
        caller = Caller(address, False, Report(client="test", connections="new"))
        waiting = asyncio.create_task(load.until_routed(caller, REQUEST, "model_version"))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        async with serving(answer_once, held):
            assert await waiting >= 0.2


async def test_an_answer_of_no_use_ends_the_waiting_as_users_would_see_it() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n")

    async with serving(refuse) as address, asyncio.timeout(5):
        caller = Caller(address, False, Report(client="test", connections="new"))
        await load.until_routed(caller, REQUEST, "model_version")


async def test_it_stops_after_sigterm_but_not_before_the_requests_that_it_owes(
    tmp_path: Path,
) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": "a", "inputs": [], "expected": 1}) + "\n")
    async with serving(answer_always) as address:
        options = [
            *("--url", f"http://127.0.0.1:{address.where[1]}/infer", "--rows", str(rows)),
            *("--connections", "new", "--rate", "100", "--at-least", "200"),
        ]
        client = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.e2e.clients.load", *options),
            stdout=asyncio.subprocess.PIPE,
        )
        assert client.stdout is not None
        first = Report.parse((await client.stdout.readline()).decode())
        client.send_signal(signal.SIGTERM)
        last = (await client.stdout.read()).decode().splitlines()[-1]
        assert await client.wait() == 0
    assert not first.done
    report = Report.parse(last)
    assert report.done
    assert report.sent == 200
    assert report.failed == 0


def test_a_report_is_read_back_as_it_was_written() -> None:
    report = Report("test", "new", sent=3, answered={"1": 1}, reopened=1, latest=0.25, slowest=0.5)
    report.count_failure("HTTP status 503")
    report.count_failure("HTTP status 503")
    assert Report.parse(report.to_json()) == report
