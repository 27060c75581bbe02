"""How the story server behaves, and the rows that it is asked."""

import json
import random
import re
from dataclasses import dataclass
from typing import Any

ROWS = 100


@dataclass(frozen=True)
class Behaviour:
    """What a story wants from a version. The defaults are a healthy one."""

    accuracy: float = 1.0
    """Share of the rows that are answered rightly; exact on `golden_rows`."""
    error_rate: float = 0.0
    """Probability that a request is answered with status 500."""
    users_error_rate: float = 0.0
    """The same for requests of users alone: benchmarks meet the rate above."""
    latency: float = 0.0
    """Seconds that an answer takes."""
    ready: bool = True
    """What the readiness endpoint says; requests are answered all the same."""
    deterministic: bool = True
    """Whether the same row always gets the same answer."""


def predict(behaviour: Behaviour, number: int, chance: random.Random) -> int:
    """Return the prediction for a row: its own number where the version is right about it."""
    right = number % ROWS < round(behaviour.accuracy * ROWS)
    if not behaviour.deterministic and chance.random() < 0.5:
        right = not right
    return number if right else -1


def asked_by_users(host: str) -> bool:
    """Whether a request came by the Service for callers, not by a revision's own."""
    return not re.fullmatch(r".+-[a-z0-9]{10}", host.partition(".")[0])


def golden_rows(protocol: str = "v2") -> str:
    """Return the data set as JSON lines; the expected answer of a row is its number."""
    return "".join(json.dumps(_row(number, protocol)) + "\n" for number in range(ROWS))


def _row(number: int, protocol: str) -> dict[str, Any]:
    inputs: Any = {"number": number}
    if protocol == "v2":
        inputs = [{"name": "number", "shape": [1], "datatype": "INT64", "data": [number]}]
    return {"id": f"row-{number:03}", "inputs": inputs, "expected": number}
