"""Labels, and probabilities of them."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

from modelward.benchmark.rows import Row
from modelward.runner.metrics.readings import Prediction, number_in
from modelward.runner.metrics.unfit import UnfitError
from modelward.strictjson import Json

Label: TypeAlias = tuple[str, Decimal | str]
"""Kind and value of a label: a text, a truth value or a number. They sort as scikit-learn's do."""
MOST_LABELS = 1_000
_SUM_TOLERANCE = Decimal("0.01")


def label_of(value: Prediction) -> Label | None:
    """Return the label that a JSON value is, None for one that is none."""
    if isinstance(value, bool):
        return ("truth", "true" if value else "false")
    if isinstance(value, str):
        return ("text", value)
    number = number_in(value)
    return None if number is None else ("number", number)


def text_of(value: Prediction) -> str | None:
    """Return a label as a person writes it: fraud, true, 1. None for a value that is none."""
    label = label_of(value)
    if label is None:
        return None
    return label[1] if isinstance(label[1], str) else f"{label[1].normalize():f}"


def expected_label(row: Row) -> Label:
    """Return the label that a row has. Raises UnfitError where it has none."""
    label = label_of(row.expected)
    if label is None:
        raise UnfitError(
            "RowsUnfit", f'row {row.id}: "expected" is no label (a text, a number, true or false)'
        )
    return label


class Labels:
    """The labels that the rows of a data set have, in sorted order. They are looked up when an
    answer is a list of probabilities, whose order they say."""

    def __init__(self, rows: Callable[[], Iterable[Row]]) -> None:
        self._rows = rows

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The labels as texts. Raises UnfitError for more than there is room for."""
        found: dict[Label, str] = {}
        for row in self._rows():
            found.setdefault(expected_label(row), text_of(row.expected) or "")
            if len(found) > MOST_LABELS:
                raise UnfitError("RowsUnfit", f"the rows have more than {MOST_LABELS} labels")
        if len(set(found.values())) < len(found):
            raise UnfitError("RowsUnfit", 'labels differ in their kind alone, such as 1 and "1"')
        return tuple(found[label] for label in sorted(found))

    def probabilities(self, value: Prediction) -> dict[str, Decimal] | None:
        """Return the probabilities by label that a list or an object holds.

        They add up to 1 exactly. None for anything else, and where they are not between 0 and 1, do
        not add up to 1 but for rounding, or a list is not as long as there are labels.
        """
        members: dict[str, Json]
        if isinstance(value, dict):
            members = value
        elif isinstance(value, list) and len(value) == len(self.texts):
            members = dict(zip(self.texts, value, strict=True))
        else:
            return None
        found = {label: probability_in(each) for label, each in members.items()}
        sure = {label: each for label, each in found.items() if each is not None}
        total = sum(sure.values(), Decimal(0))
        if len(sure) < len(found) or abs(total - 1) > _SUM_TOLERANCE:
            return None
        return {label: each / total for label, each in sure.items()}

    def of_one(self, value: Prediction, label: str) -> Decimal | None:
        """Return the probability of a label that a number, a list or an object says."""
        if isinstance(value, list | dict):
            found = self.probabilities(value)
            return found.get(label) if found else None
        return probability_in(value)

    def score_of_one(self, value: Prediction, label: str) -> Decimal | None:
        """Return the score of a label: any number, or its probability in a list or an object."""
        return self.of_one(value, label) if isinstance(value, list | dict) else number_in(value)


def probability_in(value: Prediction) -> Decimal | None:
    """Return a probability, None for what is none."""
    number = number_in(value)
    return number if number is not None and 0 <= number <= 1 else None
