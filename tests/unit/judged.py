"""Error probabilities for tests that judge counts."""

from fractions import Fraction

from modelward.benchmark.contract import PlanJudgement

FIVE_PERCENT = Fraction(1, 20)
JUDGEMENT = PlanJudgement(false_promotion=FIVE_PERCENT, false_rollback=FIVE_PERCENT)
