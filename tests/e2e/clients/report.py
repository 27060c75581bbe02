"""What a client saw, as one line of JSON."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Self

MOST_REDIALLED = 1
"""Of a client of thousands of requests, for a release that nobody notices.

On the local node a handshake is lost now and then: one in some thirty stories of 6,000 requests, in
the tenth of a second after the network of a pod was taken down that had been out of the Service for
eight seconds. Requests that are led to pods that are gone are lost by the dozen.
"""


@dataclass
class Failure:
    """Failures of one kind."""

    count: int
    first: str
    """When it was first seen; RFC 3339."""
    last: str


@dataclass
class Report:
    """Counts of one client, from its start until now."""

    client: str
    connections: str
    """new: one for each request; kept: reused while the server keeps them."""
    waited: float = 0.0
    """Seconds until the address was routed; what failed until then is not counted."""
    sent: int = 0
    answered: dict[str, int] = field(default_factory=dict)
    """Answers by the version that gave them."""
    failed: int = 0
    failures: dict[str, Failure] = field(default_factory=dict)
    """The same by their reason."""
    reopened: int = 0
    """Kept connections that the server had closed between two requests."""
    redialled: int = 0
    """Connections that were not established in time, and were before any request went out.

    A node's own network loses one in some thousands whatever a release does; see MOST_REDIALLED.
    """
    latest: float = 0.0
    """Seconds that a request was sent after it was due, at most."""
    slowest: float = 0.0
    """Seconds until an answer, at most."""
    done: bool = False

    def count_answer(self, version: str, seconds: float) -> None:
        """Count an answer by the version that gave it."""
        self.answered[version] = self.answered.get(version, 0) + 1
        self.slowest = max(self.slowest, seconds)

    def count_failure(self, reason: str) -> None:
        """Count a failure by its reason."""
        self.failed += 1
        now = datetime.now(UTC).isoformat(timespec="milliseconds")  # noqa: TID251
        failure = self.failures.setdefault(reason, Failure(0, now, now))
        failure.count += 1
        failure.last = now

    def count_lateness(self, seconds: float) -> None:
        """Remember how far behind its schedule the client fell."""
        self.latest = max(self.latest, seconds)

    def to_json(self) -> str:
        """Return this report as one line."""
        rounded = {name: round(getattr(self, name), 3) for name in ("waited", "latest", "slowest")}
        return json.dumps(asdict(self) | rounded)

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a line that `to_json` wrote."""
        members = json.loads(line)
        failures = {reason: Failure(**each) for reason, each in members["failures"].items()}
        return cls(**members | {"failures": failures})
