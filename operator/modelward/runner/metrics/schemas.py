"""Whether answers are valid by a JSON Schema."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import jsonschema.exceptions
import jsonschema.validators
import referencing
import referencing.exceptions

from modelward.runner.metrics.unfit import UnfitError
from modelward.strictjson import Json, StrictJsonError, loads_floats


def validator(schema: dict[str, Json]) -> Callable[[Json], bool]:
    """Return what tells whether a value is valid; a text is read as JSON first.

    The draft is the one that the schema names, or 2020-12. Raises UnfitError for a schema that is
    none; so does what is returned, for one that refers to what is not in it.
    """
    draft = jsonschema.validators.validator_for(schema, default=_DRAFTS[-1])
    try:
        draft.check_schema(schema)
    except jsonschema.exceptions.SchemaError as error:
        raise UnfitError("RowsUnfit", f"schema is no JSON Schema: {error.message}") from error
    # A registry of its own: the default one fetches what a schema refers to.
    checking = draft(schema, registry=referencing.Registry())

    def is_valid(value: Json) -> bool:
        try:
            return bool(checking.is_valid(_document(value)))
        except (StrictJsonError, RecursionError, OverflowError):
            return False
        except referencing.exceptions.Unresolvable as error:
            raise UnfitError("RowsUnfit", f"schema refers to what is not in it: {error}") from error

    return is_valid


def _document(value: Json) -> Any:  # noqa: ANN401 (any JSON value)
    """Return what is validated; its numbers are int or float, as schemas have it.

    Raises StrictJsonError for a text that is not JSON.
    """
    return loads_floats(value) if isinstance(value, str) else _changed(value, _float_if_decimal)


def _unique_items(
    checking: Any,  # noqa: ANN401 (jsonschema gives its validators no common type)
    wanted: bool,
    items: Any,  # noqa: ANN401 (any JSON value)
    _: Any,  # noqa: ANN401 (the schema)
) -> Iterator[jsonschema.exceptions.ValidationError]:
    """Check `uniqueItems` in a time that grows as the list does.

    jsonschema compares each item with all before it where they can't be sorted, so that a hostile
    answer of a megabyte would take hours.
    """
    if wanted and checking.is_type(items, "array") and len(set(map(_text, items))) < len(items):
        yield jsonschema.exceptions.ValidationError("two items are equal")


def _text(value: Json) -> str:
    """Return a text that only equal values have; numbers are equal by value, and true is not 1."""
    return json.dumps(_changed(value, _integer_if_whole), sort_keys=True)


def _integer_if_whole(value: Json) -> Json:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _float_if_decimal(value: Json) -> Json:
    return float(value) if isinstance(value, Decimal) else value


def _changed(value: Json, change: Callable[[Json], Json]) -> Json:
    """Return a value with each member changed that is no list and no object."""
    match value:
        case dict():
            return {key: _changed(member, change) for key, member in value.items()}
        case list():
            return [_changed(item, change) for item in value]
    return change(value)


def _bounded(draft: Any) -> Any:  # noqa: ANN401 (jsonschema gives its validators no common type)
    """Have all schemas of a draft checked so, also one within another that names its draft."""
    found = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
        draft, {"uniqueItems": _unique_items}
    )
    return jsonschema.validators.validates(f"bounded {draft.__name__}")(found)


_DRAFTS = [
    _bounded(draft)
    for draft in (
        jsonschema.validators.Draft3Validator,
        jsonschema.validators.Draft4Validator,
        jsonschema.validators.Draft6Validator,
        jsonschema.validators.Draft7Validator,
        jsonschema.validators.Draft201909Validator,
        jsonschema.validators.Draft202012Validator,
    )
]
