"""A way to an API server that can be cut, or held: then requests wait, while answers come."""

import asyncio
import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from modelward.writes import Document

_ALWAYS = asyncio.Event()
_ALWAYS.set()


class Cuttable:
    """Forwards connections; TLS stays end to end, as the host is the API server's own."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._open: set[asyncio.StreamWriter] = set()
        self._sending = asyncio.Event()
        self._sending.set()

    def cut(self) -> int:
        """Close all connections that are open now; return how many there were."""
        count = len(self._open) // 2
        for writer in self._open:
            writer.transport.abort()
        return count

    def hold(self) -> None:
        """Keep what is sent to the API server, until `release`."""
        self._sending.clear()

    def release(self) -> None:
        """Send what was kept, and all that follows."""
        self._sending.set()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side closes it."""
        to_reader, to_writer = await asyncio.open_connection(*self._target)
        ends = {writer, to_writer}
        self._open |= ends
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pipe(reader, to_writer, self._sending))
                group.create_task(_pipe(to_reader, writer, _ALWAYS))
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()


async def _pipe(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, open_: asyncio.Event
) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            await open_.wait()
            writer.write(data)
            await writer.drain()
        writer.write_eof()


@asynccontextmanager
async def cuttable(config: Document) -> AsyncIterator[tuple[Cuttable, Document]]:
    """Yield a way to the API server of this kubeconfig, and one that leads through it."""
    server = urlsplit(config["clusters"][0]["cluster"]["server"])
    assert server.hostname
    way = Cuttable(server.hostname, server.port or 443)
    listening = await asyncio.start_server(way.connect, server.hostname, 0)
    port = listening.sockets[0].getsockname()[1]
    leading = copy.deepcopy(config)
    leading["clusters"][0]["cluster"]["server"] = f"https://{server.hostname}:{port}"
    try:
        yield way, leading
    finally:
        listening.close()
        way.cut()
