"""Rows with their answers, measured without a server."""

import json
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from modelward.benchmark.contract import PlanKpi
from modelward.benchmark.counts import Counts
from modelward.benchmark.rows import Row
from modelward.runner.form import exact
from modelward.runner.metrics import RowSet, Tally, tally_of
from modelward.runner.metrics.labels import Labels
from modelward.runner.metrics.measures import Measure, measure_by
from modelward.runner.metrics.readings import NO_ANSWER, Prediction

FAILED = NO_ANSWER
"""In place of an answer: the request failed."""


def a_kpi(**changes: Any) -> PlanKpi:  # noqa: ANN401 (any JSON value)
    kpi = {
        "name": "k",
        "metric": "accuracy",
        "dataset": "golden",
        "limit": "0.9",
        "direction": "atLeast",
        "effect": "gate",
    }
    return PlanKpi.model_validate_json(json.dumps(kpi | changes))


def rows_of(
    answered: Iterable[tuple[Any, Any]], members: Sequence[dict[str, Any]] = ()
) -> list[tuple[Row, Prediction]]:
    """Rows that expect the first of each pair and were answered the second."""
    return [
        (
            Row(f"row-{i}", {}, exact(expected), members[i] if members else {}),
            predicted if predicted is FAILED else exact(predicted),
        )
        for i, (expected, predicted) in enumerate(answered)
    ]


def value_of(kpi: dict[str, Any], answered: Iterable[tuple[Any, Any]]) -> Fraction:
    """The exact value of a metric. Raises UnfitError."""
    rows = rows_of(answered)
    measure: Measure = measure_by(a_kpi(**kpi), Labels(lambda: (row for row, _ in rows)))
    for row, predicted in rows:
        measure.add(row, predicted)
    return measure.value()


def tally(
    kpi: PlanKpi,
    rows: Sequence[tuple[Row, Prediction]],
    stables: Sequence[Prediction] = (),
    start: Counts | None = None,
) -> Tally:
    """A tally that has seen all these rows. Raises UnfitError."""
    of = RowSet(len(rows), kpi.rows == "sample", lambda: (row for row, _ in rows))
    found = tally_of(kpi, of, start)
    for i, (row, predicted) in enumerate(rows):
        found.add(row, [predicted, *stables[i : i + 1]])
    return found


def counts_of_rows(
    kpi: dict[str, Any], answered: Iterable[tuple[Any, Any]], members: Sequence[Any] = ()
) -> Counts | None:
    """The counts of a KPI. Raises UnfitError."""
    return tally(a_kpi(**kpi), rows_of(answered, members)).counts()
