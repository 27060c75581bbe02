"""Counts the answers to rows for one KPI."""

import json
import logging
from collections.abc import Sequence

from modelward.benchmark.contract import PlanKpi
from modelward.benchmark.counts import Counts
from modelward.benchmark.log import MOST_WRONG_ROWS, SLICE, WRONG_ROW
from modelward.benchmark.rows import Row
from modelward.runner.client import Answer
from modelward.runner.metrics import Reading, RowSet, SliceTally, Tally, UnfitError, tally_of
from modelward.runner.rows import Dataset
from modelward.strictjson import printable

_log = logging.getLogger(__name__)


class Marking:
    """How the rows are counted for one KPI."""

    def __init__(self, kpi: PlanKpi, reading: Reading, rows: RowSet, start: Counts | None) -> None:
        """`start` counts the rows that were read before. Raises ValueError for one not its own."""
        self.kpi = kpi
        self.reading = reading
        self.unfit: UnfitError | None = None
        """Why the KPI can't be judged on these rows."""
        self._tally: Tally | None = None
        self._not_good = 0
        try:
            self._tally = tally_of(kpi, rows, start)
        except UnfitError as error:
            self.unfit = error

    def counts(self) -> Counts | None:
        """Return the counts so far, None where they tell nothing yet, or never will."""
        try:
            return None if self.unfit or self._tally is None else self._tally.counts()
        except UnfitError as error:
            self.unfit = error
            return None

    @property
    def worst_slice(self) -> str:
        """Name of the worst slice, once there are counts of it."""
        return self._tally.worst_slice if self._tally else ""

    def add(self, row: Row, datasets: Sequence[Dataset], answers: Sequence[Answer]) -> None:
        """Count a row with the answers of all examinees."""
        if self.unfit or self._tally is None:
            return
        predicted = [self.reading.of(*pair) for pair in zip(datasets, answers, strict=True)]
        try:
            good = self._tally.add(row, predicted)
        except UnfitError as error:
            self.unfit = error
            return
        self._not_good += not good
        if not good and self._not_good <= MOST_WRONG_ROWS:
            told = {"dataset": self.kpi.dataset, "kpi": self.kpi.name, "row": row.id}
            if answers[0].problem:
                told |= {"problem": answers[0].problem, "detail": answers[0].detail}
            else:
                told |= {"expected": shown(row.expected), "got": shown(predicted[0])}
                if predicted[0] is None:
                    told["detail"] = f"prediction finds nothing in {shown(answers[0].document)}"
            _log.info(WRONG_ROW, extra=told)

    def tell(self) -> None:
        """Log what became of it."""
        counts = self.counts()
        told = {"kpi": self.kpi.name, "unfit": str(self.unfit or "")}
        _log.info("rows counted", extra=told | {"counts": counts.to_ints() if counts else ()})
        if counts and isinstance(self._tally, SliceTally):
            for name, (rows, value) in self._tally.slices().items():
                found = {"slice": name, "rows": rows, "value": float(value)}
                _log.info(SLICE, extra=told | found)


def shown(value: object) -> str:
    """Return a JSON value for people, at most 80 characters of it.

    As JSON, because it is compared as such: "5" is not 5.
    """
    text = printable(json.dumps(value, ensure_ascii=False, default=float))
    return text if len(text) <= 80 else f"{text[:77]}..."
