"""Metrics that are one value of many rows, exactly: for all rows, or those of one slice."""

from collections import Counter
from fractions import Fraction
from typing import Protocol

from modelward.benchmark.contract import PlanKpi
from modelward.benchmark.rows import Row
from modelward.judge import Ratio, ratio_value
from modelward.runner.metrics.answers import IsRight, is_right_by
from modelward.runner.metrics.classes import Classes
from modelward.runner.metrics.labels import Label, Labels, expected_label, label_of
from modelward.runner.metrics.losses import (
    WORST_LOG_LOSS,
    Auroc,
    Mean,
    Root,
    Sides,
    error,
    log_loss,
    squared_doubt,
    squared_error,
)
from modelward.runner.metrics.readings import Prediction
from modelward.runner.metrics.unfit import UnfitError


class Measure(Protocol):
    """Takes rows and answers, and comes to a value."""

    unanswered: int
    """Rows without an answer that it can use."""

    def add(self, row: Row, predicted: Prediction) -> bool:
        """Take an answer; tell whether it could be used, or was right. Raises UnfitError."""
        ...

    @property
    def basis(self) -> int:
        """Rows that the value rests on: see minRows."""
        ...

    def value(self) -> Fraction:
        """Return the value of the rows so far. Raises UnfitError where there can be none."""
        ...


def measure_by(kpi: PlanKpi, labels: Labels, *, of_slice: bool = False) -> Measure:
    """Return what measures a KPI. Raises UnfitError."""
    positive = kpi.positive_label or ""
    found: Measure
    match kpi.metric:
        case "precision" | "recall" | "f1" as ratio if kpi.average is None:
            found = _OneLabel(ratio, positive, of_slice=of_slice)
        case "precision" | "recall" | "f1" as ratio if kpi.average == "macro":
            found = _Macro(ratio, fewest_labels=1 if of_slice else 2)
        case "auroc":
            found = Auroc(labels, positive)
        case "logLoss":
            sides = None if of_slice else Sides(kpi.positive_label)
            found = Mean(log_loss(labels, kpi.positive_label), WORST_LOG_LOSS, sides)
        case "brier":
            sides = None if of_slice else Sides(positive)
            found = Mean(squared_doubt(labels, positive), Fraction(1), sides)
        case "mae":
            found = Mean(error, None)
        case "rmse":
            found = Root(squared_error, None)
        case _:
            found = _Share(is_right_by(kpi))
    return found


class _Share:
    """The share of rows that are answered as expected."""

    def __init__(self, is_right: IsRight) -> None:
        self.unanswered = 0
        self._is_right = is_right
        self._rows = self._right = 0

    def add(self, row: Row, predicted: Prediction) -> bool:
        right = self._is_right(row, predicted)
        self._rows += 1
        self._right += right
        return right

    @property
    def basis(self) -> int:
        return self._rows

    def value(self) -> Fraction:
        return Fraction(self._right, self._rows)


class _OneLabel:
    """A precision, recall or F1 of one label."""

    def __init__(self, ratio: Ratio, positive: str, *, of_slice: bool) -> None:
        self.unanswered = 0
        self._ratio = ratio
        self._of_slice = of_slice
        self._classes = Classes(ratio, positive)

    def add(self, row: Row, predicted: Prediction) -> bool:
        return self._classes.add(row, predicted)

    @property
    def basis(self) -> int:
        return self._classes.hits + self._classes.misses

    def value(self) -> Fraction:
        if not self._of_slice:
            self._classes.check_has_positives()
        return ratio_value(self._ratio, self._classes.hits, self._classes.misses)


class _Macro:
    """The mean of precisions, recalls or F1s over all labels that rows have.

    An answer that is none of these labels counts against that of its row, as what was missed and,
    for precision, as what was wrongly taken.
    """

    def __init__(self, ratio: Ratio, fewest_labels: int) -> None:
        self.unanswered = 0
        self._ratio = ratio
        self._fewest = fewest_labels
        self._pairs: Counter[tuple[Label, Label | None]] = Counter()

    def add(self, row: Row, predicted: Prediction) -> bool:
        expected, found = expected_label(row), label_of(predicted)
        self._pairs[expected, found] += 1
        return expected == found

    @property
    def basis(self) -> int:
        return self._pairs.total()

    def value(self) -> Fraction:
        labels = sorted({expected for expected, _ in self._pairs})
        if len(labels) < self._fewest:
            raise UnfitError("ClassMissing", "all rows have the same label")
        taken: Counter[Label] = Counter()
        lost: Counter[Label] = Counter()
        for (expected, found), rows in self._pairs.items():
            if found == expected:
                continue
            lost[expected] += rows
            if found in labels:
                taken[found] += rows
            elif self._ratio == "precision":
                taken[expected] += rows
        wrong = {"precision": taken, "recall": lost, "f1": taken + lost}[self._ratio]
        values = [ratio_value(self._ratio, self._pairs[each, each], wrong[each]) for each in labels]
        return sum(values, Fraction(0)) / len(labels)
