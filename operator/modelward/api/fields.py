"""The kinds of text and value that the resources are made of, with their schemas.

Values carry units. YAML reads `92%` and `250ms` as strings but `92` as a number, so these fields
are int-or-string with a rule that takes only the right form: whoever forgets the unit is told what
to say. In Python they are strings whose form was checked; `modelward.api.values` reads them.
"""

import contextlib
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from modelward.api.cel import (
    Schema,
    form,
    is_duration,
    is_percent,
    is_rate,
    number,
    rule,
    rules,
    text,
)
from modelward.api.values import (
    NUMBER_FORM,
    POINTS_FORM,
    QUANTILE_FORM,
    RATE_FORM,
    ValueFormError,
    count_of,
    parse_duration,
    parse_margin,
    parse_number,
    parse_percent,
    parse_quantile,
    parse_rate,
)

NAME_FORM = "^[a-z]([-a-z0-9]*[a-z0-9])?$"
NAME_ADVICE = "begin with a lower-case letter, go on with these, digits and dashes; no dots"
MOST_PER_SECOND = 3_000
"""What a benchmark pod sends on one core, to stable as well (docs/load.md), with room to spare."""
_COUNT_FORM = "^[0-9]{1,3}%$"
_LONGEST = "720h"


def _checked(parse: Callable[[str], object]) -> AfterValidator:
    def check(value: str) -> str:
        parse(value)
        return value

    return AfterValidator(check)


def _one_of(first: Callable[[str], object], *others: Callable[[str], object]) -> AfterValidator:
    """Return what checks that a text has one of several forms; errors are those of the first."""

    def check(value: str) -> str:
        for parse in others:
            with contextlib.suppress(ValueFormError):
                parse(value)
                return value
        first(value)
        return value

    return AfterValidator(check)


def _check_count(value: int | str) -> int | str:
    count_of(value, 0, round_up=True)
    return value


def _schema(expression: str, message: str) -> WithJsonSchema:
    """Return the schema of an int-or-string that takes only what `expression` lets through.

    The bound is wider than any value needs, so that a longer mistake gets our message too.
    """
    shape: Schema = {"x-kubernetes-int-or-string": True, "maxLength": 32}
    return WithJsonSchema(shape | rules(rule(expression, message)))


def _duration_from(none: str) -> str:
    """Return the expression: a duration, `>` or `>=` none at all, and at most the longest."""
    return (
        f"{is_duration('self')} && duration(self) {none} duration('0s') "
        f"&& duration(self) <= duration('{_LONGEST}')"
    )


_PERCENT_NUMBER = number("self", "%")
_RATE_NUMBER = number("self", "/s")

Probability = Annotated[
    str,
    _checked(parse_percent),
    _schema(
        f"{is_percent('self')} && {_PERCENT_NUMBER} > 0.0 && {_PERCENT_NUMBER} < 50.0",
        "say a percentage above 0% and below 50%, such as 5%",
    ),
]
"""An error probability."""

Limit = Annotated[
    str,
    _one_of(parse_duration, parse_percent, parse_number, parse_rate),
    _schema(
        f"{is_percent('self')} && {_PERCENT_NUMBER} <= 100.0 || {_duration_from('>=')} "
        f"|| {form('self', NUMBER_FORM)} || {is_rate('self')}",
        "say a value with its unit: a percentage up to 100%, such as 92%, a duration such as "
        f"250ms, at most {_LONGEST}, or a rate such as 500/s; without a unit, as for mae, a number "
        'in quotes, such as "0.35"',
    ),
]
"""A percentage, a duration, a rate or a number, whichever the KPI is measured in."""

Margin = Annotated[
    str,
    _one_of(parse_margin, parse_number),
    _schema(
        f"{form('self', POINTS_FORM)} ? {number('self', 'pp')} <= 50.0 "
        f": {is_duration('self')} ? duration(self) > duration('0s') "
        f": {form('self', NUMBER_FORM)} "
        f"|| {is_percent('self')} && {number('self', '%')} > 0.0 && {number('self', '%')} <= 900.0",
        "say percentage points up to 50pp, such as 1pp, or a part of what stable shows, as in 50%; "
        'for latency a time, such as 50ms; for mae, rmse, logLoss, brier a number, such as "0.01"',
    ),
]
"""A difference between two values, or a part of one of them."""

Duration = Annotated[
    str,
    _checked(parse_duration),
    _schema(
        _duration_from(">="),
        f"say a duration such as 250ms, 2s or 1h30m, at most {_LONGEST}",
    ),
]
"""A length of time, which may be none."""

