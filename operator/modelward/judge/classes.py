"""Verdicts about precision, recall and F1 of one label, on the rows of a data set.

Rows are hits (true positives), misses (what the metric holds against a model: false positives,
false negatives, or both) and the others. That hits are a large enough part of hits and misses is
linear in them, so that a part of the rows may be enough: see modelward.judge.population. The
number of rows that count need not be known for it.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from modelward.judge.exams import READ_WHOLE, ExamObjective, wilson
from modelward.judge.population import (
    Requirement,
    f1_at_least,
    is_shown,
    ratio_at_least,
    told,
)
from modelward.judge.verdict import Evidence, Outcome, Reason, Verdict

Ratio = Literal["precision", "recall", "f1"]
_CERTAIN = Decimal("Infinity")


@dataclass(frozen=True)
class ClassTally:
    """Rows that were asked, by what a metric makes of them. Tallies of different rows add up."""

    rows: int
    """Rows of the data set."""
    read: int
    """Rows that were asked; of a sample, how often rows were drawn and asked."""
    hits: int
    misses: int
    sampled: bool = False

    @property
    def total(self) -> int | None:
        """All rows that there are to read; None where they are drawn again and again."""
        return None if self.sampled else self.rows

    @property
    def classes(self) -> tuple[int, int, int]:
        """Rows from the best class to the worst."""
        return self.hits, self.read - self.hits - self.misses, self.misses

    @property
    def is_whole(self) -> bool:
        """True once all rows are read."""
        return not self.sampled and self.read == self.rows


def ratio_value(ratio: Ratio, hits: int, misses: int) -> Fraction:
    """Return the value; 0 where no row counts, as scikit-learn has it."""
    weight = 2 if ratio == "f1" else 1
    counting = weight * hits + misses
    return Fraction(weight * hits, counting) if counting else Fraction(0)


def ratio_decision(
    tally: ClassTally, ratio: Ratio, objective: ExamObjective
) -> tuple[Outcome, Reason]:
    """Return the verdict of `ratio_verdict` alone."""
    if tally.read == 0 or (not tally.sampled and tally.read < tally.rows < READ_WHOLE):
        return "Inconclusive", "NotMeasured"
    if tally.is_whole:
        passes = ratio_value(ratio, tally.hits, tally.misses) >= objective.limit
        return ("Pass", "") if passes else ("Fail", "BelowLimit")
    undecided: Reason = "Undecided" if tally.sampled else "NotMeasured"
    if objective.limit == 1:
        # One miss decides, and nothing but the last row shows that there is none.
        return ("Fail", "BelowLimit") if tally.misses else ("Inconclusive", undecided)
    requirement = _requirement(ratio, objective)
    passes = requirement.surplus(tally.classes) >= 0
    alpha = objective.false_promotion if passes else objective.false_rollback
    if not is_shown(requirement, tally.total, tally.classes, alpha):
        return "Inconclusive", undecided
    return ("Pass", "") if passes else ("Fail", "BelowLimit")


def ratio_verdict(tally: ClassTally, ratio: Ratio, objective: ExamObjective) -> Verdict:
    """Return whether hits are a large enough part of the rows that count.

    The interval is for traffic that the rows would be a sample of (Wilson 1927, 95%, of the share
    of hits among the rows that count, of which F1 is a rising function), and does not enter the
    verdict. Where no row counts the value is 0, which no limit allows.
    """
    outcome, reason = ratio_decision(tally, ratio, objective)
    if tally.read == 0:
        return Verdict(outcome, reason)
    low, high = _interval(tally, ratio)
    return Verdict(
        outcome,
        reason,
        value=ratio_value(ratio, tally.hits, tally.misses),
        low=low,
        high=high,
        samples=tally.read,
        effective_samples=int(tally.read * _worth(tally)),
        evidence=_evidence(tally, ratio, objective),
    )


def _requirement(ratio: Ratio, objective: ExamObjective) -> Requirement:
    return f1_at_least(objective.limit) if ratio == "f1" else ratio_at_least(objective.limit)


def _evidence(tally: ClassTally, ratio: Ratio, objective: ExamObjective) -> Evidence:
    if tally.is_whole or (objective.limit == 1 and tally.misses):
        passes = ratio_value(ratio, tally.hits, tally.misses) >= objective.limit
        return Evidence(_CERTAIN, -_CERTAIN) if passes else Evidence(-_CERTAIN, _CERTAIN)
    if objective.limit == 1:
        return Evidence(Decimal(0), Decimal(0))
    requirement = _requirement(ratio, objective)
    found = told(requirement, tally.total, tally.classes)
    if requirement.surplus(tally.classes) >= 0:
        return Evidence(promote=found, rollback=-found)
    return Evidence(promote=-found, rollback=found)


def _worth(tally: ClassTally) -> Fraction:
    """Return what part of a row of traffic a row drawn again and again is worth."""
    if not tally.sampled:
        return Fraction(1)
    return Fraction(tally.rows, tally.read + tally.rows - 1)


def _interval(tally: ClassTally, ratio: Ratio) -> tuple[Fraction, Fraction]:
    counting, worth = tally.hits + tally.misses, _worth(tally)
    if counting * worth < 1:
        return Fraction(0), Fraction(1)
    low, high = wilson(tally.hits * worth, counting * worth)
    if ratio != "f1":
        return low, high
    return 2 * low / (1 + low), 2 * high / (1 + high)
