"""From the bytes of a file to its records: JSON lines and CSV, each with the place where it begins.

A record is a mapping from names to JSON values: the members of a JSON line, or the cells of a line
of CSV by their columns. A cell that is JSON is that value (5, true, [1, 2], "5"), an empty one is
null, and anything else is text. Places let a record be read again without those before it.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, Protocol

from modelward.strictjson import Json, StrictJsonError, loads_exact, loads_floats

MOST_BYTES = 16 * 2**20
"""The longest line that is read."""

Members = dict[str, Json]


class RowsError(ValueError):
    """Rows that can't be used; the message names the line and what to mend."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {problem}" if line else problem)
        self.line = line


@dataclass(frozen=True)
class Record:
    """One record of a file. Its numbers are int or float."""

    offset: int
    """Where it begins, in bytes."""
    line: int
    """Number of the line that it begins on, from 1."""
    members: Members


@dataclass(frozen=True)
class ExactRecord:
    """One record, read again."""

    plain: Members
    """Its numbers are int or float, as json.dumps takes them."""
    exact: Members
    """Its numbers are int or Decimal."""


class Records(Protocol):
    """The records of one file."""

    numbered: bool
    """Whether a record's number names it where nothing else does."""

    def __iter__(self) -> Iterator[Record]:
        """Read all from the beginning. Raises RowsError for the first that is none."""

    def at(self, offset: int) -> ExactRecord:
        """Read the one that begins there. Raises RowsError."""


class JsonLines:
    """One JSON object on each line; blank lines don't count."""

    def __init__(self, file: BinaryIO, *, numbered: bool = False) -> None:
        self.numbered = numbered
        self._file = file

    def __iter__(self) -> Iterator[Record]:
        """Read all records."""
        self._file.seek(0)
        for line in _lines(self._file):
            if line.text.strip():
                # Without its end, or what is missing there would be told as of a second line.
                members = _object(line.text.rstrip("\n"), loads_floats, line.number)
                yield Record(line.offset, line.number, members)

    def at(self, offset: int) -> ExactRecord:
        """Read one record again."""
        self._file.seek(offset)
        text = next(_lines(self._file)).text
        return ExactRecord(_object(text, loads_floats, None), _object(text, loads_exact, None))


class CsvRecords:
    """Comma-separated values as in RFC 4180; the first line names the columns."""

    numbered = True

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._columns: list[str] = []

    def __iter__(self) -> Iterator[Record]:
        """Read all records."""
        self._file.seek(0)
        lines = _LinesRead(self._file)
        self._columns = next(_cells(lines), [])
        if len(set(self._columns)) < len(self._columns):
            twice = next(name for name in self._columns if self._columns.count(name) > 1)
            raise RowsError(f'column "{twice}" is there twice: give each its own name', 1)
        offset, line = lines.end, lines.number + 1
        for cells in _cells(lines):
            if cells:
                yield Record(offset, line, self._members(cells, loads_floats, line))
            offset, line = lines.end, lines.number + 1

    def at(self, offset: int) -> ExactRecord:
        """Read one record again; all must have been read once."""
        self._file.seek(offset)
        cells = next(_cells(_LinesRead(self._file)))
        plain = self._members(cells, loads_floats, None)
        return ExactRecord(plain, self._members(cells, loads_exact, None))

    def _members(self, cells: list[str], loads: Callable[[str], Json], line: int | None) -> Members:
        if len(cells) != len(self._columns):
            raise RowsError(
                f"{len(cells)} cells below {len(self._columns)} columns: put a cell that holds a "
                "comma in double quotes",
                line,
            )
        return {name: _value(cell, loads) for name, cell in zip(self._columns, cells, strict=True)}


class _Line(NamedTuple):
    offset: int
    end: int
    number: int
    text: str


class _LinesRead:
    """The lines of a file from its present place on, and where the last one ended."""

    def __init__(self, file: BinaryIO) -> None:
        self._lines = _lines(file)
        self.end = file.tell()
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.end, self.number = line.end, line.number
            yield line.text


def _cells(lines: _LinesRead) -> Iterator[list[str]]:
    reader = csv.reader(lines, strict=True)
    csv.field_size_limit(MOST_BYTES)
    while True:
        first = lines.number + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise RowsError(f"not CSV: {error}", first) from error
        if cells is None:
            return
        yield cells


def _lines(file: BinaryIO) -> Iterator[_Line]:
    offset, number = file.tell(), 0
    # Only \n ends a line: str.splitlines would also cut at U+2028, which JSON strings may hold.
    while line := file.readline(MOST_BYTES + 1):
        number += 1
        if len(line) > MOST_BYTES:
            raise RowsError(f"longer than {MOST_BYTES:,} bytes", number)
        try:
            text = line.decode("utf-8" if offset else "utf-8-sig")
        except UnicodeDecodeError:
            raise RowsError("not UTF-8", number) from None
        yield _Line(offset, offset + len(line), number, text)
        offset += len(line)


def _object(text: str, loads: Callable[[str], Json], line: int | None) -> Members:
    try:
        found = loads(text)
    except StrictJsonError as error:
        raise RowsError(f"not JSON: {error}", line) from error
    if not isinstance(found, dict):
        raise RowsError('not an object: write {"id", "inputs", "expected"}', line)
    return found


def _value(cell: str, loads: Callable[[str], Json]) -> Json:
    if not cell:
        return None
    try:
        return loads(cell)
    except StrictJsonError:
        return cell
