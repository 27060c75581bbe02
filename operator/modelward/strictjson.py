"""JSON read strictly: no NaN, no key twice, no depth that exhausts the stack, numbers exact."""

import json
from collections.abc import Callable, Iterable
from decimal import Decimal, DecimalException
from typing import NoReturn, TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | Decimal | None"
"""A JSON value; bool is an int to the type checker."""


MAX_DEPTH = 100
"""Lists and objects within each other. Whoever walks through a document takes a few frames of the
stack for each, which has a thousand."""


class StrictJsonError(ValueError):
    """Text that is not JSON as it is meant here; the message says why."""


def loads_exact(text: str) -> Json:
    """Parse JSON with numbers as int or Decimal, so that 0.1 stays 0.1.

    Raises StrictJsonError for anything else than one JSON document, NaN and Infinity among it.
    """
    return _loads(text, _EXACT)


def loads_integers(text: str) -> Json:
    """Parse JSON in which every number is an integer. Raises StrictJsonError otherwise."""
    return _loads(text, _INTEGERS)


def loads_floats(text: str) -> Json:
    """Parse JSON with numbers as int or finite float, ready to be written again by json.dumps.

    Raises StrictJsonError as loads_exact does, and for a number too large for a float.
    """
    return _loads(text, _FLOATS)


def printable(text: str) -> str:
    """Return a text as UTF-8 can hold it: JSON may escape half a surrogate pair."""
    return text.encode(errors="replace").decode()


def _loads(text: str, decoder: json.JSONDecoder) -> Json:
    try:
        document: Json = decoder.decode(text)
    except StrictJsonError:
        raise
    except RecursionError:
        raise StrictJsonError("nested too deep") from None
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, " if "\n" in text.rstrip() else ""
        raise StrictJsonError(f"{error.msg} ({line}column {error.colno})") from error
    except ValueError as error:
        raise StrictJsonError(str(error)) from error
    # Most documents have too few brackets to be deep, and counting those takes no time.
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(document)
    return document


def _check_depth(document: Json) -> None:
    level = [document]
    for _ in range(MAX_DEPTH):
        members = (each for parent in level for each in _members(parent))
        level = [each for each in members if isinstance(each, dict | list)]
        if not level:
            return
    raise StrictJsonError("nested too deep")


def _members(value: Json) -> Iterable[Json]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
    return ()


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except DecimalException:
        raise StrictJsonError(f"{text[:40]} is out of range") from None


def _finite_float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise StrictJsonError(f"{text[:40]} is out of range")
    return value


def _refuse_fraction(text: str) -> NoReturn:
    raise StrictJsonError(f"{text[:40]} is not an integer")


def _refuse_constant(text: str) -> NoReturn:
    raise StrictJsonError(f"{text} is not a JSON number")


def _unique_members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise StrictJsonError("an object has the same member twice")
    return members


def _decoder(parse_float: Callable[[str], Json]) -> json.JSONDecoder:
    """Return a strict decoder; making one takes as long as reading a short document."""
    return json.JSONDecoder(
        parse_float=parse_float,
        parse_constant=_refuse_constant,
        object_pairs_hook=_unique_members,
    )


_EXACT, _INTEGERS = _decoder(_decimal), _decoder(_refuse_fraction)
_FLOATS = _decoder(_finite_float)
