"""Kubernetes Events: what people see in `kubectl describe` and `kubectl events`."""

import hashlib
from datetime import UTC, datetime

from modelward.cluster.kinds import EVENT
from modelward.writes import Announce, Document

REPORTER = "modelward.dev/operator"
_NOTE_LIMIT = 1024
"""The API server refuses longer notes."""


def render(announce: Announce, at: datetime, instance: str) -> Document:
    """Return the Event; its name follows from what it says, so that saying it twice is once."""
    regarding = announce.regarding
    digest = hashlib.sha256(f"{regarding['uid']}/{announce.key}".encode()).hexdigest()
    return {
        "apiVersion": EVENT.api_version,
        "kind": EVENT.name,
        "metadata": {
            "namespace": regarding["namespace"],
            "name": f"{regarding['name']}.{digest[:16]}",
        },
        "eventTime": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "reportingController": REPORTER,
        "reportingInstance": instance,
        "type": announce.type,
        "reason": announce.reason,
        "action": announce.action,
        "note": _shortened(announce.note),
        "regarding": regarding,
    }


def _shortened(note: str) -> str:
    """Cut the note to the API server's limit, which counts bytes."""
    raw = note.encode()
    if len(raw) <= _NOTE_LIMIT:
        return note
    return raw[: _NOTE_LIMIT - len("…".encode())].decode(errors="ignore") + "…"
