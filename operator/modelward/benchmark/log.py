"""The lines of a benchmark pod's log that others than people read.

The log is JSON, one object a line: `level`, `timestamp`, `message` (what kind of line it is) and
that kind's members. Details are there, and no verdict rests on them: evidence is in the result
alone. A line is a few kilobytes at most, however many requests it tells of.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from modelward.strictjson import StrictJsonError, loads_floats

LOAD_PROFILE = "load profile"
"""Once for each revision, when a load has ended."""
WRONG_ROW = "row answered wrongly"
"""For each of the first hundred rows that are wrong for a KPI."""

SLICE = "slice"
"""For each slice of a data set that a KPI was counted on."""

MOST_SLOTS = 240
"""Stretches of time that are told apart; where there would be more, each becomes twice as long."""
MOST_REASONS = 10
"""Reasons of failures that are told, the most frequent ones."""
LONGEST_MICROS = 2**28 - 1
"""Longer latencies (above 268 s) count as this one."""
MOST_WRONG_ROWS = 100
MOST_SLICES = 200
MOST_CHARS = 400
_SUB_BITS = 4
_BUCKETS = 512

Amount = Annotated[int, Field(ge=0, le=10**12)]
Slots = Annotated[tuple[Amount, ...], Field(max_length=MOST_SLOTS)]


def _clipped(value: object) -> object:
    return value[:MOST_CHARS] if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_clipped)]


class _Line(BaseModel):
    """Members of one kind of line; others are left alone, so that lines may grow."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class LoadProfile(_Line):
    """What the requests to one revision came to, those of the warm-up not among them."""

    of: Text
    """Who was asked, for people: the revision, or the stable revision."""
    by_turns: bool = False
    """Whether it was sent load by turns with the other one, to compare latencies. Time then goes on
    in its own turns alone, so that the same second of both holds the same requests."""
    slot_seconds: int = Field(ge=1, le=10**6)
    """Seconds in each slot of the three lists; the first one begins with the first request."""
    answered: Slots
    """Requests that were answered well, by when the answer had come."""
    failed: Slots
    """Requests that failed, by when that was known."""
    slowest_us: Slots
    """The longest latency of an answer in the slot, in microseconds; 0 where there was none."""
    latency_us: Annotated[tuple[tuple[Amount, Amount], ...], Field(max_length=_BUCKETS)]
    """Latencies of all good answers: the lowest value of a bucket in microseconds, how many.

    Buckets are those of HdrHistogram with 16 in each power of two: at most 1/16 of their value
    wide. Latency counts from when a request was due.
    """
    failures: Annotated[dict[Text, Amount], Field(max_length=MOST_REASONS)]
    """Failed requests by reason, the ten most frequent ones."""


class WrongRow(_Line):
    """A row that was not answered as expected."""

    dataset: Text
    kpi: Text = ""
    """What it was wrong for: KPIs may look at other parts of an answer."""
    row: Text
    expected: Text = ""
    got: Text = ""
    problem: Text = ""
    """Why there was no answer, where there was none."""
    detail: Text = ""


class Slice(_Line):
    """A part of a data set's rows, and what a KPI is on it."""

    kpi: Text
    slice: Text
    rows: Amount
    value: float = Field(allow_inf_nan=False)


@dataclass(frozen=True)
class Details:
    """What a log tells beyond the result."""

    loads: tuple[LoadProfile, ...] = ()
    turns: tuple[LoadProfile, ...] = ()
    """Of the load that was sent to two revisions by turns."""
    wrong_rows: tuple[WrongRow, ...] = ()
    slices: tuple[Slice, ...] = ()


def bucket_floor(micros: int) -> int:
    """Return the lowest value of the bucket that a latency falls into."""
    dropped = max(micros.bit_length() - 1 - _SUB_BITS, 0)
    return micros >> dropped << dropped


def bucket_ceiling(floor: int) -> int:
    """Return the lowest value above the bucket that begins at `floor`."""
    return floor + (1 << max(floor.bit_length() - 1 - _SUB_BITS, 0))


def details(lines: Iterable[str]) -> Details:
    """Return what these lines tell; those that are no such lines are passed over."""
    loads: dict[bool, dict[str, LoadProfile]] = {False: {}, True: {}}
    wrong: list[WrongRow] = []
    slices: list[Slice] = []
    for line in _known(lines):
        match line:
            case LoadProfile():
                loads[line.by_turns][line.of] = line
            case WrongRow() if len(wrong) < MOST_WRONG_ROWS:
                wrong.append(line)
            case Slice() if len(slices) < MOST_SLICES:
                slices.append(line)
    ordinary, turns = (tuple(of.values())[:2] for of in loads.values())
    return Details(ordinary, turns, tuple(wrong), tuple(slices))


_KINDS: dict[object, type[_Line]] = {
    LOAD_PROFILE: LoadProfile,
    WRONG_ROW: WrongRow,
    SLICE: Slice,
}


def _known(lines: Iterable[str]) -> Iterator[_Line]:
    for line in lines:
        try:
            document = loads_floats(line)
            kind = _KINDS.get(document.get("message")) if isinstance(document, dict) else None
            if kind:
                yield kind.model_validate(document)
        except (StrictJsonError, ValidationError):
            continue
