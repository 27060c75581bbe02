"""From the values that a resource says, each with its unit, to the numbers of a plan."""

from collections.abc import Callable, Mapping
from fractions import Fraction

from modelward.api.metrics import Unit
from modelward.api.tokens import Within
from modelward.api.values import (
    parse_duration,
    parse_number,
    parse_percent,
    parse_rate,
    to_seconds,
)
from modelward.benchmark.plankpi import PlanWithin


def seconds_of(duration: str) -> Fraction:
    """Return the seconds that a duration stands for. Raises ValueFormError."""
    return to_seconds(parse_duration(duration))


def within_of(within: Within) -> PlanWithin:
    """Return the limits of goodput, in seconds. Raises ValueFormError."""
    said = within.model_dump(exclude_none=True)
    return PlanWithin(**{name: seconds_of(limit) for name, limit in said.items()})


PARSERS: Mapping[Unit, Callable[[str], Fraction]] = {
    "percent": parse_percent,
    "number": parse_number,
    "duration": seconds_of,
    "rate": parse_rate,
}
"""What reads a limit, by its unit."""
