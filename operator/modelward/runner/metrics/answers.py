"""Whether one answer is right, by the metrics whose rows are right or wrong."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

import jsonschema.exceptions
import jsonschema.validators
import referencing
import referencing.exceptions

from modelward.benchmark.contract import PlanKpi
from modelward.benchmark.rows import Row, same_json
from modelward.benchmark.strictjson import Json, StrictJsonError, loads_floats
from modelward.runner.metrics.labels import expected_label, label_of
from modelward.runner.metrics.readings import NO_ANSWER, Prediction
from modelward.runner.metrics.unfit import UnfitError

IsRight: TypeAlias = Callable[[Row, Prediction], bool]
"""Tells whether a row was answered as expected. Raises UnfitError for a row that expects
nothing that the metric knows."""


def is_right_by(kpi: PlanKpi) -> IsRight:
    """Return what judges single answers. Raises UnfitError for a schema that is none."""
    match kpi.metric:
        case "exactMatch":
            return _matches
        case "contains":
            return _contains
        case "jsonSchema":
            return _valid_by(kpi.json_schema or {})
        case "accuracy":
            return _is_as_expected
    return _has_the_label


def _is_as_expected(row: Row, predicted: Prediction) -> bool:
    return predicted is not NO_ANSWER and same_json(predicted, row.expected)


def _has_the_label(row: Row, predicted: Prediction) -> bool:
    return expected_label(row) == label_of(predicted)


def _matches(row: Row, predicted: Prediction) -> bool:
    accepted = _texts(row)
    return isinstance(predicted, str) and predicted.strip() in [text.strip() for text in accepted]


def _contains(row: Row, predicted: Prediction) -> bool:
    accepted = _texts(row)
    if "" in accepted:
        raise UnfitError("RowsUnfit", f'row {row.id}: "expected" is empty, which any text contains')
    return isinstance(predicted, str) and any(text in predicted for text in accepted)


def _texts(row: Row) -> list[str]:
    """Return the texts of which any is right."""
    values = row.expected if isinstance(row.expected, list) else [row.expected]
    texts = [value for value in values if isinstance(value, str)]
    if not texts or len(texts) < len(values):
        raise UnfitError("RowsUnfit", f'row {row.id}: "expected" is no text, and no list of texts')
    return texts


def _valid_by(schema: dict[str, Json]) -> IsRight:
    # A registry of its own: the default one fetches what a schema refers to.
    kind = jsonschema.validators.validator_for(
        schema, default=jsonschema.validators.Draft202012Validator
    )
    try:
        kind.check_schema(schema)
    except jsonschema.exceptions.SchemaError as error:
        raise UnfitError("RowsUnfit", f"schema is no JSON Schema: {error.message}") from error
    validator = kind(schema, registry=referencing.Registry())

    def is_valid(_: Row, predicted: Prediction) -> bool:
        if predicted is NO_ANSWER:
            return False
        try:
            return bool(validator.is_valid(_document(predicted)))
        except (StrictJsonError, RecursionError):
            return False
        except referencing.exceptions.Unresolvable as error:
            raise UnfitError("RowsUnfit", f"schema refers to what is not in it: {error}") from error

    return is_valid


def _document(value: Json) -> Any:  # noqa: ANN401 (any JSON value)
    """Return what is validated: a text read as JSON; numbers are int or float, as schemas have it.

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
