"""One KPI on rows, measured on answers from the past as a benchmark pod would measure it."""

import dataclasses
from collections.abc import Sequence
from functools import cached_property

from modelward.api.datasets import Dataset
from modelward.api.kpi import Kpi
from modelward.api.modeldeployment import ModelDeployment
from modelward.benchmark.contract import PlanJudgement
from modelward.benchmark.judging import rows_verdict
from modelward.benchmark.plan import plan_kpi, sampled_names
from modelward.benchmark.rowcounts import RowCounts
from modelward.benchmark.rows import Row
from modelward.cli.inputs import InputError
from modelward.cli.observations import Answered, AnsweredRow, Observation
from modelward.cli.replayed import Reached
from modelward.judge.declared import Alphas
from modelward.judge.verdict import Verdict
from modelward.protocols import dialogue
from modelward.runner.metrics import RowSet, UnfitError, readings, tally_of
from modelward.runner.metrics.answers import IsRight, is_right_by
from modelward.runner.metrics.readings import NO_ANSWER, Prediction
from modelward.runner.rows import DatasetInvalidError
from modelward.strictjson import Json

_NOTHING = Verdict("Inconclusive", "NotMeasured")


class Reader:
    """Reads what a KPI needs of answers."""

    def __init__(self, kpi: Kpi, deployment: ModelDeployment) -> None:
        """Raises ValueError for a KPI that can't be measured."""
        datasets = deployment.spec.datasets
        path = kpi.benchmark.prediction or _prediction(datasets, kpi, deployment)
        asked = plan_kpi(kpi, sampled_names(datasets))
        self.asked = asked.model_copy(update={"prediction": path})
        try:
            (self._reading,) = readings([self.asked])
        except DatasetInvalidError as error:
            raise ValueError(str(error)) from error

    def predicted(self, answer: Json) -> Prediction:
        """Return the prediction in the JSON of an answer; None is a failed request."""
        return NO_ANSWER if answer is None else self._reading.part(answer)

    def mark(self, seen: Answered) -> AnsweredRow:
        """Return whether a row was answered rightly. Raises InputError for one that can't be."""
        try:
            ours = self._is_right(seen.row, self.predicted(seen.answer))
            stable = self._is_right(seen.row, self.predicted(seen.stable_answer))
        except UnfitError as error:
            raise InputError(f"KPI {self.asked.name}: {error}") from error
        return AnsweredRow(
            seen.dataset, seen.row.id or None, ours, stable if seen.compared else None
        )

    @cached_property
    def _is_right(self) -> IsRight:
        return is_right_by(self.asked)


class AnswersReplay:
    """One KPI on rows whose answers are given. It is judged on all of them, at their end."""

    def __init__(self, kpi: Kpi, alphas: Alphas, deployment: ModelDeployment) -> None:
        """Raises ValueError for a KPI that can't be measured."""
        self.kpi = kpi
        self.reached: Reached | None = None
        self._reader = Reader(kpi, deployment)
        self._asked = self._reader.asked
        self._judgement = PlanJudgement(**dataclasses.asdict(alphas))
        self._rows: list[tuple[Row, Sequence[Prediction]]] = []

    def see(self, observed: Observation) -> None:
        """Take note of a line."""
        seen = observed.what
        if not isinstance(seen, Answered) or seen.dataset != self.kpi.benchmark.dataset:
            return
        versus = self.kpi.objective.versus is not None
        if versus and not seen.compared:
            return
        answers = (seen.answer, seen.stable_answer) if versus else (seen.answer,)
        row = dataclasses.replace(seen.row, id=seen.row.id or f"of line {observed.line}")
        self._rows.append((row, [self._reader.predicted(answer) for answer in answers]))
        self.reached = Reached(observed.line, observed.at, len(self._rows))

    def verdict(self) -> Verdict:
        """Return what the rows say. Raises InputError where they don't fit the metric."""
        if not self._rows:
            return _NOTHING
        sampled = self._asked.is_sample
        rows = len({row.id for row, _ in self._rows}) if sampled else len(self._rows)
        try:
            tally = tally_of(
                self._asked, RowSet(rows, sampled, lambda: (row for row, _ in self._rows)), None
            )
            for row, predicted in self._rows:
                tally.add(row, predicted)
            counts = tally.counts()
        except UnfitError as error:
            raise InputError(f"KPI {self.kpi.name}: {error}") from error
        if not isinstance(counts, RowCounts):
            return _NOTHING
        return rows_verdict(self._asked, counts, self._judgement)

    @property
    def is_measured(self) -> bool:
        """True once anything was seen of it."""
        return bool(self._rows)


def _prediction(datasets: Sequence[Dataset], kpi: Kpi, deployment: ModelDeployment) -> str:
    """Return the JMESPath of a KPI's data set, or else that of the protocol."""
    given = {data.name: data.prediction for data in datasets}.get(kpi.benchmark.dataset or "")
    serving = deployment.spec.serving
    return given or dialogue(serving.spoken, "m", serving.said).prediction
