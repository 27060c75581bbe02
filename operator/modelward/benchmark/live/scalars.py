"""The value of an expression: what an answer of the metrics server comes to, and how it is shown.

Nobody knows how many requests stand behind it, and so how sure it is: it is compared with its limit
as it stands, and never decides anything.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from modelward.api.benchmarkrun import RunKpiStatus
from modelward.api.kpi import Kpi
from modelward.api.values import (
    format_duration,
    format_number,
    format_percent,
    format_rate,
    parse_number,
    parse_percent,
    parse_rate,
    seconds_of,
)
from modelward.benchmark.figures import objective_text

_MOST_DIGITS = 6
_LARGE = 10**15


@dataclass(frozen=True)
class Scalar:
    """What an expression came to."""

    value: Fraction | None = None
    """None where it has no value."""
    reason: str = ""
    """Why it has none, in a word."""
    message: str = ""
    """What that means, and what to do."""


NOT_MEASURED = Scalar(reason="NotMeasured", message="it has not been evaluated yet")


def scalar(kind: str, result: Any) -> Scalar:  # noqa: ANN401
    """Return what an instant query came to: `resultType` and `result` of the HTTP API.

    Raises ValueError, KeyError, TypeError or IndexError for what no such API says.
    """
    if kind == "scalar":
        return _number(result[1])
    if kind != "vector":
        return Scalar(None, "NotAScalar", f"the expression is a {kind}: write one that is a number")
    if not result:
        return Scalar(None, "NoSeries", "no series matches the expression")
    if len(result) > 1:
        return Scalar(
            None,
            "SeveralSeries",
            f"the expression has {len(result)} series: make them one, as by sum(...)",
        )
    return _number(result[0]["value"][1])


def _number(text: str) -> Scalar:
    if not math.isfinite(float(text)):
        return Scalar(None, "NotANumber", f"the value of the expression is {text}")
    return Scalar(Fraction(text))


def valueless(kpis: Iterable[Kpi], values: Mapping[str, Scalar]) -> str:
    """Return why expressions have no value, by KPI; empty where all have one."""
    found = (
        (kpi.name, values.get(kpi.prometheus.query))
        for kpi in kpis
        if kpi.prometheus and kpi.prometheus.query
    )
    return "; ".join(f"{name}: {each.message}" for name, each in found if each and each.reason)


def shown_value(kpi: Kpi, found: Scalar) -> RunKpiStatus:
    """Return what is shown of a KPI that is an expression."""
    if found.value is None:
        return RunKpiStatus(
            name=kpi.name,
            verdict="Inconclusive",
            reason=found.reason,
            objective=objective_text(kpi),
        )
    objective = kpi.objective
    limit = objective.at_most or objective.at_least or ""
    bound, written = _unit(limit)
    side = _side(found.value, bound)
    holds = side <= 0 if objective.at_most else side >= 0
    return RunKpiStatus(
        name=kpi.name,
        verdict="Pass" if holds else "Fail",
        reason=None if holds else ("BeyondLimit" if objective.at_most else "BelowLimit"),
        value=_written(found.value, bound, written),
        objective=objective_text(kpi),
    )


def _unit(limit: str) -> tuple[Fraction, Callable[[Fraction, int], str]]:
    """Return a limit as a number, and how values of its unit are written."""
    if limit.endswith("%"):
        return parse_percent(limit), lambda value, digits: format_percent(value, digits - 2)
    if limit.endswith("/s"):
        return parse_rate(limit), format_rate
    if limit[-1:].isalpha():
        return seconds_of(limit), _seconds
    return parse_number(limit), format_number


def _seconds(value: Fraction, _: int) -> str:
    return f"-{format_duration(-value)}" if value < 0 else format_duration(value)


def _written(value: Fraction, bound: Fraction, written: Callable[[Fraction, int], str]) -> str:
    """Return a value with so many digits that it is on the same side of the limit as it is."""
    if abs(value) >= _LARGE:
        return f"{float(value):.6g}"
    digits = 4
    while digits < _MOST_DIGITS and _side(round(value, digits), bound) != _side(value, bound):
        digits += 2
    return written(value, digits)


def _side(value: Fraction, limit: Fraction) -> int:
    return (value > limit) - (value < limit)
