"""Rules in the CRDs: CEL expressions, each with a message that says what to do.

The API server puts the path of the object that holds a rule before its message, so rules stand as
low as they can, or name the field. A form is always tested before a conversion (`matches` before
`duration()`): otherwise the conversion's error hides our message.
"""

from collections.abc import Iterable
from typing import Any

from modelward.api.values import DURATION_FORM, PERCENT_FORM, RATE_FORM

Schema = dict[str, Any]


def rule(expression: str, message: str, *, field: str | None = None) -> Schema:
    """Return one rule; `field` is the path, relative to its holder, that the message is about."""
    found = {"rule": expression, "message": message}
    return found | {"fieldPath": field} if field else found


def rules(*found: Schema) -> Schema:
    """Return the part of a schema that holds these rules."""
    return {"x-kubernetes-validations": list(found)}


def map_list(*keys: str) -> Schema:
    """Return the part of a list's schema that makes it a map by these members of its items."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}


def form(path: str, pattern: str) -> str:
    """Return the expression: `path` is a text of this form."""
    return f"type({path}) == string && {path}.matches(r'{pattern}')"


def is_percent(path: str) -> str:
    """Return the expression: `path` is a percentage."""
    return form(path, PERCENT_FORM)


def is_duration(path: str) -> str:
    """Return the expression: `path` is a duration."""
    return form(path, DURATION_FORM)


def is_rate(path: str) -> str:
    """Return the expression: `path` is a rate."""
    return form(path, RATE_FORM)


def is_one_of(path: str, values: Iterable[str]) -> str:
    """Return the expression: `path` is one of these texts."""
    return f"{path} in [{', '.join(repr(each) for each in values)}]"


def number(path: str, unit: str) -> str:
    """Return the expression for the number before a unit.

    As a double: two decimals of at most nine digits keep their order, so comparing stays exact.
    """
    return f"double({path}.replace('{unit}', ''))"


def implies(condition: str, expression: str) -> str:
    """Return the expression: where `condition` holds, `expression` does."""
    return f"!({condition}) || ({expression})"


def text(pattern: str, message: str, limit: int) -> Schema:
    """Return the schema of a text of this form, at most `limit` characters long."""
    return {
        "type": "string",
        "maxLength": limit,
        **rules(rule(f"self.matches(r'{pattern}')", message)),
    }
