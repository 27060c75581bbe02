"""One KPI, judged on lines of observations as a benchmark would judge it."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from modelward.api.kpi import Kpi
from modelward.api.metrics import STREAMED_METRICS, TIME_METRICS
from modelward.cli.inputs import InputError
from modelward.cli.observations import (
    Answered,
    AnsweredRow,
    Counted,
    CountedWindow,
    Observation,
    Request,
    SharedWindow,
)
from modelward.judge.declared import Alphas, declared
from modelward.judge.exams import ExamObjective, RowCounts, exam_decision, exam_verdict
from modelward.judge.objectives import exam_objective, ordinary_objective
from modelward.judge.pairs import PairedWindow
from modelward.judge.verdict import Verdict
from modelward.judge.windows import RateWindow, Window, WindowJudge, assuming

NOTHING = Verdict("Inconclusive", "NotMeasured")


@dataclass
class Reached:
    """Where a verdict was reached."""

    line: int
    at: str | None
    requests: int
    """Requests or rows until then, those of calibration among them."""


def judged_window(
    window: CountedWindow | PairedWindow | SharedWindow, kpi: Kpi, line: int
) -> Window | SharedWindow:
    """Return a line's window as it is judged.

    Raises InputError where nothing tells how many requests were slower than expected.
    """
    if not isinstance(window, CountedWindow):
        return window
    expected = kpi.objective.expected if kpi.quantile else None
    if expected and window.beyond_expected is None:
        raise InputError(
            f"line {line}: beyondExpected is missing, and KPI {kpi.name} has expected: say how "
            f"many requests took longer than {expected}"
        )
    return RateWindow(window.requests, window.bad, window.beyond_expected or 0)


class LoadReplay:
    """One KPI under load."""

    def __init__(self, kpi: Kpi, alphas: Alphas, window: int, dispersion: int | None) -> None:
        self.kpi = kpi
        self.reached: Reached | None = None
        asked = declared(kpi)
        objective = ordinary_objective(asked, alphas)
        start = None if dispersion is None else assuming(objective, dispersion)
        self._judge = WindowJudge(objective, start)
        self._window = window
        self._waiting: list[Request] = []
        self._is_latency = kpi.benchmark.metric in TIME_METRICS
        self._limit = asked.limit if self._is_latency else Fraction(0)
        self._expected = asked.expected if self._is_latency else None

    def see(self, observed: Observation) -> None:
        """Take note of a line. Raises InputError for one that does not fit the KPI."""
        match observed.what:
            case Counted(kpi=name, window=window) if name == self.kpi.name:
                self._add(judged_window(window, self.kpi, observed.line), observed)
            case Request() as request:
                self._see_request(request, observed)

    def verdict(self) -> Verdict:
        """Return what the windows so far say."""
        return self._judge.verdict()

    @property
    def is_measured(self) -> bool:
        """True once anything was seen of it."""
        return self._judge.windows > 0 or bool(self._waiting)

    def _see_request(self, request: Request, observed: Observation) -> None:
        if self.kpi.objective.versus and request.stable_failed is None:
            return
        if self.kpi.benchmark.metric in STREAMED_METRICS:
            return  # a line about a request says nothing of its tokens
        if self._is_latency and request.seconds is None and not request.failed:
            raise InputError(
                f"line {observed.line}: latency is missing, and KPI {self.kpi.name} is about it"
            )
        self._waiting.append(request)
        if len(self._waiting) == self._window:
            self._add(self._counted(), observed)
            self._waiting.clear()

    def _counted(self) -> Window:
        if self.kpi.objective.versus:
            failed = [(request.failed, request.stable_failed) for request in self._waiting]
            pairs = ((True, False), (False, True), (True, True))
            return PairedWindow(len(failed), *(failed.count(pair) for pair in pairs))
        beyond = (self._limit, self._limit if self._expected is None else self._expected)
        bad = (sum(self._is_bad(request, limit) for request in self._waiting) for limit in beyond)
        return RateWindow(len(self._waiting), *bad)

    def _is_bad(self, request: Request, limit: Fraction) -> bool:
        slow = self._is_latency and request.seconds is not None and request.seconds > limit
        return request.failed or slow

    def _add(self, window: Window | SharedWindow, observed: Observation) -> None:
        before = self._judge.outcome
        try:
            if isinstance(window, SharedWindow):
                raise ValueError("only users' requests are compared as shares")
            after = self._judge.add(window)
        except ValueError:
            wanted = '"lost", "won" and "both"' if self.kpi.objective.versus else '"bad"'
            raise InputError(
                f"line {observed.line}: counts of KPI {self.kpi.name} are {wanted}"
            ) from None
        if before != after:
            self.reached = Reached(observed.line, observed.at, self._judge.requests)


class RowsReplay:
    """One KPI on rows. An exam is judged on all of its rows, a sample after each draw."""

    def __init__(
        self, kpi: Kpi, alphas: Alphas, *, sampled: bool, mark: Callable[[Answered], AnsweredRow]
    ) -> None:
        """`mark` tells whether an answer is right."""
        self.kpi = kpi
        self._mark = mark
        self.reached: Reached | None = None
        self._objective: ExamObjective = exam_objective(declared(kpi), alphas)
        self._sampled = sampled
        self._lines: dict[str, int] = {}
        self._read = self._correct = self._stable = self._lost = 0
        self._last: Observation | None = None

    def see(self, observed: Observation) -> None:
        """Take note of a line. Raises InputError for a row of an exam that was there before."""
        row = observed.what
        if not isinstance(row, AnsweredRow | Answered):
            return
        if row.dataset != self.kpi.benchmark.dataset:
            return
        if isinstance(row, Answered):
            row = self._mark(row)
        elif self.kpi.benchmark.metric != "accuracy":
            return
        if self.kpi.objective.versus and row.stable_correct is None:
            return
        if self._sampled and self.reached:
            return
        self._check_is_new(row, observed.line)
        self._read += 1
        self._correct += row.correct
        self._stable += row.stable_correct is True
        self._lost += row.stable_correct is True and not row.correct
        self._last = observed
        if self._sampled and exam_decision(self._counts(), self._objective)[0] != "Inconclusive":
            self.reached = Reached(observed.line, observed.at, self._read)

    def verdict(self) -> Verdict:
        """Return what the rows so far say, of an exam those that there are."""
        if not self._read:
            return NOTHING
        if not self._sampled and self._last:
            self.reached = Reached(self._last.line, self._last.at, self._read)
        return exam_verdict(self._counts(), self._objective)

    @property
    def is_measured(self) -> bool:
        """True once anything was seen of it."""
        return self._read > 0

    def _check_is_new(self, row: AnsweredRow, line: int) -> None:
        if row.id is None:
            return
        if row.id in self._lines and not self._sampled:
            raise InputError(
                f"line {line}: row {row.id} was answered on line {self._lines[row.id]} already; "
                "an exam asks each row once, say rows: sample for repeats"
            )
        self._lines.setdefault(row.id, line)

    def _counts(self) -> RowCounts:
        rows = len(self._lines) or self._read if self._sampled else self._read
        compared = self.kpi.objective.versus is not None
        return RowCounts(
            rows=rows,
            read=self._read,
            correct=self._correct,
            sampled=self._sampled,
            baseline=self._stable if compared else None,
            lost=self._lost if compared else 0,
        )
