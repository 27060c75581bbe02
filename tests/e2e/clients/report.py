"""What a client saw, as one line of JSON."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Self

FAILURES_SHOWN = 20


@dataclass
class Report:
    """Counts of one client, from its start until now."""

    client: str
    connections: str
    """new: one for each request; kept: reused while the server keeps them."""
    sent: int = 0
    answered: dict[str, int] = field(default_factory=dict)
    """Answers by the version that gave them."""
    failed: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)
    """The first failures: when and why."""
    reopened: int = 0
    """Kept connections that the server had closed between two requests."""
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
        """Count a failure; the first ones are kept with time and reason."""
        self.failed += 1
        if len(self.failures) < FAILURES_SHOWN:
            at = datetime.now(UTC).isoformat(timespec="milliseconds")  # noqa: TID251
            self.failures.append({"at": at, "reason": reason})

    def count_lateness(self, seconds: float) -> None:
        """Remember how far behind its schedule the client fell."""
        self.latest = max(self.latest, seconds)

    def to_json(self) -> str:
        """Return this report as one line."""
        rounded = {"latest": round(self.latest, 3), "slowest": round(self.slowest, 3)}
        return json.dumps(asdict(self) | rounded)

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a line that `to_json` wrote."""
        return cls(**json.loads(line))
