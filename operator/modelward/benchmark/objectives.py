"""From a KPI of a plan to the tests that it is judged by."""

from modelward.api.metrics import METRICS
from modelward.benchmark.contract import PlanJudgement, PlanKpi, PlanLoad
from modelward.judge import (
    ExamObjective,
    LoadObjective,
    LoadShape,
    PairedObjective,
    QuantileObjective,
    RateObjective,
    RelativeObjective,
    ValueObjective,
    errors_objective,
    latency_objective,
)


def load_objective(kpi: PlanKpi, judgement: PlanJudgement) -> LoadObjective | QuantileObjective:
    """Return the tests of a KPI that is measured under load.

    Raises ValueError for a limit that no number of requests can prove.
    """
    if kpi.is_compared_latency:
        return quantile_objective(kpi, judgement)
    return ordinary_objective(kpi, judgement)


def ordinary_objective(kpi: PlanKpi, judgement: PlanJudgement) -> LoadObjective:
    """Return the tests of a KPI whose load needs no copy of stable. Raises ValueError."""
    if kpi.relative:
        return relative_objective(kpi, judgement)
    if kpi.versus:
        return paired_objective(kpi, judgement)
    return rate_objective(kpi, judgement)


def quantile_objective(kpi: PlanKpi, judgement: PlanJudgement) -> QuantileObjective:
    """Return the tests of a latency that is compared with that of stable.

    Raises ValueError for a margin that no number of requests can prove.
    """
    if kpi.quantile is None:
        raise ValueError("latency needs a quantile, such as p95")
    return QuantileObjective(
        kpi.quantile,
        kpi.limit,
        kpi.relative is True,
        judgement.false_promotion,
        judgement.false_rollback,
    )


def paired_objective(kpi: PlanKpi, judgement: PlanJudgement) -> PairedObjective:
    """Return the tests of an error rate that is compared with that of stable.

    Raises ValueError for a margin that no number of requests can prove, and for other metrics.
    """
    if kpi.metric != "errorRate":
        raise ValueError(f"{kpi.metric} can't be compared with stable under load")
    return PairedObjective(kpi.limit, judgement.false_promotion, judgement.false_rollback)


def relative_objective(kpi: PlanKpi, judgement: PlanJudgement) -> RelativeObjective:
    """Return the tests of an error rate that is compared with a multiple of that of stable.

    Raises ValueError for other metrics.
    """
    if kpi.metric != "errorRate":
        raise ValueError(f"{kpi.metric} can't be a multiple of that of stable")
    return RelativeObjective(
        1 + kpi.limit, judgement.false_promotion, judgement.false_rollback, kpi.unless_below
    )


def exam_objective(kpi: PlanKpi, judgement: PlanJudgement) -> ExamObjective:
    """Return what an exam is judged by, and how sure a verdict is that has not read all rows."""
    return ExamObjective(kpi.limit, judgement.false_promotion, judgement.false_rollback)


def value_objective(kpi: PlanKpi) -> ValueObjective:
    """Return what a metric that is one value of all rows is judged by."""
    kind = METRICS[kpi.metric]
    return ValueObjective(
        kpi.limit,
        more_is_better=kind.direction == "atLeast",
        needs_every_answer=kind.judging == "values" and not kind.worst_loss,
    )


def rate_objective(kpi: PlanKpi, judgement: PlanJudgement) -> RateObjective:
    """Return the tests of a KPI with a limit of its own.

    Raises ValueError for a limit that no number of requests can prove.
    """
    alphas = (judgement.false_promotion, judgement.false_rollback)
    if kpi.metric == "errorRate":
        return errors_objective(kpi.limit, kpi.expected, *alphas)
    if kpi.quantile is None:
        raise ValueError(f"{kpi.metric} needs a quantile, such as p95")
    return latency_objective(kpi.quantile, kpi.expected is not None, *alphas)


def load_shape(load: PlanLoad) -> LoadShape:
    """Return how the requests of a plan's load fall into windows."""
    return LoadShape.of(
        load.rate,
        load.for_seconds,
        load.warm_up_seconds,
        ramp_from=load.ramp_from,
        poisson=load.arrivals == "poisson",
    )