PositiveDuration = Annotated[
    str,
    _checked(parse_duration),
    _schema(
        _duration_from(">"),
        f"say a duration above 0s, such as 30s, 20m or 1h30m, at most {_LONGEST}",
    ),
]
"""A length of time."""

_IS_RATE = (
    f"{form('self', RATE_FORM)} && {_RATE_NUMBER} >= 0.1 && {_RATE_NUMBER} <= {MOST_PER_SECOND}.0"
)

Rate = Annotated[
    str,
    _checked(parse_rate),
    _schema(_IS_RATE, f"say a rate from 0.1/s to {MOST_PER_SECOND}/s, such as 20/s"),
]
"""So many requests per second."""

FirstRate = Annotated[
    str,
    _checked(parse_rate),
    _schema(_IS_RATE, f"say the rate to begin with, from 0.1/s to {MOST_PER_SECOND}/s, as in 1/s"),
]
"""So many requests per second, from where a rate rises."""

Quantile = Annotated[
    str,
    _checked(parse_quantile),
    _schema(form("self", QUANTILE_FORM), "say a quantile from p50 to p99.9, such as p95"),
]

PositiveLabel = Annotated[
    int | str,
    WithJsonSchema(
        {"x-kubernetes-int-or-string": True, "maxLength": 64}
        | rules(
            rule(
                "type(self) == int || type(self) == string && self.size() > 0",
                "say a label as it stands in the rows, such as fraud or 1",
            )
        )
    ),
]
"""A label."""

JsonSchema = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
]
"""A JSON Schema."""

Count = Annotated[
    int | str,
    AfterValidator(_check_count),
    _schema(
        "type(self) == int ? self >= 0 && self <= 1000 "
        f": self.matches(r'{_COUNT_FORM}') && {_PERCENT_NUMBER} <= 100.0",
        "say a number of pods or a percentage up to 100%, such as 1 or 25%",
    ),
]
"""A number of pods, or a percentage of all."""

Name = Annotated[
    str, WithJsonSchema(text(NAME_FORM, f"say a name in lower case: {NAME_ADVICE}", 40))
]
"""Name that other fields refer to."""

OBJECT_NAME = text(
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
    "say the name of an object in this namespace: lower-case letters, digits, dashes and dots, "
    "such as fraud-golden",
    253,
)
ObjectName = Annotated[str, WithJsonSchema(OBJECT_NAME)]
"""Name of another object in the namespace."""

Revision = Annotated[str, WithJsonSchema({"type": "string", "maxLength": 16})]
"""Hash that names a revision."""

RunName = Annotated[str, Field(max_length=63)]
"""Name of a BenchmarkRun."""

Port = Annotated[int, Field(ge=1, le=65535)]
Counted = Annotated[int, Field(ge=0)]

Label = Annotated[str, Field(max_length=64)]
"""A short text for people or a word of ours."""

Share = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": 18,
            **rules(
                rule(
                    "self.matches('^0[.][0-9]{1,16}$') && double(self) > 0.0 && double(self) < 0.5",
                    'say a decimal above 0 and below 0.5 in quotes, such as "0.05"',
                )
            ),
        }
    ),
]
"""An error probability as a plain decimal."""

Value = Annotated[str, Field(max_length=64)]
"""A measured value or an objective, as people read it."""

Time = Annotated[str, Field(max_length=40, json_schema_extra={"format": "date-time"})]
"""A moment in RFC 3339."""

Verdict = Literal["Pass", "Fail", "Inconclusive", "NotApplicable"]


def clip(limit: int) -> BeforeValidator:
    """Return what cuts longer texts."""

    def clipped(value: object) -> object:
        if isinstance(value, str) and len(value) > limit:
            return f"{value[: limit - 1]}…"
        return value

    return BeforeValidator(clipped)


Message = Annotated[str, clip(1024), Field(max_length=1024)]
"""A text for people; a longer one is clipped, so that a status is never refused for it."""

Note = Annotated[str, clip(128), Field(max_length=128)]
"""A short text of somebody's, repeated; a longer one is clipped."""


def string_map(values: Schema, limit: int, *found: Schema) -> WithJsonSchema:
    """Return the schema of a map from texts to values of the given schema."""
    shape: Schema = {
        "type": "object",
        "maxProperties": limit,
        "additionalProperties": values,
    }
    return WithJsonSchema(shape | (rules(*found) if found else {}))
