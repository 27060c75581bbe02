"""Whether load was sent in time, as runner and operator both find from a result."""

from fractions import Fraction

from modelward.api.values import format_duration
from modelward.benchmark.comparedcounts import ComparedLatencyCounts
from modelward.benchmark.contract import PlanKpi
from modelward.benchmark.counts import Counts
from modelward.judge.guards import tolerated_delay

_MICROSECONDS = 1_000_000
_FROM_DUE = frozenset({"latency", "timeToFirstToken"})
"""Times that are counted from when a request was due, so that what we lose goes to the server."""


def sent_late(asked: PlanKpi, delay_micros: int, counts: Counts | None = None) -> bool:
    """Tell whether load was sent too late to say something of a KPI.

    A latency beside stable's has no limit of its own: its `counts` hold the threshold.
    """
    return delay_micros > _tolerated(asked, counts) * _MICROSECONDS


def problem(asked: PlanKpi, delay_micros: int | None, counts: Counts | None = None) -> str:
    """Return in words why a KPI can't have counts; empty where its load was sent in time."""
    if delay_micros is None:
        return f"without {'turnsDelayMicros' if asked.is_compared_latency else 'sendDelayMicros'}"
    if not sent_late(asked, delay_micros, counts):
        return ""
    sent = format_duration(Fraction(delay_micros, _MICROSECONDS))
    return (
        f"although 1 of 100 requests was sent {sent} late or more, where "
        f"{format_duration(_tolerated(asked, counts))} is tolerated"
    )


def _tolerated(asked: PlanKpi, counts: Counts | None) -> Fraction:
    if isinstance(counts, ComparedLatencyCounts):
        # What we lose goes to both their accounts; half of what stable takes would hide too much.
        return tolerated_delay(Fraction(counts.threshold_micros, _MICROSECONDS))
    if asked.is_compared_latency or asked.metric not in _FROM_DUE:
        return tolerated_delay(None)
    return tolerated_delay(min(asked.limit, asked.expected or asked.limit))
