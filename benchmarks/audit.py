"""What the operator asked of the API server, from the API server's own audit log."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from modelward.writes import Document

_AGENTS = ("modelward/", "kopf/")
_WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


@dataclass(frozen=True)
class Request:
    """One request of the operator."""

    verb: str
    resource: str
    """With its subresource: modeldeployments/status."""
    dry_run: bool
    received: datetime
    """When the API server received it."""

    @property
    def is_event(self) -> bool:
        """Whether it tells people something, and changes nothing."""
        return self.resource == "events"

    @property
    def is_write(self) -> bool:
        """Whether it changes an object that is no Event."""
        return self.verb in _WRITES and not self.is_event and not self.dry_run

    @property
    def is_read(self) -> bool:
        """Whether it reads otherwise than by a watch."""
        return self.verb in ("get", "list")


class Tail:
    """The end of an audit log, from the moment that this was made."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._offset = log.stat().st_size

    def entries(self) -> list[Document]:
        """Return all entries since then, whoever sent the requests."""
        with self._log.open("rb") as file:
            file.seek(self._offset)
            return [json.loads(line) for line in file.read().splitlines()]

    def requests(self) -> list[Request]:
        """Return the operator's requests since then, in the order in which they were received."""
        found = (_request(each) for each in self.entries() if _is_operator(each))
        return sorted(found, key=lambda request: request.received)


def count(requests: list[Request]) -> str:
    """Return how often each verb was used on each resource, the most frequent first."""
    counted = Counter(f"{request.verb} {request.resource}" for request in requests)
    return ", ".join(f"{number} {what}" for what, number in counted.most_common())


def _is_operator(entry: Document) -> bool:
    return str(entry.get("userAgent", "")).startswith(_AGENTS)


def _request(entry: Document) -> Request:
    where = entry.get("objectRef") or {}
    parts = (where.get("resource", entry["requestURI"]), where.get("subresource"))
    return Request(
        verb=entry["verb"],
        resource="/".join(part for part in parts if part),
        dry_run="dryRun=" in entry["requestURI"],
        received=datetime.fromisoformat(entry["requestReceivedTimestamp"]),
    )
