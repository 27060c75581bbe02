"""The data sets of a plan: checked against their digests, in the order they are asked in.

However many rows there are, memory holds 16 bytes of each: rows are read from their file when they
are asked.
"""

import functools
import hashlib
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import jmespath
import jmespath.exceptions
from jmespath.parser import ParsedResult

from modelward.api.metrics import VALUE_METRICS
from modelward.benchmark.contract import PlanDataset, RunnerPlan
from modelward.benchmark.records import JsonLines, Records
from modelward.benchmark.rows import Row, RowsError, records_of
from modelward.protocols.base import Dialogue, NotAskableError, Request
from modelward.runner import parquet
from modelward.runner.client import Answer
from modelward.runner.files import RowsFile
from modelward.runner.form import RowForm, exact, first_line
from modelward.runner.index import Index, build
from modelward.strictjson import Json

_KEPT_ROWS = 256
_PAYLOAD_ROWS = 10_000
_PAYLOAD_BYTES = 32 * 2**20


class DatasetInvalidError(Exception):
    """A data set that can't be used; the message names it, the line and what to mend."""


@dataclass(frozen=True)
class Table:
    """The rows of a data set in the order they are asked in, which never changes for its key."""

    name: str
    key: str
    """What the order follows from: the digest and the revision."""
    file: RowsFile
    records: Records
    form: RowForm
    index: Index

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.index.offsets)

    def __getitem__(self, number: int) -> Row:
        """Read a row. Raises OSError where its file has changed."""
        self.file.check()
        record = self.records.at(self.index.offsets[number])
        return self.form.row(record, self.index.lines[number])


@dataclass(frozen=True)
class Question:
    """A row as it is asked."""

    row: Row
    request: Request


class Questions:
    """The rows of a table as a dialogue asks them; the last ones that were asked are kept."""

    def __init__(self, table: Table, dialogue: Dialogue) -> None:
        self._table = table
        ask = functools.partial(_question, table, dialogue)
        self._asked: Callable[[int], Question] = functools.lru_cache(_KEPT_ROWS)(ask)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._table)

    def __getitem__(self, number: int) -> Question:
        """Return a question."""
        return self._asked(number)

    def __iter__(self) -> Iterator[Question]:
        """Return all questions in their order."""
        return (self[number] for number in range(len(self)))


@dataclass(frozen=True)
class Dataset:
    """A data set ready to be asked."""

    name: str
    questions: Questions
    """In an order that follows from the rows and the revision: it is never drawn again."""
    prediction: ParsedResult
    """Compiled JMESPath."""
    key: str
    """What rows and order follow from: the digest and the revision."""

    def drawn(self, number: int) -> Question:
        """Return the question of a numbered draw with replacement, for a key always the same."""
        digest = hashlib.sha256(f"{self.key}/draw/{number}".encode()).digest()
        return self.questions[int.from_bytes(digest) % len(self.questions)]

    def payload(self) -> list[Request]:
        """Return the requests that load sends in turn: all, or as many as are kept in memory.

        Nothing is read or encoded while load is sent, which would delay it.
        """
        requests: list[Request] = []
        size = 0
        for question in itertools.islice(self.questions, _PAYLOAD_ROWS):
            size += len(question.request.body)
            if requests and size > _PAYLOAD_BYTES:
                break
            requests.append(question.request)
        return requests

    def predicted(self, answer: Answer) -> Json:
        """Return the prediction in a good answer, as same_json compares it.

        None where there is none.
        """
        try:
            return exact(self.prediction.search(answer.document))
        except jmespath.exceptions.JMESPathError:
            return None


def read_tables(
    plan: RunnerPlan,
    files: Mapping[str, RowsFile],
    dialogue: Dialogue,
    scratch: Path | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Table]:
    """Return all data sets of a plan by name, each row checked: it can be asked by a dialogue.

    `scratch` is a folder for Parquet's rows and for indices that don't fit into memory. Raises
    DatasetInvalidError, OSError, and InterruptedError when `stop` is set.
    """
    exams = {
        kpi.dataset
        for kpi in plan.kpis
        if kpi.of_rows and kpi.rows is None and kpi.metric not in VALUE_METRICS
    }
    return {
        data.name: _table(
            data,
            files[data.name],
            f"{files[data.name].digest}/{plan.subject.revision}",
            ask=dialogue.ask,
            is_exam=data.name in exams,
            scratch=scratch,
            stop=stop or threading.Event(),
        )
        for data in plan.datasets
    }


def asked(plan: RunnerPlan, tables: Mapping[str, Table], dialogue: Dialogue) -> dict[str, Dataset]:
    """Return the data sets of a plan as they are asked by a dialogue, by name.

    Raises DatasetInvalidError.
    """
    return {
        data.name: Dataset(
            data.name,
            Questions(tables[data.name], dialogue),
            _prediction(data, dialogue),
            tables[data.name].key,
        )
        for data in plan.datasets
    }


def _table(
    data: PlanDataset,
    file: RowsFile,
    key: str,
    *,
    ask: Callable[[Json], object],
    is_exam: bool,
    scratch: Path | None,
    stop: threading.Event,
) -> Table:
    if file.digest != data.sha256:
        raise DatasetInvalidError(
            f"data set {data.name} is not the one that was asked for: its sha256 begins with "
            f"{file.digest[:16]}, not with {data.sha256[:16]}"
        )
    try:
        records = _records(data, file, scratch, stop)
        form = RowForm(data.columns, numbered=records.numbered)
        index = build(records, form, key, ask=ask, is_exam=is_exam, scratch=scratch, stop=stop)
    except (RowsError, parquet.ParquetError) as error:
        raise DatasetInvalidError(f"data set {data.name}, {error}") from error
    file.check()
    return Table(data.name, key, file, records, form, index)


def _records(
    data: PlanDataset, file: RowsFile, scratch: Path | None, stop: threading.Event
) -> Records:
    if data.format != "parquet":
        return records_of(file.handle, data.format or "jsonl")
    if file.path is None or scratch is None:
        raise parquet.ParquetError("Parquet is read from a file, with a folder for its rows")
    spool = scratch / f"{data.name}.jsonl"
    parquet.to_json_lines(file.path, spool, data.size_limit or 0, scratch, stop)
    return JsonLines(spool.open("rb"), numbered=True)


def _question(table: Table, dialogue: Dialogue, number: int) -> Question:
    row = table[number]
    try:
        return Question(row, dialogue.ask(row.inputs))
    except NotAskableError as error:
        raise DatasetInvalidError(f"data set {table.name}, row {row.id}: {error}") from error


def _prediction(data: PlanDataset, dialogue: Dialogue) -> ParsedResult:
    try:
        return jmespath.compile(data.prediction or dialogue.prediction)
    except jmespath.exceptions.JMESPathError as error:
        raise DatasetInvalidError(
            f"data set {data.name}: prediction {data.prediction!r} is no JMESPath: "
            f"{first_line(error)}"
        ) from error
