"""HTTP/1.1 over a socket, telling exactly how far a request got."""

import asyncio
import json
import socket
import struct
from dataclasses import dataclass
from email.message import Message
from http.client import parse_headers
from io import BytesIO
from typing import Self
from urllib.parse import urlsplit

_CHUNK = 65536
# struct tcp_info of linux/tcp.h: where the count of acknowledged bytes stands.
_TCP_INFO_BYTES_ACKED = 120


class AnswerError(Exception):
    """The request failed for its user; the text says how."""


class ClosedBetweenRequestsError(Exception):
    """The server closed the kept connection without having read the request."""


@dataclass(frozen=True)
class Address:
    """Where a service listens."""

    family: socket.AddressFamily
    where: tuple[str, int]

    @classmethod
    async def resolve(cls, url: str) -> Self:
        """Look up the host of a URL once, as long-lived clients do."""
        parts = urlsplit(url)
        found = await asyncio.get_running_loop().getaddrinfo(
            parts.hostname, parts.port or 80, family=socket.AF_INET, type=socket.SOCK_STREAM
        )
        family, _, _, _, where = found[0]
        return cls(family, (str(where[0]), int(where[1])))


@dataclass(frozen=True)
class Answer:
    """A complete HTTP answer."""

    status: int
    headers: Message
    body: bytes

    @property
    def keeps_connection(self) -> bool:
        """Whether the server lets the connection be used again."""
        return str(self.headers.get("Connection", "")).lower() != "close"

    def member(self, name: str) -> str:
        """Return a top-level member of the JSON body as text. Raises AnswerError without one."""
        try:
            return str(json.loads(self.body)[name])
        except (ValueError, KeyError, TypeError) as error:
            raise AnswerError(f"the answer has no {name}: {self.body[:80]!r}") from error


class Connection:
    """One connection; requests go over it one at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._asked_before = False

    @classmethod
    async def open(cls, address: Address) -> Self:
        """Connect. Raises OSError."""
        sock = socket.socket(address.family, socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await asyncio.get_running_loop().sock_connect(sock, address.where)
        except BaseException:
            sock.close()
            raise
        return cls(sock)

    def close(self) -> None:
        """Close it; twice is once."""
        self._socket.close()

    def closed_by_server(self) -> bool:
        """Whether the server has closed it, as far as is known here at this moment."""
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True  # the end of the stream, or bytes that nobody asked for

    async def ask(self, request: bytes) -> Answer:
        """Send a request and read its answer.

        Raises ClosedBetweenRequestsError when this is not the first request and the server closed
        the connection without having read the request, AnswerError or OSError otherwise.
        """
        reused, self._asked_before = self._asked_before, True
        acked = self._bytes_acked()
        received = bytearray()
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, request)
            return await self._read_answer(received)
        except (ConnectionError, AnswerError) as error:
            if reused and not received and self._was_not_read(error, acked):
                raise ClosedBetweenRequestsError from error
            raise

    def _was_not_read(self, error: Exception, acked: int) -> bool:
        """Whether the server's process had not read the request when it closed the connection.

        Its kernel resets a connection that is closed with bytes unread, and ends it in order when
        all were read. An orderly end may also cross a request on its way: that one is never
        acknowledged.
        """
        return isinstance(error, ConnectionError) or self._bytes_acked() == acked

    async def _read_answer(self, received: bytearray) -> Answer:
        while b"\r\n\r\n" not in received:
            await self._read_more(received)
        head, _, rest = bytes(received).partition(b"\r\n\r\n")
        status_line, _, fields = head.partition(b"\r\n")
        headers = parse_headers(BytesIO(fields + b"\r\n\r\n"))
        length = headers.get("Content-Length")
        if length is None:
            raise AnswerError("the answer has no Content-Length")
        body = bytearray(rest)
        while len(body) < int(length):
            await self._read_more(body)
        return Answer(int(status_line.split()[1]), headers, bytes(body))

    async def _read_more(self, received: bytearray) -> None:
        chunk = await asyncio.get_running_loop().sock_recv(self._socket, _CHUNK)
        if not chunk:
            raise AnswerError("the connection was closed in mid-request")
        received += chunk

    def _bytes_acked(self) -> int:
        info = self._socket.getsockopt(
            socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES_ACKED + 8
        )
        return int(struct.unpack_from("=Q", info, _TCP_INFO_BYTES_ACKED)[0])
