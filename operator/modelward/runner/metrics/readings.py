"""What metrics need of an answer: where in it, and whether there is anything."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final, TypeAlias

import jmespath
import jmespath.exceptions
from jmespath.parser import ParsedResult

from modelward.api.metrics import VALUE_METRICS
from modelward.benchmark.contract import PlanKpi
from modelward.benchmark.rows import same_json
from modelward.runner.client import Answer
from modelward.runner.form import exact
from modelward.runner.rows import Dataset, DatasetInvalidError
from modelward.strictjson import Json

_MOST_DIGITS = 308
"""Before the point, and twice as many after it: a float has no more, and a number with millions of
them would take all memory."""
_RELATIVE, _ABSOLUTE = 1e-5, 1e-8
"""Between scores that are alike: what arithmetic on 32 bits, in another order, comes to."""


class _NoAnswer(Enum):
    NO_ANSWER = "no answer"


NO_ANSWER: Final = _NoAnswer.NO_ANSWER
"""In place of a prediction where the request failed."""
Prediction: TypeAlias = "Json | _NoAnswer"


@dataclass(frozen=True)
class Reading:
    """Where in an answer a prediction stands, and when two of them are the same."""

    text: str | None
    """JMESPath; None for that of the data set."""
    compiled: ParsedResult | None
    jitters: bool
    """True where only scores are read from here, whose last digits may differ."""

    def of(self, dataset: Dataset, answer: Answer) -> Prediction:
        """Return the prediction, its numbers int or Decimal; None where it is not there."""
        if answer.problem is not None:
            return NO_ANSWER
        return dataset.predicted(answer) if self.compiled is None else self.part(answer.document)

    def part(self, document: Json) -> Json:
        """Return the part of a document that the KPI's own JMESPath names, None without one."""
        try:
            return exact(self.compiled.search(document)) if self.compiled else None
        except jmespath.exceptions.JMESPathError:
            return None

    def same(self, one: Prediction, other: Prediction) -> bool:
        """Tell whether two predictions for one row are the same."""
        if one is NO_ANSWER or other is NO_ANSWER:
            return one is other
        return _alike(one, other) if self.jitters else same_json(one, other)


def readings(kpis: Sequence[PlanKpi]) -> tuple[Reading, ...]:
    """Return where each of the KPIs on one data set reads. Raises DatasetInvalidError."""
    compared = {kpi.prediction for kpi in kpis if kpi.metric not in VALUE_METRICS}
    return tuple(
        Reading(kpi.prediction, _compiled(kpi), kpi.prediction not in compared) for kpi in kpis
    )


def _compiled(kpi: PlanKpi) -> ParsedResult | None:
    if kpi.prediction is None:
        return None
    try:
        return jmespath.compile(kpi.prediction)
    except jmespath.exceptions.JMESPathError as error:
        first = str(error).splitlines()[0]
        raise DatasetInvalidError(
            f"KPI {kpi.name}, prediction is no JMESPath: {kpi.prediction}: {first}"
        ) from error


def _alike(one: Json, other: Json) -> bool:
    """Tell whether two scores, or lists or objects of them, differ by rounding at most."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    first, second = number_in(one), number_in(other)
    if first is None or second is None:
        return same_json(one, other)
    return math.isclose(first, second, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)


def number_in(value: Prediction) -> Decimal | None:
    """Return a number that a float could hold; None for all else, NaN and infinity among it."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    found = Decimal(value)
    if not found.is_finite() or (found and not -2 * _MOST_DIGITS < found.adjusted() < _MOST_DIGITS):
        return None
    return found
