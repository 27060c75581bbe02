"""Structured logs: one JSON object per line, with the resource that it is about."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter

from modelward.cluster.documents import Key

_subject: ContextVar[Key | None] = ContextVar("_subject", default=None)


@contextmanager
def about(key: Key) -> Iterator[None]:
    """Say in each line that is logged meanwhile which resource it is about."""
    token = _subject.set(key)
    try:
        yield
    finally:
        _subject.reset(token)


class _Subject(logging.Filter):
    """Adds the resource to a record."""

    def filter(self, record: logging.LogRecord) -> bool:
        key = _subject.get()
        if key is not None:
            record.kind, record.namespace, record.object = key
        return True


def set_up(level: str) -> None:
    """Log to standard error, from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Subject())
    handler.setFormatter(
        JsonFormatter(
            "%(levelname)s %(name)s %(message)s",
            timestamp=True,
            rename_fields={"levelname": "level", "name": "logger"},
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Kopf says of each event that its handler succeeded.
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
