"""Where the rows of a file are, in the order they are asked in: one pass over all of them.

The pass checks every row, and leaves 16 bytes for each in memory. What is compared across rows is
kept in an SQLite file meanwhile, which sorts it within a bound of memory.
"""

import hashlib
import sqlite3
import threading
from array import array
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from modelward.benchmark.records import Records, RowsError
from modelward.benchmark.rows import Row, canonical, contradiction, no_rows, same_id
from modelward.protocols.base import NotAskableError
from modelward.runner.form import RowForm
from modelward.strictjson import Json

_ROWS_AT_ONCE = 1_000
_TABLE = (
    "CREATE TABLE rows (line INTEGER, offset INTEGER, id INTEGER, inputs INTEGER, place INTEGER)"
)
_TWINS = """
SELECT {0}, line, offset FROM rows
WHERE {0} IN (SELECT {0} FROM rows GROUP BY {0} HAVING count(*) > 1) ORDER BY {0}, line
"""

_Indexed = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Index:
    """The rows of a file in a random order that is always the same for the key."""

    lines: "array[int]" = field(default_factory=lambda: array("Q"))
    """Numbers of the lines that rows begin on."""
    offsets: "array[int]" = field(default_factory=lambda: array("Q"))
    """Where rows begin, in bytes."""


def build(
    records: Records,
    form: RowForm,
    key: str,
    *,
    ask: Callable[[Json], object],
    is_exam: bool,
    scratch: Path | None,
    stop: threading.Event,
) -> Index:
    """Read all rows and return where they are; the order follows from `key`.

    `ask` makes a request of a row's inputs, or raises NotAskableError. `scratch` is a folder for
    what doesn't fit into memory; None for a few rows. Raises RowsError for rows that can't be used,
    of an exam also for two that contradict each other, and InterruptedError when `stop` is set.
    """
    with closing(_database(scratch)) as database:
        rows = _indexed(records, form, key, ask, stop)
        database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", rows)
        _refuse_same_ids(database, records, form)
        if is_exam:
            _refuse_contradictions(database, records, form)
        index = Index()
        for line, offset in database.execute("SELECT line, offset FROM rows ORDER BY place, rowid"):
            index.lines.append(line)
            index.offsets.append(offset)
    if not index.lines:
        raise no_rows()
    return index


def place(number: int, key: str) -> int:
    """Return where the row of a number, from 0, comes in the order for a key: the least first.

    The key is digest/revision of a data set. The order is part of the evidence of an exam that is
    gone on with, so this never changes.
    """
    return _number(hashlib.sha256(f"{key}/{number}".encode()).digest())


def _number(digest: bytes) -> int:
    """Return a digest as SQLite's signed integers, in the same order."""
    return int.from_bytes(digest[:8]) - 2**63


def _database(scratch: Path | None) -> sqlite3.Connection:
    # A name without letters is a temporary file of SQLite's own, in TMPDIR or /tmp.
    database = sqlite3.connect(":memory:" if scratch is None else "", isolation_level=None)
    if scratch is None:
        database.execute("PRAGMA temp_store = MEMORY")
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("BEGIN")
    database.execute(_TABLE)
    return database


def _indexed(
    records: Records,
    form: RowForm,
    key: str,
    ask: Callable[[Json], object],
    stop: threading.Event,
) -> Iterator[_Indexed]:
    for number, record in enumerate(records):
        if number % _ROWS_AT_ONCE == 0 and stop.is_set():
            raise InterruptedError("told to stop")
        row = form.checked(record)
        try:
            ask(row.inputs)
        except NotAskableError as error:
            raise RowsError(str(error), record.line) from error
        inputs = hashlib.sha256(canonical(row.inputs).encode()).digest()
        name = hashlib.sha256(row.id.encode()).digest()
        yield record.line, record.offset, _number(name), _number(inputs), place(number, key)


def _refuse_same_ids(database: sqlite3.Connection, records: Records, form: RowForm) -> None:
    for (line, one), (other_line, other) in _twins(database, "id", records, form):
        if one.id == other.id:
            raise same_id(one.id, line, other_line)


def _refuse_contradictions(database: sqlite3.Connection, records: Records, form: RowForm) -> None:
    for (_, one), (_, other) in _twins(database, "inputs", records, form):
        if problem := contradiction(one, other):
            raise RowsError(problem)


def _twins(
    database: sqlite3.Connection, column: str, records: Records, form: RowForm
) -> Iterator[tuple[tuple[int, Row], tuple[int, Row]]]:
    """Return the rows that agree in a column, each beside the first of them, with their lines."""
    last: int | None = None
    first: tuple[int, Row] | None = None
    for digest, line, offset in database.execute(_TWINS.format(column)):
        found = line, form.row(records.at(offset), line)
        if first is None or digest != last:
            first, last = found, digest
        else:
            yield first, found
