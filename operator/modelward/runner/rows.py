"""The data sets of a plan: read, checked against their digests, in the order they are asked in."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import jmespath
import jmespath.exceptions
from jmespath.parser import ParsedResult

from modelward.api.metrics import VALUE_METRICS
from modelward.benchmark.contract import PlanDataset, RunnerPlan
from modelward.benchmark.rows import (
    Row,
    RowsError,
    contradiction,
    parse_rows,
    sha256_of,
)
from modelward.benchmark.strictjson import Json
from modelward.protocols.base import Dialogue, NotAskableError, Request
from modelward.runner.client import Answer


class DatasetInvalidError(Exception):
    """A data set that can't be used; the message names it, the line and what to mend."""


@dataclass(frozen=True)
class Question:
    """A row as it is asked."""

    row: Row
    request: Request


@dataclass(frozen=True)
class Dataset:
    """A data set ready to be asked."""

    name: str
    questions: tuple[Question, ...]
    """In an order that follows from the rows and the revision: it is never drawn again."""
    prediction: ParsedResult
    """Compiled JMESPath."""
    key: str
    """What rows and order follow from: the digest and the revision."""

    def drawn(self, number: int) -> Question:
        """Return the question of a numbered draw with replacement, for a key always the same."""
        digest = hashlib.sha256(f"{self.key}/draw/{number}".encode()).digest()
        return self.questions[int.from_bytes(digest) % len(self.questions)]

    def predicted(self, answer: Answer) -> Json:
        """Return the prediction in a good answer, as same_json compares it.

        None where there is none.
        """
        try:
            return exact(self.prediction.search(answer.document))
        except jmespath.exceptions.JMESPathError:
            return None


def read_files(plan: RunnerPlan, folder: Path) -> dict[str, bytes]:
    """Return the content of each data set. Raises OSError."""
    return {data.name: (folder / data.name).read_bytes() for data in plan.datasets}


def digests(plan: RunnerPlan, files: dict[str, bytes]) -> tuple[str, ...]:
    """Return the sha256 of each data set as it was found, in the plan's order."""
    return tuple(sha256_of(files[data.name]) for data in plan.datasets)


def prepare(plan: RunnerPlan, files: dict[str, bytes], dialogue: Dialogue) -> dict[str, Dataset]:
    """Return all data sets of a plan by name, as they are asked by a dialogue.

    The order follows from the subject whoever is asked. Raises DatasetInvalidError.
    """
    exams = {
        kpi.dataset
        for kpi in plan.kpis
        if kpi.of_rows and kpi.rows is None and kpi.metric not in VALUE_METRICS
    }
    datasets = {
        data.name: _dataset(data, files[data.name], plan.subject.revision, dialogue)
        for data in plan.datasets
    }
    for name, dataset in datasets.items():
        problem = contradiction([question.row for question in dataset.questions])
        if name in exams and problem:
            raise DatasetInvalidError(f"data set {name}, {problem}")
    return datasets


def keyed_order(count: int, digest: str, revision: str) -> list[int]:
    """Return the indices below `count` in a random order that is always the same for the key."""
    return sorted(
        range(count), key=lambda i: hashlib.sha256(f"{digest}/{revision}/{i}".encode()).digest()
    )


def exact(value: Json) -> Json:
    """Return a JSON value whose floats are the decimals that they are written as.

    Answers are read as floats, because JMESPath's functions know no Decimal.
    """
    match value:
        case float():
            return Decimal(repr(value))
        case dict():
            return {key: exact(member) for key, member in value.items()}
        case list():
            return [exact(item) for item in value]
        case _:
            return value


def _dataset(data: PlanDataset, content: bytes, revision: str, dialogue: Dialogue) -> Dataset:
    digest = sha256_of(content)
    if digest != data.sha256:
        raise DatasetInvalidError(
            f"data set {data.name} is not the one that was asked for: its sha256 begins with "
            f"{digest[:16]}, not with {data.sha256[:16]}"
        )
    try:
        rows: Sequence[Row] = parse_rows(content)
    except RowsError as error:
        raise DatasetInvalidError(f"data set {data.name}, {error}") from error
    order = keyed_order(len(rows), digest, revision)
    questions = tuple(_question(rows[i], data.name, dialogue) for i in order)
    return Dataset(data.name, questions, _compiled(data, dialogue), f"{digest}/{revision}")


def _question(row: Row, dataset: str, dialogue: Dialogue) -> Question:
    try:
        return Question(row, dialogue.ask(row.inputs))
    except NotAskableError as error:
        raise DatasetInvalidError(f"data set {dataset}, row {row.id}: {error}") from error


def _compiled(data: PlanDataset, dialogue: Dialogue) -> ParsedResult:
    expression = data.prediction or dialogue.prediction
    try:
        return jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as error:
        first = str(error).splitlines()[0]
        raise DatasetInvalidError(
            f"data set {data.name}: prediction {expression!r} is no JMESPath: {first}"
        ) from error
