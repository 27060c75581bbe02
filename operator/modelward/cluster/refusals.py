"""What the API server refused to create, remembered in memory for the next decision.

A restart forgets it, and asks the API server again: that is what one would want anyway.
"""

from collections.abc import Callable
from datetime import datetime

from modelward.cluster.documents import Key
from modelward.writes import Document, Refusal


class Refusals:
    """The latest refusal of each child, by the resource that wants it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._by_key: dict[Key, dict[tuple[str, str], Refusal]] = {}

    def of(self, key: Key) -> tuple[Refusal, ...]:
        """Return what was refused to this resource."""
        return tuple(self._by_key.get(key, {}).values())

    def record(self, key: Key, body: Document, reason: str, message: str) -> None:
        """Remember that this object was refused just now."""
        kind, name = body["kind"], body["metadata"]["name"]
        refusal = Refusal(kind, name, reason, message, self._now())
        self._by_key.setdefault(key, {})[kind, name] = refusal

    def created(self, key: Key, body: Document) -> None:
        """Forget a refusal, since the object could be created."""
        self._by_key.get(key, {}).pop((body["kind"], body["metadata"]["name"]), None)

    def forget(self, key: Key) -> None:
        """Forget everything about a resource that is gone."""
        self._by_key.pop(key, None)
