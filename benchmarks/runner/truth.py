"""The latencies that the server injects, and so what a tool should find."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

_CYCLE = 1_000
SHORTEST = 0.020
_MEAN = 0.010
STALL_SECONDS = 2.0
STALL_AFTER = 8.0
"""Seconds from the first request to the stall, in which nothing is answered."""
SHARES = (Fraction(1, 2), Fraction(3, 4), Fraction(99, 100))
"""Those that all tools print, and none where the stall begins: a rank would be much there."""


def latencies() -> list[float]:
    """Return the seconds that requests take in the order in which they come, then again.

    At least 20 ms, and an exponential part of 10 ms on average: exactly its quantiles, shuffled.
    """
    found = [SHORTEST - _MEAN * math.log(1 - (i + 0.5) / _CYCLE) for i in range(_CYCLE)]
    random.Random(1).shuffle(found)
    return found


@dataclass(frozen=True)
class Truth:
    """What requests on a constant schedule see."""

    rate: float
    requests: int
    skipped: int
    """Requests at the beginning that don't count."""
    stalls: bool

    def quantiles(self) -> list[float]:
        """Return the true quantiles, in the order of SHARES, in seconds."""
        injected = latencies()
        end = STALL_AFTER + STALL_SECONDS
        seen = []
        for request in range(self.skipped, self.requests):
            due = request / self.rate
            waits = end - due if self.stalls and STALL_AFTER <= due < end else 0.0
            seen.append(waits + injected[request % _CYCLE])
        return nearest_ranks(seen)


def nearest_ranks(values: Sequence[float]) -> list[float]:
    """Return the quantiles of SHARES by nearest rank."""
    ordered = sorted(values)
    return [ordered[math.ceil(share * len(ordered)) - 1] for share in SHARES]
