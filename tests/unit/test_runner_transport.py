"""The transport on well-behaved servers: bodies of every kind, kept connections, times."""

import asyncio
from time import perf_counter_ns

import pytest

from modelward.runner.transport import MAX_CONNECTIONS, RequestFailedError, Transport
from tests.unit.test_runner_hostile import JSON, OK, Writer, sends, serving, until_none_is_reusable


async def keeps(reader: asyncio.StreamReader, writer: Writer) -> None:
    """Answer again and again on one connection, with its number of answers so far."""
    answered = 1
    while True:
        writer.write(JSON.replace(b"{}", b"%02d" % answered))
        await reader.readuntil(b"\r\n\r\n")
        answered += 1


@pytest.mark.parametrize(
    "answer",
    [
        b"Content-Length: 5\r\n\r\nhello",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX: y\r\n\r\n",
        b"\r\nhello",
    ],
    ids=["with a length", "in chunks", "to the end of the connection"],
)
async def test_a_body_is_read(answer: bytes) -> None:
    async with serving(sends(OK, answer)) as url, Transport(url, 2.0) as transport:
        response = await transport.send("GET", "/")
    assert (response.status, response.body) == (200, b"hello")


async def test_a_request_is_what_was_asked_for() -> None:
    seen = bytearray()

    async def note(reader: asyncio.StreamReader, writer: Writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.extend(head + await reader.readexactly(3))
        writer.write(JSON)

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Transport(f"http://127.0.0.1:{port}", 2.0) as transport:
        await transport.send("POST", "/a%20b?c=d", {"X-Team": "ml"}, b"xyz")
    lines = bytes(seen).decode().split("\r\n")
    assert lines[0] == "POST /a%20b?c=d HTTP/1.1"
    assert {f"Host: 127.0.0.1:{port}", "X-Team: ml", "Content-Length: 3"} < set(lines)
    assert lines[-2:] == ["", "xyz"]


async def test_headers_are_named_in_lower_case_and_those_of_one_name_are_joined() -> None:
    answer = OK + b"X-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n"
    async with serving(sends(answer)) as url, Transport(url, 2.0) as transport:
        response = await transport.send("GET", "/")
    assert response.headers == {"x-a": "1, 2", "content-length": "0"}


async def test_an_interim_answer_is_no_answer() -> None:
    answer = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + JSON
    async with serving(sends(answer)) as url, Transport(url, 2.0) as transport:
        response = await transport.send("GET", "/")
    assert (response.status, response.headers) == (200, {"content-length": "2"})


async def test_a_connection_is_kept_and_used_again() -> None:
    async with serving(keeps) as url, Transport(url, 2.0) as transport:
        bodies = [(await transport.send("GET", "/")).body for _ in range(3)]
    assert bodies == [b"01", b"02", b"03"]


async def test_a_connection_that_was_idle_for_long_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("modelward.runner.transport.IDLE_NS", 0)
    async with serving(keeps) as url, Transport(url, 2.0) as transport:
        bodies = [(await transport.send("GET", "/")).body for _ in range(2)]
    assert bodies == [b"01", b"01"]


async def test_a_connection_that_its_server_has_closed_is_not_used_again() -> None:
    async with serving(sends(JSON)) as url, Transport(url, 2.0) as transport:
        for _ in range(3):
            assert (await transport.send("GET", "/")).status == 200
            await until_none_is_reusable(transport)


async def test_requests_beyond_the_most_connections_wait_on_their_own_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("modelward.runner.transport.MAX_CONNECTIONS", 2)
    assert MAX_CONNECTIONS == 1000
    open_now = most = 0

    async def count(_: asyncio.StreamReader, writer: Writer) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(1)
        open_now -= 1
        writer.write(JSON.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

    async with serving(count) as url, Transport(url, 1.9) as transport:
        sent = (transport.send("GET", "/") for _ in range(4))
        answers = await asyncio.gather(*sent, return_exceptions=True)
    assert most == 2
    assert sum(isinstance(answer, RequestFailedError) for answer in answers) == 2


async def test_each_part_of_a_body_is_told_with_the_time_at_which_it_came() -> None:
    async def stream(_: asyncio.StreamReader, writer: Writer) -> None:
        writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        for part in (b"one", b"two", b"six"):
            writer.write(b"3\r\n%b\r\n" % part)
            await writer.drain()
            await asyncio.sleep(0.03)
        writer.write(b"0\r\n\r\n")

    told: list[tuple[bytes, int]] = []
    async with serving(stream) as url, Transport(url, 2.0) as transport:
        began = perf_counter_ns()
        response = await transport.send(
            "POST", "/", body=b"", on_chunk=lambda data, at: told.append((data, at))
        )
    assert b"".join(data for data, _ in told) == response.body == b"onetwosix"
    times = [began, *(at for _, at in told), response.ended]
    assert times == sorted(times)
    assert len(set(times)) == len(times)


async def test_what_a_reader_of_parts_raises_is_raised_by_the_request() -> None:
    def refuse(_: bytes, __: int) -> None:
        raise LookupError("enough")

    async with serving(sends(JSON)) as url, Transport(url, 2.0) as transport:
        with pytest.raises(LookupError, match="enough"):
            await transport.send("GET", "/", on_chunk=refuse)
        assert not transport._idle


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("no-slash", {}),
        ("/a b", {}),
        ("/a\r\nX: y", {}),
        ("/", {"X": "a\r\nY: b"}),
        ("/", {"X Y": "a"}),
        ("/", {"": "a"}),
    ],
)
async def test_what_would_be_another_request_is_refused(path: str, headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"is no (path|header)"):
        await Transport("http://127.0.0.1:1", 1.0).send("GET", path, headers)


@pytest.mark.parametrize(
    "base",
    ["https://a/b", "http://a/b", "ftp://a", "a:80", "http://:80", "http://u@a", "https://a?b"],
)
async def test_a_base_that_is_none_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match="is not of the form"):
        Transport(base, 1.0)


async def test_a_name_that_nobody_knows_is_not_resolved() -> None:
    with pytest.raises(RequestFailedError, match="name not resolved") as raised:
        await Transport("http://nobody.invalid", 5.0).send("GET", "/")
    assert raised.value.unreached


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(113, "no route to host"), "no connection"),
        (RuntimeError("unable to perform operation"), "no connection"),
        (ConnectionRefusedError(), "connection refused"),
        (TimeoutError(), "no connection in time"),
    ],
)
async def test_why_no_connection_came_about_has_few_words(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("modelward.runner.transport.start_connection", fails)
    with pytest.raises(RequestFailedError) as raised:
        await Transport("http://127.0.0.1:1", 1.0).send("GET", "/")
    assert (raised.value.reason, raised.value.unreached) == (reason, True)
