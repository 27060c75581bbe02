"""The integers that verdicts about rows rest on, as they stand in a result message.

Metrics whose rows are right or wrong count them. Those that are one value for all rows send it as
an integer, in units so small that every limit that a field takes is a whole number of them, and
rounded to the worse side: then the integer is within the limit exactly where the value is.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from modelward.api.metrics import Unit
from modelward.benchmark.bounds import MAX_REQUESTS, MAX_VALUE, CountsError, within

MOST_SLICES = 1_000
UNITS: dict[Unit, int] = {"percent": 10**8, "number": 10**6}
"""How many units of a value's integer make 1: a limit has six decimals, a percentage two more."""


@dataclass(frozen=True)
class ExamCounts:
    """Rows of a data set that is the requirement itself. On the wire: [rows, read, correct]."""

    rows: int
    """Rows in the data set."""
    read: int
    """Rows that were asked and answered."""
    correct: int
    """Rows that were answered as expected."""
    sampled: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_read(self.rows, self.read, sampled=self.sampled)
        within(("correct rows", self.correct, 0, self.read))

    def to_ints(self) -> tuple[int, int, int]:
        """Return the integers in wire order."""
        return (self.rows, self.read, self.correct)


@dataclass(frozen=True)
class PairedExamCounts:
    """Rows that the revision and stable were both asked.

    On the wire: [rows, read, correct, stable correct, lost].
    """

    rows: int
    """Rows in the data set."""
    read: int
    """Rows that both were asked."""
    correct: int
    """Rows that the revision answered as expected."""
    baseline: int
    """Rows that stable answered as expected."""
    lost: int
    """Rows that stable alone answered as expected."""
    sampled: ClassVar[bool] = False

    def __post_init__(self) -> None:
        alone = SampleCounts if self.sampled else ExamCounts
        alone(self.rows, self.read, self.correct)
        alone(self.rows, self.read, self.baseline)
        within(
            ("rows that stable alone had right", self.lost, 0, self.baseline),
            ("rows that it alone had right", self.correct - self.baseline + self.lost, 0,
             self.read - self.baseline),
        )  # fmt: skip

    def to_ints(self) -> tuple[int, int, int, int, int]:
        """Return the integers in wire order."""
        return (self.rows, self.read, self.correct, self.baseline, self.lost)


@dataclass(frozen=True)
class SampleCounts(ExamCounts):
    """Rows drawn with replacement: `read` is how often rows were drawn and asked."""

    sampled: ClassVar[bool] = True


@dataclass(frozen=True)
class PairedSampleCounts(PairedExamCounts):
    """Rows drawn with replacement for the revision and stable alike."""

    sampled: ClassVar[bool] = True


@dataclass(frozen=True)
class ClassCounts:
    """Rows by what a precision, recall or F1 of one label makes of them.

    On the wire: [rows, read, hits, misses].
    """

    rows: int
    """Rows in the data set."""
    read: int
    """Rows that were asked and answered."""
    hits: int
    """True positives."""
    misses: int
    """For precision false positives, for recall false negatives, for F1 both."""
    sampled: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_read(self.rows, self.read, sampled=self.sampled)
        within(("hits", self.hits, 0, self.read), ("misses", self.misses, 0, self.read - self.hits))

    def to_ints(self) -> tuple[int, int, int, int]:
        """Return the integers in wire order."""
        return (self.rows, self.read, self.hits, self.misses)


@dataclass(frozen=True)
class SampleClassCounts(ClassCounts):
    """The same of rows drawn with replacement."""

    sampled: ClassVar[bool] = True


