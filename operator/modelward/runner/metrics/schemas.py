"""Whether answers are valid by a JSON Schema."""

from collections.abc import Callable
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
    draft = jsonschema.validators.validator_for(
        schema, default=jsonschema.validators.Draft202012Validator
    )
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
    return loads_floats(value) if isinstance(value, str) else _with_floats(value)


def _with_floats(value: Json) -> Json:
    match value:
        case Decimal():
            return float(value)
        case dict():
            return {key: _with_floats(member) for key, member in value.items()}
        case list():
            return [_with_floats(item) for item in value]
    return value
