"""The tests of KPIs as a ModelDeployment declares them, for questions before a benchmark runs.

What a benchmark is judged by is in its plan (modelward.benchmark.plan); it comes to the same tests.
"""

from dataclasses import dataclass, replace
from fractions import Fraction

from modelward.api.kpi import Kpi, is_of_requests
from modelward.api.load import Load
from modelward.api.metrics import TIME_METRICS
from modelward.api.values import (
    is_relative,
    parse_duration,
    parse_margin,
    parse_percent,
    parse_quantile,
    parse_rate,
    to_seconds,
)
from modelward.judge.exams import ExamObjective
from modelward.judge.hypotheses import errors_objective, latency_objective
from modelward.judge.paired import PairedObjective
from modelward.judge.quantiles import QuantileObjective
from modelward.judge.relative import RelativeObjective
from modelward.judge.shape import LoadShape
from modelward.judge.windows import LoadObjective


@dataclass(frozen=True)
class Alphas:
    """Error probabilities of one gate."""

    false_promotion: Fraction
    false_rollback: Fraction

    def shared(self, kpis: list[Kpi]) -> "Alphas":
        """Return those of each of several KPIs.

        Promotion needs every gate, so that each may use the whole of falsePromotion; any one of K
        gates rolls back, so that each gets a K-th of falseRollback (Bonferroni). Metrics of rows
        come to what all rows would say, and values of jobs are compared exactly, so that they need
        no share.
        """
        sharing = sum(kpi.effect == "gate" and is_of_requests(kpi) for kpi in kpis)
        return replace(self, false_rollback=self.false_rollback / max(1, sharing))


def exam_objective(kpi: Kpi, alphas: Alphas) -> ExamObjective:
    """Return what the rows of a KPI are judged by. Raises ValueError where it has no limit."""
    return ExamObjective(_limit(kpi), alphas.false_promotion, alphas.false_rollback)


def load_objective(kpi: Kpi, alphas: Alphas) -> LoadObjective | QuantileObjective:
    """Return the tests of a KPI that is measured under load.

    Raises ValueError for a limit that no number of requests can prove.
    """
    if kpi.is_compared_latency:
        return quantile_objective(kpi, alphas)
    return ordinary_objective(kpi, alphas)


def quantile_objective(kpi: Kpi, alphas: Alphas) -> QuantileObjective:
    """Return the tests of a latency that is compared with stable's. Raises ValueError."""
    return QuantileObjective(
        parse_quantile(kpi.benchmark.quantile or ""),
        _limit(kpi),
        is_relative(kpi.objective.worse_by_at_most or ""),
        alphas.false_promotion,
        alphas.false_rollback,
    )


def ordinary_objective(kpi: Kpi, alphas: Alphas) -> LoadObjective:
    """Return the tests of any other KPI under load. Raises ValueError."""
    both = (alphas.false_promotion, alphas.false_rollback)
    objective = kpi.objective
    if objective.versus and is_relative(objective.worse_by_at_most or ""):
        below = parse_percent(objective.unless_below) if objective.unless_below else None
        return RelativeObjective(1 + _limit(kpi), *both, below)
    if objective.versus:
        return PairedObjective(_limit(kpi), *both)
    if kpi.benchmark.metric in TIME_METRICS:
        quantile = parse_quantile(kpi.benchmark.quantile or "")
        return latency_objective(quantile, objective.expected is not None, *both)
    expected = parse_percent(objective.expected) if objective.expected else None
    return errors_objective(_limit(kpi), expected, *both)


def load_shape(load: Load) -> LoadShape:
    """Return how the requests of a declared load fall into windows."""
    seconds = (to_seconds(parse_duration(each)) for each in (load.for_, load.warm_up))
    return LoadShape.of(
        parse_rate(load.rate),
        *seconds,
        ramp_from=parse_rate(load.ramp_from) if load.ramp_from else None,
        poisson=load.arrivals == "poisson",
    )


def _limit(kpi: Kpi) -> Fraction:
    objective = kpi.objective
    limit = objective.at_least or objective.at_most
    if objective.worse_by_at_most:
        return parse_margin(objective.worse_by_at_most)
    if limit is None:
        raise ValueError("there is no limit: say atMost, atLeast or versus with worseByAtMost")
    return parse_percent(limit)
