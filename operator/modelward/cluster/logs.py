"""Structured logs: one JSON object per line, with the object and the release that it is about.

Levels: ERROR is a bug or the end of the process, WARNING wants a look when it stays, INFO is what
the operator did, DEBUG is for its developers. No level logs what objects contain.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from modelward.cluster.documents import Key
from modelward.writes import Subject

_subject: ContextVar[dict[str, str] | None] = ContextVar("_subject", default=None)

_KOPF_REQUESTS = "kopf._cogs.clients."


@contextmanager
def about(key: Key) -> Iterator[None]:
    """Say in each line that is logged meanwhile which object it is about."""
    token = _subject.set({"kind": key.kind, "namespace": key.namespace, "object": key.name})
    try:
        yield
    finally:
        _subject.reset(token)


def in_release(subject: Subject | None) -> None:
    """Say from now on, until `about` ends, which release it is about, too."""
    fields = _subject.get()
    if subject is not None and fields is not None:
        fields |= {"revision": subject.revision, "release": subject.release}


class _Subject(logging.Filter):
    """Adds the object and the release to a record, and brings Kopf's into the same form."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in (_subject.get() or _kopf_object(record)).items():
            setattr(record, name, value)
        if record.name.startswith(_KOPF_REQUESTS) and record.levelno == logging.ERROR:
            # A request that Kopf tries again, for as long as it takes.
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def _kopf_object(record: logging.LogRecord) -> dict[str, str]:
    reference = getattr(record, "k8s_ref", None) or {}
    fields = {"kind": "kind", "namespace": "namespace", "object": "name"}
    return {ours: reference[theirs] for ours, theirs in fields.items() if reference.get(theirs)}


def set_up(level: str) -> None:
    """Log to standard error, from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Subject())
    handler.setFormatter(
        JsonFormatter(
            "%(levelname)s %(name)s %(message)s",
            timestamp=True,
            rename_fields={"levelname": "level", "name": "logger"},
            # What Kopf attaches to records for its own formatter.
            reserved_attrs=[*RESERVED_ATTRS, "k8s_ref", "k8s_skip", "settings"],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Kopf says of each event that its handler succeeded.
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
