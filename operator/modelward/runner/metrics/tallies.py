"""From answers, row by row, to the counts of one KPI."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from modelward.api.metrics import METRICS
from modelward.benchmark.contract import MAX_SLICE_CHARS, PlanKpi
from modelward.benchmark.counts import (
    ClassCounts,
    Counts,
    ExamCounts,
    PairedExamCounts,
    PairedSampleCounts,
    SampleCounts,
    SliceCounts,
    ValueCounts,
)
from modelward.benchmark.rowcounts import MOST_SLICES, UNITS, SampleClassCounts, worse_side
from modelward.benchmark.rows import Row
from modelward.judge import MIN_SLICE_ROWS, Ratio
from modelward.runner.metrics.answers import IsRight, is_right_by
from modelward.runner.metrics.classes import Classes
from modelward.runner.metrics.labels import Labels, text_of
from modelward.runner.metrics.measures import Measure, measure_by
from modelward.runner.metrics.readings import Prediction
from modelward.runner.metrics.unfit import UnfitError
from modelward.strictjson import printable


@dataclass(frozen=True)
class RowSet:
    """The rows that are asked."""

    rows: int
    """Rows of the data set."""
    sampled: bool
    """True where they are drawn with replacement."""
    every: Callable[[], Iterable[Row]]
    """Goes through all of them, for their labels."""


class Tally(Protocol):
    """Takes rows in their order, each with the predictions of all that were asked."""

    read: int
    """Rows that it was given, those of an earlier attempt among them."""
    worst_slice: str
    """Name of the worst slice; empty where there is none."""

    def add(self, row: Row, predicted: Sequence[Prediction]) -> bool:
        """Count a row; tell whether the revision's answer was right, or could be used.

        Raises UnfitError for a row that the metric can't be measured on.
        """
        ...

    def counts(self) -> Counts | None:
        """Return the counts so far, None where they tell nothing yet. Raises UnfitError."""
        ...


def tally_of(kpi: PlanKpi, rows: RowSet, start: Counts | None) -> Tally:
    """Return what counts the rows of a KPI, going on from `start`.

    Raises UnfitError for a KPI that can't be measured, ValueError for a start that isn't its own.
    """
    labels = Labels(rows.every)
    match kpi.row_kind, kpi.metric:
        case "slices", _:
            return SliceTally(kpi, rows, labels)
        case "values", _:
            return _ValueTally(kpi, rows, labels)
        case "classes", ("precision" | "recall" | "f1") as ratio:
            return _ClassTally(ratio, kpi.positive_label or "", rows, start)
        case "answers", _:
            return _AnswerTally(is_right_by(kpi), rows, start, versus=kpi.versus is not None)
    raise ValueError(f"{kpi.metric} is not counted on rows")


class _AnswerTally:
    """Right answers, beside stable's where they are compared."""

    worst_slice = ""

    def __init__(
        self, is_right: IsRight, rows: RowSet, start: Counts | None, *, versus: bool
    ) -> None:
        self._is_right = is_right
        self._set = rows
        self._versus = versus
        self._right = _rows_by_right(start)
        self.read = self._right.total()

    def add(self, row: Row, predicted: Sequence[Prediction]) -> bool:
        ours = self._is_right(row, predicted[0])
        stables = self._versus and self._is_right(row, predicted[1])
        self._right[ours, stables] += 1
        self.read += 1
        return ours

    def counts(self) -> Counts | None:
        if self.read == 0:
            return None
        rows, right = self._set.rows, self._right
        correct = right[True, True] + right[True, False]
        if not self._versus:
            kind = SampleCounts if self._set.sampled else ExamCounts
            return kind(rows, self.read, correct)
        paired = PairedSampleCounts if self._set.sampled else PairedExamCounts
        lost = right[False, True]
        return paired(rows, self.read, correct, right[True, True] + lost, lost)


def _rows_by_right(start: Counts | None) -> Counter[tuple[bool, bool]]:
    """Return the rows of earlier counts by whether the revision and stable had them right."""
    match start:
        case None:
            return Counter()
        case PairedExamCounts():
            both, lost = start.baseline - start.lost, start.lost
            won = start.correct - both
            neither = start.read - both - lost - won
            return Counter(
                {(True, True): both, (False, True): lost, (True, False): won,
                 (False, False): neither}
            )  # fmt: skip
        case ExamCounts():
            wrong = start.read - start.correct
            return Counter({(True, False): start.correct, (False, False): wrong})
    raise ValueError(f"{type(start).__name__} are no counts of right answers")