@dataclass(frozen=True)
class ValueCounts:
    """One value for all rows. On the wire: [rows, unanswered, value], versus stable one more."""

    rows: int
    """Rows in the data set, all of which were asked."""
    unanswered: int
    """Rows without an answer that the metric can use: failed requests, NaN, no probability."""
    value: int
    """In the units of UNITS; the largest one: or more."""
    baseline: int | None = None
    """That of stable, rounded so that the difference is: to the worse side."""

    def __post_init__(self) -> None:
        within(
            ("rows", self.rows, 1, MAX_REQUESTS),
            ("unanswered rows", self.unanswered, 0, self.rows),
            ("value", self.value, 0, MAX_VALUE),
            ("value of stable", self.baseline or 0, 0, MAX_VALUE - 1),
        )

    def to_ints(self) -> tuple[int, ...]:
        """Return the integers in wire order."""
        counts = (self.rows, self.unanswered, self.value)
        return counts if self.baseline is None else (*counts, self.baseline)

    @classmethod
    def of(
        cls,
        rows: int,
        unanswered: int,
        value: Fraction,
        baseline: Fraction | None = None,
        *,
        units: int,
        more_is_better: bool,
    ) -> "ValueCounts":
        """Return the counts of exact values, rounded to the worse side."""
        sign = 1 if more_is_better else -1
        rounded = worse_side(value, units, more_is_better=more_is_better)
        if baseline is None:
            return cls(rows, unanswered, rounded)
        worse = math.ceil(sign * (baseline - value) * units)
        return cls(rows, unanswered, rounded, min(max(rounded + sign * worse, 0), MAX_VALUE - 1))


@dataclass(frozen=True)
class SliceCounts:
    """The worst slice. On the wire: [rows, unanswered, slices, its rows, its value]."""

    rows: int
    """Rows in the data set, all of which were asked."""
    unanswered: int
    """Rows of all slices without an answer that the metric can use."""
    slices: int
    """Slices of enough rows to be judged, of which this is the worst."""
    slice_rows: int
    """Rows that the worst slice's value rests on: see minRows."""
    value: int
    """In the units of UNITS."""

    def __post_init__(self) -> None:
        within(
            ("rows", self.rows, 1, MAX_REQUESTS),
            ("unanswered rows", self.unanswered, 0, self.rows),
            ("slices", self.slices, 1, min(self.rows, MOST_SLICES)),
            ("rows of the slice", self.slice_rows, 1, self.rows),
            ("value", self.value, 0, MAX_VALUE),
        )

    def to_ints(self) -> tuple[int, int, int, int, int]:
        """Return the integers in wire order."""
        return (self.rows, self.unanswered, self.slices, self.slice_rows, self.value)


RowCounts = ExamCounts | PairedExamCounts | ClassCounts | ValueCounts | SliceCounts


def worse_side(value: Fraction, units: int, *, more_is_better: bool) -> int:
    """Return a value in units, rounded to where it is worse."""
    rounded = math.floor(value * units) if more_is_better else math.ceil(value * units)
    return min(rounded, MAX_VALUE)


def class_counts(ints: tuple[int, ...], *, sampled: bool) -> ClassCounts:
    """Return what the integers of a precision, recall or F1 mean. Raises CountsError."""
    check_length("it", ints, 4)
    return SampleClassCounts(*ints) if sampled else ClassCounts(*ints)


def value_counts(ints: tuple[int, ...], *, versus: bool) -> ValueCounts:
    """Return what the integers of a value of all rows mean. Raises CountsError."""
    check_length("it", ints, 4 if versus else 3)
    return ValueCounts(*ints)


def slice_counts(ints: tuple[int, ...]) -> SliceCounts:
    """Return what the integers of a worst slice mean. Raises CountsError."""
    check_length("it", ints, 5)
    return SliceCounts(*ints)


def check_length(what: str, ints: tuple[int, ...], wanted: int) -> None:
    """Raise CountsError where these are not as many as belong."""
    if len(ints) != wanted:
        raise CountsError(f"{what} has {len(ints)} counts where {wanted} belong")


def check_read(rows: int, read: int, *, sampled: bool) -> None:
    """Raise CountsError for rows and rows read that can't be."""
    most = MAX_REQUESTS if sampled else rows
    within(("rows", rows, 1, MAX_REQUESTS), ("rows read", read, 0, most))
