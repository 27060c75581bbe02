"""What is wrong with observations before they are evidence.

Counters of a metrics server are cumulative, restart at 0 with their process, and appear with the
first event that they count. Read carelessly they lose the first error of every kind on every pod.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from modelward.judge.decimals import log
from modelward.judge.population import ln_mixture

_CONCENTRATION = 100
"""Of the prior around the declared shares of requests (Lindon and Malek 2022)."""
_PART_OF_LIMIT = Fraction(1, 2)
_FOR_ERRORS = Fraction(1)


def tolerated_delay(limit: Fraction | None) -> Fraction:
    """Return how late, in seconds, 1 of 100 requests may be sent before a KPI says nothing.

    A latency is counted from when a request was due, so what its sender loses goes to the server's
    account: half of the `limit` at most. For errors, which have None, it matters only that the load
    is the one that was asked for.
    """
    return _FOR_ERRORS if limit is None else limit * _PART_OF_LIMIT


class UnusableError(ValueError):
    """Observations that can't be evidence; the message says why."""


@dataclass(frozen=True)
class Scrape:
    """Cumulative counters of one pod by series, all from one scrape."""

    bad: Mapping[str, float]
    total: Mapping[str, float]


def increments(before: Scrape | None, now: Scrape) -> tuple[int, int]:
    """Return how many bad requests and how many in all a pod counted between two scrapes.

    `before` is None where the pod was not scraped yet: what it counted until then is not known to
    belong to this release, and is left out. Raises UnusableError for values that no counter has,
    and for more bad requests than there were in all.
    """
    if before is None:
        for counters in (now.bad, now.total):
            _increase({}, counters)
        return 0, 0
    bad, total = _increase(before.bad, now.bad), _increase(before.total, now.total)
    if bad > total:
        raise UnusableError(
            f"{bad} bad requests of {total}: the two selectors do not count the same requests"
        )
    return bad, total


def _increase(before: Mapping[str, float], now: Mapping[str, float]) -> int:
    """Return the sum of all series' increases.

    A series that was not there before began at 0, and so did one that is smaller than before.
    """
    increase = 0
    for series, value in now.items():
        if not math.isfinite(value) or value < 0 or value != int(value):
            raise UnusableError(f"{series} is {value}: a counter is a whole number from 0 on")
        last = before.get(series, 0)
        increase += int(value - last if value >= last else value)
    return increase


def is_mismatched(requests: Sequence[int], shares: Sequence[Fraction], alpha: Fraction) -> bool:
    """Tell whether requests were not split in the shares that were declared.

    Only a gateway splits requests: where connections are split by replica counts, their numbers say
    nothing, so that nobody asks yet. A gateway's weight steps will, before a window is evidence.
    Telling so wrongly has at most the probability alpha, however often one looks.
    """
    return mismatch(requests, shares) >= log(1 / alpha)


def mismatch(requests: Sequence[int], shares: Sequence[Fraction]) -> Decimal:
    """Return the logarithm of the evidence against a split in the declared shares."""
    prior = [_CONCENTRATION * share for share in shares]
    pairs = zip(requests, shares, strict=True)
    return ln_mixture(prior, requests) - sum((n * log(share) for n, share in pairs), Decimal(0))
