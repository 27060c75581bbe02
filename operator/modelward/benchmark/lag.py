"""Whether load was sent in time, as runner and operator both find from a result."""

from fractions import Fraction

from modelward.api.values import format_duration
from modelward.benchmark.contract import PlanKpi
from modelward.judge.guards import tolerated_delay

_MICROSECONDS = 1_000_000
_FROM_DUE = frozenset({"latency", "timeToFirstToken"})
"""Times that are counted from when a request was due, so that what we lose goes to the server."""


def sent_late(asked: PlanKpi, delay_micros: int) -> bool:
    """Tell whether load was sent too late to say something of a KPI."""
    return delay_micros > _tolerated(asked) * _MICROSECONDS


def problem(asked: PlanKpi, delay_micros: int | None) -> str:
    """Return in words why a KPI can't have counts; empty where its load was sent in time."""
    if delay_micros is None:
        return "without sendDelayMicros"
    if not sent_late(asked, delay_micros):
        return ""
    sent = format_duration(Fraction(delay_micros, _MICROSECONDS))
    return (
        f"although 1 of 100 requests was sent {sent} late or more, where "
        f"{format_duration(_tolerated(asked))} is tolerated"
    )


def _tolerated(asked: PlanKpi) -> Fraction:
    if asked.metric not in _FROM_DUE:
        return tolerated_delay(None)
    return tolerated_delay(min(asked.limit, asked.expected or asked.limit))
