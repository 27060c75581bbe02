"""What holds across the steps of one release, for KPIs that are measured on live traffic.

- Rollback evidence runs through the release: it is the mean of one process for each step that
  the release has or will have, begun when that step begins. One process over all steps would take
  long to notice a version that turns bad; a fresh one for each would err three times as often.
- Promotion evidence begins anew at each step: what was shown before says nothing about now.
"""

from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from modelward.judge import evidence
from modelward.judge.counts import RateCounts
from modelward.judge.decimals import CONTEXT, to_decimal
from modelward.judge.hypotheses import RateObjective
from modelward.judge.verdict import Outcome, Reason


@dataclass(frozen=True)
class StepCounts:
    """Counts of one KPI by the step in which they were made, the current one last.

    Counts of a step add up over its windows and its pods. Steps that are still to come are known
    by their number alone: `steps` never changes during a release.
    """

    steps: int
    """Steps with live KPIs that the release has."""
    counts: tuple[RateCounts, ...]
    """Of each step that has begun, at least one."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.counts) <= self.steps:
            raise ValueError(f"{len(self.counts)} of {self.steps} steps have begun")

    def since(self, step: int) -> RateCounts:
        """Return the counts since a step began, 0 being the first."""
        total = self.counts[step]
        for counts in self.counts[step + 1 :]:
            total = total + counts
        return total


def is_rolled_back(steps: StepCounts, objective: RateObjective) -> bool:
    """Tell whether the evidence of all steps so far shows that a version is not good enough.

    The processes of steps that have not begun are worth 1 each, as at their beginning.
    """
    test = objective.rollback
    with localcontext(CONTEXT):
        total = Decimal(steps.steps - len(steps.counts))
        most = steps.steps * to_decimal(1 / test.alpha)
        for step in range(len(steps.counts)):
            since = steps.since(step)
            if evidence.is_rejected(replace(test, alpha=test.alpha / steps.steps),
                                    since.requests, since.rollback):  # fmt: skip
                return True
            total += evidence.worth(test, since.requests, since.rollback)
        return total >= most


def step_verdict(steps: StepCounts, objective: RateObjective) -> tuple[Outcome, Reason]:
    """Return the verdict about a live KPI as it stands in the current step.

    Pass must hold at the end of the step; an earlier one is not kept.
    """
    current = steps.counts[-1]
    if is_rolled_back(steps, objective):
        return "Fail", "WorseThanExpected" if objective.has_expected else "BeyondLimit"
    if current.requests == 0:
        return "Inconclusive", "NotMeasured"
    if evidence.is_rejected(objective.promote, current.requests, current.limit):
        return "Pass", ""
    return "Inconclusive", "Undecided"
