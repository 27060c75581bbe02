"""What Kopf gets to see of a watch: each event cut down to what is kept, and one at a time.

Kopf parses a watch as fast as it comes and queues it, whole. At the start that is every object of
the cluster at once, twenty times as large as what is kept of them, and a process never gives all
of that memory back. So the events are cut before Kopf parses them, by the session that it is given
for its requests, and between two of them whoever is at work goes on.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from pydantic_core import from_json, to_json

from modelward.cluster.essence import essence
from modelward.cluster.kinds import kind_named

_CHUNK = 64 * 1024
_BOOKMARK = b'{"type":"BOOKMARK"'
_ANEW = b'{"type":"ERROR","object":{"code":410}}'
"""Has Kopf begin a watch anew. Where one broke off amid what exists, Kopf would go on from the last
object that it was told of, and never hear of the others."""


class WatchResponse(aiohttp.ClientResponse):
    """A response whose lines are events, if it is one to a watch."""

    async def start(self, connection: Any) -> aiohttp.ClientResponse:  # noqa: ANN401
        """Begin as any response does, and wrap what is read."""
        await super().start(connection)
        if self.url.query.get("watch") == "true" and self.status == 200:
            begins = self.url.query.get("sendInitialEvents") == "true"
            self.content = _Events(self.content, begins)  # type: ignore[assignment]
        return self


class _Events:
    """The body of a watch, read event by event."""

    def __init__(self, content: aiohttp.StreamReader, begins: bool) -> None:
        """`begins`: whether it begins with all that exists, up to a first bookmark."""
        self._content = content
        self._begins = begins

    def __getattr__(self, name: str) -> object:
        return getattr(self._content, name)

    async def iter_chunked(self, _: int) -> AsyncIterator[bytes]:
        """Yield one event at a time, as a line."""
        try:
            async for line in lines(self._content):
                if line.startswith(_BOOKMARK):
                    self._begins = False
                yield cut(line) + b"\n"
                await asyncio.sleep(0)
        except aiohttp.ClientError:
            if not self._begins:
                raise
        if self._begins:
            yield _ANEW + b"\n"


async def lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Yield the lines of a body; StreamReader's own way knows none as long as an object may be."""
    rest = b""
    async for chunk in content.iter_chunked(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line


def cut(line: bytes) -> bytes:
    """Return a watch event with the essence of its object; bookmarks and errors as they are."""
    event = from_json(line)
    if event["type"] not in ("ADDED", "MODIFIED", "DELETED"):
        return line
    whole = event["object"]
    return to_json({"type": event["type"], "object": essence(kind_named(whole["kind"]), whole)})
