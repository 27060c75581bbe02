"""Losses of single rows and their means, and the area under the ROC curve."""

import bisect
import math
from array import array
from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction
from typing import TypeAlias

from modelward.benchmark.rows import Row
from modelward.runner.metrics.labels import Labels, expected_label, text_of
from modelward.runner.metrics.readings import Prediction, number_in
from modelward.runner.metrics.unfit import UnfitError

SMALLEST = 2.0**-52
"""The least probability of the right label that a log loss knows, as in scikit-learn."""
WORST_LOG_LOSS = Fraction(-math.log(SMALLEST))
_PRECISE = Context(prec=60)

Loss: TypeAlias = Callable[[Row, Prediction], Fraction | None]
"""Returns the loss of a row, None for an answer that has none."""


class Mean:
    """A mean of losses. A row without an answer has the worst one there is, where there is one."""

    def __init__(self, loss: Loss, worst: Fraction | None, sides: "Sides | None" = None) -> None:
        """`sides` watches whether there are rows to tell apart, where that matters."""
        self.unanswered = 0
        self._loss = loss
        self._worst = worst or Fraction(0)
        self._sides = sides
        self._rows = 0
        self._sum = Fraction(0)

    def add(self, row: Row, predicted: Prediction) -> bool:
        """See Measure."""
        loss = self._loss(row, predicted)
        if self._sides:
            self._sides.add(row)
        self._rows += 1
        self.unanswered += loss is None
        self._sum += self._worst if loss is None else loss
        return loss is not None

    @property
    def basis(self) -> int:
        """See Measure."""
        return self._rows

    def value(self) -> Fraction:
        """See Measure."""
        if self._sides:
            self._sides.check()
        return self._sum / self._rows


class Root(Mean):
    """The root of a mean of losses."""

    def value(self) -> Fraction:
        """See Measure."""
        mean = super().value()
        decimal = _PRECISE.divide(Decimal(mean.numerator), Decimal(mean.denominator))
        return Fraction(_PRECISE.sqrt(decimal))


class Sides:
    """Watches that rows have the positive label, or where there is none two labels: of rows that
    are all alike a model that always says the same is right about everything."""

    def __init__(self, positive: str | None) -> None:
        self._positive = positive
        self._with = self._without = False
        self._first: str | None = None

    def add(self, row: Row) -> None:
        """See a row. Raises UnfitError for one without a label."""
        expected_label(row)
        label = text_of(row.expected)
        self._first = label if self._first is None else self._first
        is_positive = label == (self._first if self._positive is None else self._positive)
        self._with |= is_positive
        self._without |= not is_positive

    def check(self) -> None:
        """Raise UnfitError where all rows were alike."""
        if self._with and self._without:
            return
        if self._positive is None:
            raise UnfitError("ClassMissing", "all rows have the same label")
        which = "all rows have" if self._with else "no row has"
        raise UnfitError("ClassMissing", f"{which} the positive label {self._positive}")


def log_loss(labels: Labels, positive: str | None) -> Loss:
    """Return the loss -ln(p) of the probability of the right label.

    A list or an object says the probabilities of all labels, a number that of `positive`.
    """

    def loss(row: Row, predicted: Prediction) -> Fraction | None:
        right = text_of(row.expected) or ""
        if isinstance(predicted, list | dict):
            found = labels.probabilities(predicted)
            probability = found.get(right) if found else None
        else:
            probability = _binary(labels, predicted, positive, right)
        if probability is None:
            return None
        return Fraction(-math.log(min(max(float(probability), SMALLEST), 1.0)))

    return loss


def _binary(
    labels: Labels, predicted: Prediction, positive: str | None, right: str
) -> Decimal | None:
    if number_in(predicted) is None:
        return None
    if positive is None:
        raise UnfitError(
            "RowsUnfit",
            "an answer is one number: say of which label it is the probability (positiveLabel), or "
            "have prediction name a list or an object of probabilities",
        )
    if len(labels.texts) > 2:
        raise UnfitError(
            "RowsUnfit",
            f"a log loss of {len(labels.texts)} labels needs a probability of each: a list or an "
            "object",
        )
    found = labels.of_one(predicted, positive)
    if found is None or right == positive:
        return found
    return 1 - found


def squared_doubt(labels: Labels, positive: str) -> Loss:
    """Return the loss (p - y)^2 of the probability of the positive label; y is 1 where it is so."""

    def loss(row: Row, predicted: Prediction) -> Fraction | None:
        found = labels.of_one(predicted, positive)
        if found is None:
            return None
        return (Fraction(found) - (text_of(row.expected) == positive)) ** 2

    return loss


def error(row: Row, predicted: Prediction) -> Fraction | None:
    """Return the distance of a number from the expected one."""
    found, expected = number_in(predicted), _expected_number(row)
    return None if found is None else abs(Fraction(found) - Fraction(expected))


def squared_error(row: Row, predicted: Prediction) -> Fraction | None:
    """Return the squared distance of a number from the expected one."""
    loss = error(row, predicted)
    return None if loss is None else loss**2


def _expected_number(row: Row) -> Decimal:
    number = number_in(row.expected)
    if number is None:
        raise UnfitError("RowsUnfit", f'row {row.id}: "expected" is no number')
    return number


class Auroc:
    """The probability that a row with the label scores higher than one without; ties count half.

    A row without a score is ranked on the wrong side of all others.
    """

    def __init__(self, labels: Labels, positive: str) -> None:
        self.unanswered = 0
        self._labels = labels
        self._positive = positive
        self._sides = Sides(positive)
        self._scores = {True: array("d"), False: array("d")}

    def add(self, row: Row, predicted: Prediction) -> bool:
        """See Measure."""
        self._sides.add(row)
        is_positive = text_of(row.expected) == self._positive
        score = self._labels.score_of_one(predicted, self._positive)
        self.unanswered += score is None
        wrong_side = -math.inf if is_positive else math.inf
        self._scores[is_positive].append(wrong_side if score is None else float(score))
        return score is not None

    @property
    def basis(self) -> int:
        """See Measure."""
        return min(map(len, self._scores.values()))

    def value(self) -> Fraction:
        """See Measure."""
        self._sides.check()
        with_label, without = self._scores[True], sorted(self._scores[False])
        twice = sum(
            bisect.bisect_left(without, score) + bisect.bisect_right(without, score)
            for score in with_label
        )
        return Fraction(twice, 2 * len(with_label) * len(without))
