"""Golden rows: an id, the inputs of a request and the expected answer, made of a file's records."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO

from modelward.benchmark.records import CsvRecords, JsonLines, Members, Record, Records, RowsError
from modelward.strictjson import Json

__all__ = ["Row", "RowsError", "check_rows", "contradiction", "records_of", "same_json"]


@dataclass(frozen=True)
class Row:
    """One golden row."""

    id: str
    inputs: Json
    """Part of the request body, as json.dumps takes it."""
    expected: Json
    """The right answer; its numbers are int or Decimal."""
    columns: Mapping[str, Json] = field(default_factory=dict, compare=False)
    """All that its record holds, by column or member; numbers are int or Decimal."""


def records_of(file: BinaryIO, file_format: str) -> Records:
    """Return the records of a file of format jsonl or csv."""
    return CsvRecords(file) if file_format == "csv" else JsonLines(file)


def row_id(record: Record, column: str | None, *, numbered: bool) -> str:
    """Return what names a row: the value of a column, where none is given that of `id`.

    `numbered` rows without it are named by their line. Raises RowsError.
    """
    name = column or "id"
    if name not in record.members:
        if numbered and column is None:
            return str(record.line)
        raise RowsError(f'"{name}" is missing', record.line)
    found = record.members[name]
    if numbered and isinstance(found, int | float):
        found = json.dumps(found)
    if not isinstance(found, str) or not found:
        raise RowsError(f'"{name}" is not a string with something in it', record.line)
    return found


def member(members: Members, name: str, line: int | None = None) -> Json:
    """Return a member of a row that has no columns declared. Raises RowsError."""
    if name not in members:
        raise RowsError(f'"{name}" is missing', line)
    return members[name]


def check_rows(
    content: bytes, file_format: str = "jsonl", columns: Mapping[str, str] | None = None
) -> int:
    """Check the rows of a small data set, such as a ConfigMap's, and return how many there are.

    `columns` are those declared; expressions over columns are not evaluated here, where a tenant's
    could take the operator's memory. Raises RowsError for the first line that is not a row, an id
    that occurs twice, or no rows.
    """
    lines: dict[str, int] = {}
    columns = columns or {}
    records = records_of(io.BytesIO(content), file_format)
    for record in records:
        name = row_id(record, columns.get("id"), numbered=records.numbered)
        for part in ("inputs", "expected"):
            if part not in columns:
                member(record.members, part, record.line)
        if name in lines:
            raise same_id(name, lines[name], record.line)
        lines[name] = record.line
    if not lines:
        raise no_rows()
    return len(lines)


def no_rows() -> RowsError:
    """Return the error about a data set without rows."""
    return RowsError('there are no rows: write one {"id", "inputs", "expected"} per line')


def same_id(name: str, first: int, second: int) -> RowsError:
    """Return the error about two rows of one id, by their lines."""
    return RowsError(f'id "{name}" is already that of line {first}', second)


def contradiction(one: Row, other: Row) -> str | None:
    """Tell of two rows of the same inputs that expect different answers: no model has both right.

    In a sample of traffic that may be so; in an exam it is a mistake.
    """
    if canonical(one.inputs) != canonical(other.inputs):
        return None
    if same_json(one.expected, other.expected):
        return None
    return (
        f'rows "{one.id}" and "{other.id}" have the same inputs and expect different answers: '
        "correct one of them, or say rows: sample"
    )


def canonical(inputs: Json) -> str:
    """Return inputs as text that is the same for equal ones."""
    return json.dumps(inputs, sort_keys=True)


def sha256_of(content: bytes) -> str:
    """Return the digest of a data set's content, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def same_json(left: Json, right: Json) -> bool:
    """Tell whether two JSON values are equal; numbers by value (1 and 1.0), true is not 1.

    Numbers must be int or Decimal, as modelward.strictjson.loads_exact reads them.
    """
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_json(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_json, left, right))
    if _is_number(left) and _is_number(right):
        return bool(left == right)
    return type(left) is type(right) and bool(left == right)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
