"""Verdicts about exam rows: a finite population.

The rows are the requirement itself. Read whole, they are judged exactly. Of a thousand rows or more
a part may be enough, read in an order that was drawn once: the verdict is then that of the full
pass except with the declared probability, however often one looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from fractions import Fraction

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
_Z = Decimal("1.959963984540054")
"""Two-sided 95% of the normal distribution."""


@dataclass(frozen=True)
class ExamObjective:
    """What share of rows must be right, and how sure a verdict is that has not read them all."""

    limit: Fraction
    """The least share; compared with stable, by how much the share may be below that of stable."""
    false_promotion: Fraction
    false_rollback: Fraction


def exam_decision(
    rows: int, read: int, correct: int, objective: ExamObjective
) -> tuple[Outcome, Reason]:
    """Return the verdict of `exam_verdict` alone."""
    if not 0 <= correct <= read <= rows:
        raise ValueError(f"{correct} correct of {read} read of {rows} rows")
    requirement = share_at_least(objective.limit)
    return _decision(requirement, rows, (correct, read - correct), objective, "BelowLimit")


def exam_verdict(rows: int, read: int, correct: int, objective: ExamObjective) -> Verdict:
    """Return whether enough rows of the exam are answered as expected.

    The interval is for traffic that the rows would be a sample of (Wilson 1927, 95%), and does not
    enter the verdict. Raises ValueError for numbers that cannot have been counted.
    """
    outcome, reason = exam_decision(rows, read, correct, objective)
    if read == 0:
        return Verdict(outcome, reason)
    low, high = wilson(correct, read)
    return Verdict(
        outcome,
        reason,
        value=Fraction(correct, read),
        low=low,
        high=high,
        samples=read,
        effective_samples=read,
        evidence=_evidence(share_at_least(objective.limit), rows, (correct, read - correct)),
    )


def paired_exam_decision(
    rows: int, read: int, correct: int, baseline: int, lost: int, objective: ExamObjective
) -> tuple[Outcome, Reason]:
    """Return the verdict of `paired_exam_verdict` alone."""
    classes = _pairs(rows, read, correct, baseline, lost)
    requirement = difference_at_least(objective.limit)
    return _decision(requirement, rows, classes, objective, "WorseThanStable")


def paired_exam_verdict(
    rows: int, read: int, correct: int, baseline: int, lost: int, objective: ExamObjective
) -> Verdict:
    """Return whether a revision answers no fewer rows as expected than stable, but for a margin.

    Both were asked the same rows: `correct` and `baseline` are the rows that the revision and
    stable had right, `lost` those that stable alone had right. The interval is for the difference
    in traffic that the rows would be a sample of (Bonett and Price 2012, 95%), and does not enter
    the verdict. Raises ValueError for numbers that cannot have been counted.
    """
    outcome, reason = paired_exam_decision(rows, read, correct, baseline, lost, objective)
    if read == 0:
        return Verdict(outcome, reason)
    classes = _pairs(rows, read, correct, baseline, lost)
    low, high = _bonett_price(classes[0], lost, read)
    return Verdict(
        outcome,
        reason,
        value=Fraction(correct, read),
        baseline=Fraction(baseline, read),
        low=low,
        high=high,
        samples=read,
        effective_samples=read,
        evidence=_evidence(difference_at_least(objective.limit), rows, classes),
    )


def _pairs(rows: int, read: int, correct: int, baseline: int, lost: int) -> tuple[int, int, int]:
    """Return the rows that were won, answered alike, and lost. Raises ValueError."""
    won = correct - baseline + lost
    if not (0 <= correct <= read <= rows and 0 <= lost <= baseline and 0 <= won <= read - baseline):
        raise ValueError(
            f"{correct} correct of {read} read of {rows} rows, where stable had {baseline} right "
            f"and {lost} of them alone"
        )
    return won, read - won - lost, lost


def _decision(
    requirement: Requirement,
    rows: int,
    classes: Sequence[int],
    objective: ExamObjective,
    worse: Reason,
) -> tuple[Outcome, Reason]:
    """Return the verdict about rows of which so many of each class were read."""
    read = sum(classes)
    if read == 0 or (read < rows and rows < READ_WHOLE):
        return "Inconclusive", "NotMeasured"
    passes = requirement.surplus(classes) >= 0
    alpha = objective.false_promotion if passes else objective.false_rollback
    if not is_shown(requirement, rows, classes, alpha):
        return "Inconclusive", "NotMeasured"
    return ("Pass", "") if passes else ("Fail", worse)


def _evidence(requirement: Requirement, rows: int, classes: Sequence[int]) -> Evidence:
    """Return what was found for the side on which the rows read are; for the other it is as bad."""
    found = told(requirement, rows, classes)
    if requirement.surplus(classes) >= 0:
        return Evidence(promote=found, rollback=-found)
    return Evidence(promote=-found, rollback=found)


def _bonett_price(won: int, lost: int, total: int) -> tuple[Fraction, Fraction]:
    """Return the 95% interval of the difference between two shares of the same rows."""
    with localcontext(Context(prec=28)):
        n = Decimal(total + 2)
        better, worse = (won + 1) / n, (lost + 1) / n
        middle = better - worse
        spread = _Z * ((better + worse - middle * middle) / n).sqrt()
        low, high = Fraction(middle - spread), Fraction(middle + spread)
    return max(low, Fraction(-1)), min(high, Fraction(1))


def wilson(hits: int, total: int) -> tuple[Fraction, Fraction]:
    """Return Wilson's 95% score interval of a share; `total` is at least 1."""
    with localcontext(Context(prec=28)):
        n, share, z2 = Decimal(total), Decimal(hits) / total, _Z * _Z
        middle = share + z2 / (2 * n)
        spread = _Z * (share * (1 - share) / n + z2 / (4 * n * n)).sqrt()
        low, high = ((middle + sign * spread) / (1 + z2 / n) for sign in (-1, 1))
    return max(Fraction(low), Fraction(0)), min(Fraction(high), Fraction(1))