class _ClassTally:
    """Rows by what a precision, recall or F1 of one label makes of them."""

    worst_slice = ""

    def __init__(self, ratio: Ratio, positive: str, rows: RowSet, start: Counts | None) -> None:
        if start is not None and not isinstance(start, ClassCounts):
            raise ValueError(f"{type(start).__name__} are no counts of a {ratio}")
        hits, misses = (start.hits, start.misses) if start else (0, 0)
        self._set = rows
        self._classes = Classes(ratio, positive, hits, misses)
        self._began = start.read if start else 0
        self.read = self._began

    def add(self, row: Row, predicted: Sequence[Prediction]) -> bool:
        self.read += 1
        return self._classes.add(row, predicted[0])

    def counts(self) -> Counts | None:
        if self.read == 0:
            return None
        if not self._began and not self._classes.has_positives:
            # Rows without the label say what a model does where there are none.
            if self.read < self._set.rows:
                return None
            self._classes.check_has_positives()
        kind = SampleClassCounts if self._set.sampled else ClassCounts
        return kind(self._set.rows, self.read, self._classes.hits, self._classes.misses)


class _ValueTally:
    """One value of all rows, beside that of stable where they are compared."""

    worst_slice = ""

    def __init__(self, kpi: PlanKpi, rows: RowSet, labels: Labels) -> None:
        self._kpi = kpi
        self._set = rows
        self._measures: list[Measure] = [measure_by(kpi, labels)]
        if kpi.versus:
            self._measures.append(measure_by(kpi, labels))
        self.read = 0

    def add(self, row: Row, predicted: Sequence[Prediction]) -> bool:
        self.read += 1
        ours, *_ = [
            measure.add(row, each) for measure, each in zip(self._measures, predicted, strict=False)
        ]
        return ours

    def counts(self) -> Counts | None:
        if self.read < self._set.rows:
            return None
        kind, ours = METRICS[self._kpi.metric], self._measures[0]
        baseline = None
        if self._kpi.versus:
            stable = self._measures[1]
            if stable.unanswered and not kind.worst_loss and not ours.unanswered:
                raise UnfitError(
                    "StableUnanswered",
                    f"stable gave no number for {stable.unanswered} rows, so that there is nothing "
                    "to compare with",
                )
            baseline = stable.value()
        return ValueCounts.of(
            self.read,
            ours.unanswered,
            ours.value(),
            baseline,
            units=UNITS[kind.unit],
            more_is_better=kind.direction == "atLeast",
        )


class SliceTally:
    """The value of the worst slice; smaller slices are not judged."""

    def __init__(self, kpi: PlanKpi, rows: RowSet, labels: Labels) -> None:
        self._kpi = kpi
        self._set = rows
        self._labels = labels
        self._column = kpi.worst_slice_of or ""
        self._slices: dict[str, Measure] = {}
        self._all = measure_by(kpi, labels)
        """Of all rows: what they lack, a slice may lack as well."""
        self.read = 0
        self.worst_slice = ""

    def add(self, row: Row, predicted: Sequence[Prediction]) -> bool:
        """See Tally."""
        self.read += 1
        name = self._slice_of(row)
        if name not in self._slices:
            self._slices[name] = measure_by(self._kpi, self._labels, of_slice=True)
            if len(self._slices) > MOST_SLICES:
                raise UnfitError(
                    "RowsUnfit",
                    f"{self._column} has more than {MOST_SLICES} values: name a member with fewer",
                )
        self._all.add(row, predicted[0])
        return self._slices[name].add(row, predicted[0])

    def counts(self) -> Counts | None:
        """See Tally."""
        if self.read < self._set.rows:
            return None
        self._all.value()
        least = self._kpi.min_rows or MIN_SLICE_ROWS
        judged = {name: each for name, each in self._slices.items() if each.basis >= least}
        if not judged:
            raise UnfitError(
                "SlicesTooSmall", f"no slice of {self._column} has {least} rows that count"
            )
        kind = METRICS[self._kpi.metric]
        sign = 1 if kind.direction == "atLeast" else -1
        values = {name: each.value() for name, each in judged.items()}
        worst = min(sorted(values), key=lambda name: sign * values[name])
        self.worst_slice = printable(f"{self._column}={worst}")[:MAX_SLICE_CHARS]
        return SliceCounts(
            rows=self.read,
            unanswered=sum(each.unanswered for each in judged.values()),
            slices=len(judged),
            slice_rows=judged[worst].basis,
            value=worse_side(values[worst], UNITS[kind.unit], more_is_better=sign > 0),
        )

    def slices(self) -> dict[str, tuple[int, Fraction]]:
        """Return rows that count and value of each slice that has any, small ones too."""
        return {
            name: (each.basis, each.value())
            for name, each in sorted(self._slices.items())
            if each.basis
        }

    def _slice_of(self, row: Row) -> str:
        name = text_of(row.columns.get(self._column))
        if name is None:
            raise UnfitError(
                "RowsUnfit",
                f"row {row.id} has no {self._column}, a text, a number, true or false, to tell its "
                "slice",
            )
        return name
