"""Server-sent events: the lines of a stream, and when each event had come.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelward.protocols.base import Arrival

CONTENT_TYPE = "text/event-stream"


@dataclass(frozen=True)
class Event:
    """One event of a stream."""

    data: str
    """Its data lines, joined."""
    at: int | None
    """When its last byte had come, in ns; None where nobody looked."""


def events(body: bytes, arrivals: Sequence[Arrival]) -> Iterator[Event]:
    """Yield the events of a stream that have data; one that is not ended by an empty line is none.

    Raises UnicodeDecodeError.
    """
    ends = [arrival.end for arrival in arrivals]
    data: list[str] = []
    place = 0
    for line in body.splitlines(keepends=True):
        place += len(line)
        text = line.rstrip(b"\r\n")
        if not text and data:
            came = bisect_left(ends, place)
            yield Event("\n".join(data), arrivals[came].at if came < len(ends) else None)
            data = []
        elif text.startswith(b"data:"):
            data.append(text[5:].removeprefix(b" ").decode())
