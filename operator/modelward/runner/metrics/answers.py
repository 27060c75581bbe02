"""Whether one answer is right, by the metrics whose rows are right or wrong."""

from collections.abc import Callable
from typing import TypeAlias

from modelward.benchmark.contract import PlanKpi
from modelward.benchmark.rows import Row, same_json
from modelward.runner.metrics.labels import expected_label, label_of
from modelward.runner.metrics.readings import NO_ANSWER, Prediction
from modelward.runner.metrics.unfit import UnfitError
from modelward.strictjson import Json

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
    # Imported here: it takes longer than all the rest, and few KPIs need it.
    from modelward.runner.metrics.schemas import validator  # noqa: PLC0415

    is_valid = validator(schema)
    return lambda _, predicted: predicted is not NO_ANSWER and is_valid(predicted)
