"""Golden rows: JSON lines of {"id": string, "inputs": JSON, "expected": JSON, ...}."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from modelward.benchmark.strictjson import Json, StrictJsonError, loads_exact, loads_floats

_MEMBERS = ("id", "inputs", "expected")


@dataclass(frozen=True)
class Row:
    """One golden row."""

    id: str
    inputs: Json
    """Part of the request body, as json.dumps takes it."""
    expected: Json
    """The right answer; its numbers are int or Decimal."""
    members: Mapping[str, Json] = field(default_factory=dict)
    """Further members, such as region: they cut the rows into slices."""


class RowsError(ValueError):
    """Rows that can't be used; the message names the line and what to mend."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {problem}" if line else problem)
        self.line = line


def parse_rows(content: bytes) -> tuple[Row, ...]:
    """Return all rows of a data set, in the file's order; blank lines don't count.

    Raises RowsError for the first line that is not a row, an id that occurs twice, or no rows.
    """
    rows: list[Row] = []
    lines: dict[str, int] = {}
    for number, line in _lines(content):
        row = _row(line, number)
        if row.id in lines:
            raise RowsError(f'id "{row.id}" is already that of line {lines[row.id]}', number)
        lines[row.id] = number
        rows.append(row)
    if not rows:
        raise RowsError('there are no rows: write one {"id", "inputs", "expected"} per line')
    return tuple(rows)


def contradiction(rows: Sequence[Row]) -> str | None:
    """Tell of two rows of the same inputs that expect different answers: no model has both right.

    In a sample of traffic that may be so; in an exam it is a mistake.
    """
    first: dict[str, Row] = {}
    for row in rows:
        before = first.setdefault(json.dumps(row.inputs, sort_keys=True), row)
        if not same_json(before.expected, row.expected):
            return (
                f'rows "{before.id}" and "{row.id}" have the same inputs and expect different '
                "answers: correct one of them, or say rows: sample"
            )
    return None


def sha256_of(content: bytes) -> str:
    """Return the digest of a data set's content, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def same_json(left: Json, right: Json) -> bool:
    """Tell whether two JSON values are equal; numbers by value (1 and 1.0), true is not 1.

    Numbers must be int or Decimal, as modelward.benchmark.strictjson.loads_exact reads them.
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


def _lines(content: bytes) -> Iterator[tuple[int, str]]:
    # Only \n ends a line: str.splitlines would also cut at U+2028, which JSON strings may hold.
    for number, line in enumerate(content.split(b"\n"), start=1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise RowsError("not UTF-8", number) from None
        if text.strip():
            yield number, text


def _row(line: str, number: int) -> Row:
    try:
        exact = loads_exact(line)
        plain = loads_floats(line)
    except StrictJsonError as error:
        raise RowsError(f"not JSON: {error}", number) from error
    if not isinstance(exact, dict) or not isinstance(plain, dict):
        raise RowsError('not an object: write {"id", "inputs", "expected"}', number)
    for member in _MEMBERS:
        if member not in exact:
            raise RowsError(f'"{member}" is missing', number)
    if not isinstance(exact["id"], str) or not exact["id"]:
        raise RowsError('"id" is not a string with something in it', number)
    members = {key: value for key, value in exact.items() if key not in _MEMBERS}
    return Row(exact["id"], plain["inputs"], exact["expected"], members)
