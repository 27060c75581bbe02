"""How the story server behaves, and the rows that it is asked."""

import json
import random
import re
from dataclasses import dataclass
from typing import Any

ROWS = 100
MODEL = "numbers"
"""Name of the model in the protocols that tell one model from another."""


@dataclass(frozen=True)
class Behaviour:
    """What a story wants from a version. The defaults are a healthy one."""

    accuracy: float = 1.0
    """Share of the rows that are answered rightly; exact on `golden_rows`."""
    error_rate: float = 0.0
    """Share of the requests that are answered with status 500."""
    burst: int = 1
    """How many requests in a row fail whenever one does."""
    users_error_rate: float = 0.0
    """The same share for requests of users alone: benchmarks meet the rate above."""
    latency: float = 0.0
    """Seconds that an answer takes."""
    ready: bool = True
    """What the readiness endpoint says; requests are answered all the same."""
    deterministic: bool = True
    """Whether the same row always gets the same answer."""


class Failures:
    """Which requests fail: by chance, and so many in a row as they are told."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._left = 0
        """Requests of the present burst that are still to come."""

    def next(self, share: float, burst: int = 1) -> bool:
        """Tell whether the next request fails; in the long run this `share` of them does."""
        begins = share / (burst - (burst - 1) * share)
        if self._left == 0 and self._chance.random() < begins:
            self._left = burst
        failed = self._left > 0
        self._left -= failed
        return failed


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
    """Return the data set as JSON lines; the expected answer of a row is its number, or says it."""
    return "".join(json.dumps(_row(number, protocol)) + "\n" for number in range(ROWS))


def said(number: int) -> str:
    """Return what a model that speaks says of a row."""
    return f"It is {number}"


def _row(number: int, protocol: str) -> dict[str, Any]:
    inputs: Any = {"number": number}
    expected: Any = number
    if protocol == "v2":
        inputs = [{"name": "number", "shape": [1], "datatype": "INT64", "data": [number]}]
    if protocol == "openai":
        inputs, expected = f"Which number is {number}", said(number)
    return {"id": f"row-{number:03}", "inputs": inputs, "expected": expected}
