"""Verdicts about the rows of a data set.

Exam rows are a finite population and the requirement itself. Read whole, they are judged exactly.
Of a thousand rows or more a part may be enough, read in an order that was drawn once: the verdict
is then that of the full pass except with the declared probability, however often one looks.

Sample rows are drawn with replacement, so that a model that answers at random is asked as often as
it takes; a verdict is never certain.
"""

from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction

from modelward.judge.decimals import CONTEXT, to_decimal
from modelward.judge.population import (
    Requirement,
    difference_at_least,
    is_shown,
    share_at_least,
    told,
)
from modelward.judge.verdict import Evidence, Outcome, Reason, Verdict

READ_WHOLE = 1_000
"""Exams of fewer rows are always read to the end."""
MIN_SLICE_ROWS = 200
"""Smaller slices are only reported, unless a KPI says otherwise: of ten slices of fifty rows, a
healthy model shows one below its limit in most cases."""
_Z = Decimal("1.959963984540054")
"""Two-sided 95% of the normal distribution."""


@dataclass(frozen=True)
class ExamObjective:
    """What share of rows must be right, and how sure a verdict is that has not read them all."""

    limit: Fraction
    """The least share; compared with stable, by how much the share may be below that of stable."""
    false_promotion: Fraction
    false_rollback: Fraction


@dataclass(frozen=True)
class RowCounts:
    """Rows that were asked. Counts of several pods that asked different rows add up."""

    rows: int
    """Rows of the data set."""
    read: int
    """Rows that were asked; of a sample, how often rows were drawn and asked."""
    correct: int
    """Those that the revision answered as expected."""
    sampled: bool = False
    """True where rows are drawn with replacement, again and again: a model that answers at random
    is asked more often than there are rows."""
    baseline: int | None = None
    """Those that stable answered as expected, where it is compared with."""
    lost: int = 0
    """Those that stable alone answered as expected."""

    def __post_init__(self) -> None:
        most = self.read if self.sampled else self.rows
        stable = self.correct if self.baseline is None else self.baseline
        won = self.correct - stable + self.lost
        if not (
            0 <= self.correct <= self.read <= most
            and 0 <= self.lost <= stable
            and 0 <= won <= self.read - stable
            and self.rows >= 1
        ):
            told = (
                ""
                if self.baseline is None
                else (f", where stable had {self.baseline} right and {self.lost} of them alone")
            )
            raise ValueError(
                f"{self.correct} correct of {self.read} read of {self.rows} rows{told}"
            )

    def __add__(self, other: "RowCounts") -> "RowCounts":
        """Return the counts of both; they must be of one data set."""
        same = (self.rows, self.sampled, self.baseline is None)
        if same != (other.rows, other.sampled, other.baseline is None):
            raise ValueError(f"{self} and {other} are not of one data set")
        baseline = None
        if self.baseline is not None and other.baseline is not None:
            baseline = self.baseline + other.baseline
        return replace(
            self,
            read=self.read + other.read,
            correct=self.correct + other.correct,
            baseline=baseline,
            lost=self.lost + other.lost,
        )

    @property
    def classes(self) -> tuple[int, ...]:
        """Rows that were right and wrong; compared with stable, those won, alike and lost."""
        if self.baseline is None:
            return self.correct, self.read - self.correct
        won = self.correct - self.baseline + self.lost
        return won, self.read - won - self.lost, self.lost

    @property
    def total(self) -> int | None:
        """All rows that there are to read; None where they are drawn again and again."""
        return None if self.sampled else self.rows


def exam_decision(counts: RowCounts, objective: ExamObjective) -> tuple[Outcome, Reason]:
    """Return the verdict of `exam_verdict` alone."""
    if counts.read == 0 or (not counts.sampled and counts.read < counts.rows < READ_WHOLE):
        return "Inconclusive", "NotMeasured"
    requirement = _requirement(counts, objective)
    passes = requirement.surplus(counts.classes) >= 0
    alpha = objective.false_promotion if passes else objective.false_rollback
    if not is_shown(requirement, counts.total, counts.classes, alpha):
        return "Inconclusive", "Undecided" if counts.sampled else "NotMeasured"
    if passes:
        return "Pass", ""
    return "Fail", "BelowLimit" if counts.baseline is None else "WorseThanStable"


def exam_verdict(counts: RowCounts, objective: ExamObjective) -> Verdict:
    """Return whether enough rows are answered as expected, or no fewer than by stable.

    The interval is for traffic that the rows would be a sample of, and does not enter the verdict:
    of the share (Wilson 1927, 95%), compared with stable of the difference (Bonett and Price 2012).
    """
    outcome, reason = exam_decision(counts, objective)
    if counts.read == 0:
        return Verdict(outcome, reason)
    low, high = _interval(counts)
    baseline = counts.baseline
    return Verdict(
        outcome,
        reason,
        value=Fraction(counts.correct, counts.read),
        baseline=None if baseline is None else Fraction(baseline, counts.read),
        low=low,
        high=high,
        samples=counts.read,
        effective_samples=int(_worth(counts)),
        evidence=_evidence(_requirement(counts, objective), counts),
    )


def _requirement(counts: RowCounts, objective: ExamObjective) -> Requirement:
    if counts.baseline is None:
        return share_at_least(objective.limit)
    return difference_at_least(objective.limit)


def _evidence(requirement: Requirement, counts: RowCounts) -> Evidence:
    """Return what was found for the side on which the rows read are; for the other it is as bad."""
    found = told(requirement, counts.total, counts.classes)
    if requirement.surplus(counts.classes) >= 0:
        return Evidence(promote=found, rollback=-found)
    return Evidence(promote=-found, rollback=found)


def _worth(counts: RowCounts) -> Fraction:
    """Return how many rows of traffic say as much: those asked again add little to `rows`.

    The variance of a mean over n draws of N rows is at most p(1-p) (1/n + 1/N - 1/(nN)).
    """
    if not counts.sampled:
        return Fraction(counts.read)
    return Fraction(counts.read * counts.rows, counts.read + counts.rows - 1)


def _interval(counts: RowCounts) -> tuple[Fraction, Fraction]:
    worth = _worth(counts) / counts.read
    if counts.baseline is None:
        return wilson(counts.correct * worth, counts.read * worth)
    won, _, lost = counts.classes
    return _bonett_price(won * worth, lost * worth, counts.read * worth)


def _bonett_price(won: Fraction, lost: Fraction, total: Fraction) -> tuple[Fraction, Fraction]:
    """Return the 95% interval of the difference between two shares of the same rows."""
    with localcontext(CONTEXT):
        n = to_decimal(total + 2)
        better, worse = to_decimal(won + 1) / n, to_decimal(lost + 1) / n
        middle = better - worse
        spread = _Z * ((better + worse - middle * middle) / n).sqrt()
        low, high = Fraction(middle - spread), Fraction(middle + spread)
    return max(low, Fraction(-1)), min(high, Fraction(1))


def wilson(hits: Fraction, total: Fraction) -> tuple[Fraction, Fraction]:
    """Return Wilson's 95% score interval of a share; `total` is at least 1."""
    with localcontext(CONTEXT):
        n, share, z2 = to_decimal(total), to_decimal(hits / total), _Z * _Z
        middle = share + z2 / (2 * n)
        spread = _Z * (share * (1 - share) / n + z2 / (4 * n * n)).sqrt()
        low, high = ((middle + sign * spread) / (1 + z2 / n) for sign in (-1, 1))
    value = hits / total
    return max(min(Fraction(low), value), Fraction(0)), min(max(Fraction(high), value), Fraction(1))
