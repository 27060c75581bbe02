"""What a precision, recall or F1 of one label makes of rows."""

from modelward.benchmark.rows import Row, same_json
from modelward.judge import Ratio
from modelward.runner.metrics.labels import expected_label, text_of
from modelward.runner.metrics.readings import NO_ANSWER, Prediction
from modelward.runner.metrics.unfit import UnfitError


class Classes:
    """Counts of rows. A row without an answer, or whose answer is no label, counts against all
    three: as a false positive, or where the row has the label as a false negative."""

    def __init__(self, ratio: Ratio, positive: str, hits: int = 0, misses: int = 0) -> None:
        """`hits` and `misses` are those of an earlier attempt."""
        self.hits = hits
        self.misses = misses
        self._ratio = ratio
        self._positive = positive
        self.has_positives = hits > 0
        """True once a row with the label was seen."""

    def add(self, row: Row, predicted: Prediction) -> bool:
        """Count a row; tell whether it was answered rightly. Raises UnfitError."""
        expected_label(row)
        is_positive = text_of(row.expected) == self._positive
        self.has_positives |= is_positive
        found = text_of(predicted)
        right = predicted is not NO_ANSWER and same_json(predicted, row.expected)
        if is_positive and right:
            self.hits += 1
        elif self._counts_against(is_positive, found):
            self.misses += 1
        return right

    def check_has_positives(self) -> None:
        """Raise UnfitError where no row has the label."""
        if not self.has_positives:
            raise UnfitError("ClassMissing", f"no row has the positive label {self._positive}")

    def _counts_against(self, is_positive: bool, found: str | None) -> bool:
        """Tell whether a row that is no hit is what the metric holds against a model."""
        taken = found == self._positive or found is None
        match self._ratio:
            case "precision":
                return taken
            case "recall":
                return is_positive
            case "f1":
                return is_positive or taken
