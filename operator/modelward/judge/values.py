"""Verdicts about metrics that are one value for all rows: AUROC, log loss, mean errors, averages
over labels, the worst of several slices. All rows are read, so that they are exact."""

from dataclasses import dataclass
from fractions import Fraction

from modelward.judge.verdict import Outcome, Reason, Verdict


@dataclass(frozen=True)
class ValueObjective:
    """What is good enough."""

    limit: Fraction
    """The limit; compared with stable, by how much the value may be worse than that of stable."""
    more_is_better: bool
    needs_every_answer: bool = False
    """True where a row without a usable answer has no value, not even a worst one."""


@dataclass(frozen=True)
class Measured:
    """A value of all rows."""

    rows: int
    unanswered: int
    """Rows without a usable answer. Where they have a worst value, `value` has it for them."""
    value: Fraction
    baseline: Fraction | None = None
    """That of stable, where it is compared with."""


def value_decision(measured: Measured, objective: ValueObjective) -> tuple[Outcome, Reason]:
    """Return whether a value of all rows is good enough."""
    if objective.needs_every_answer and measured.unanswered:
        return "Fail", "RowsUnanswered"
    sign = 1 if objective.more_is_better else -1
    if measured.baseline is not None:
        worse = sign * (measured.baseline - measured.value)
        return ("Pass", "") if worse <= objective.limit else ("Fail", "WorseThanStable")
    if sign * (measured.value - objective.limit) >= 0:
        return "Pass", ""
    return "Fail", "BelowLimit" if objective.more_is_better else "BeyondLimit"


def value_verdict(measured: Measured, objective: ValueObjective) -> Verdict:
    """Return the same as a verdict; it has no interval."""
    outcome, reason = value_decision(measured, objective)
    unknown = objective.needs_every_answer and measured.unanswered == measured.rows
    return Verdict(
        outcome,
        reason,
        value=None if unknown else measured.value,
        baseline=measured.baseline,
        samples=measured.rows,
        effective_samples=measured.rows,
    )
