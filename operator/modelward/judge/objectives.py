"""From a KPI in plain numbers to the tests that it is judged by.

Who asks may have a KPI as it is declared (modelward.judge.declared), or as a benchmark pod is asked
for it (modelward.benchmark.plankpi): both have what a test needs, under the same names.
"""

from fractions import Fraction
from typing import Protocol

from modelward.api.metrics import METRICS, Metric
from modelward.judge.exams import ExamObjective
from modelward.judge.hypotheses import RateObjective, errors_objective, latency_objective
from modelward.judge.paired import PairedObjective
from modelward.judge.quantiles import QuantileObjective
from modelward.judge.relative import RelativeObjective
from modelward.judge.values import ValueObjective
from modelward.judge.windows import LoadObjective


class Asked(Protocol):
    """A KPI, its values without units: shares (0.92), seconds (0.25), numbers."""

    @property
    def metric(self) -> Metric:
        """What is measured."""

    @property
    def quantile(self) -> Fraction | None:
        """Quantile as a share, for times."""

    @property
    def limit(self) -> Fraction:
        """Its limit; versus stable by how much it may be worse."""

    @property
    def expected(self) -> Fraction | None:
        """What a healthy version shows."""

    @property
    def versus(self) -> str | None:
        """Present where it is compared with stable."""

    @property
    def relative(self) -> bool | None:
        """True where the limit is a part of what stable shows."""

    @property
    def unless_below(self) -> Fraction | None:
        """An error rate that is good enough whatever stable's is."""


class Judgement(Protocol):
    """Error probabilities of one gate."""

    @property
    def false_promotion(self) -> Fraction:
        """Probability that a version at the limit passes, at most."""

    @property
    def false_rollback(self) -> Fraction:
        """Probability that a healthy version fails, at most."""


def load_objective(kpi: Asked, judgement: Judgement) -> LoadObjective | QuantileObjective:
    """Return the tests of a KPI that is measured under load.

    Raises ValueError for a limit that no number of requests can prove.
    """
    if kpi.metric == "latency" and kpi.versus:
        return quantile_objective(kpi, judgement)
    return ordinary_objective(kpi, judgement)


def ordinary_objective(kpi: Asked, judgement: Judgement) -> LoadObjective:
    """Return the tests of a KPI whose load needs no copy of stable. Raises ValueError."""
    if kpi.relative:
        return relative_objective(kpi, judgement)
    if kpi.versus:
        return paired_objective(kpi, judgement)
    return rate_objective(kpi, judgement)


def quantile_objective(kpi: Asked, judgement: Judgement) -> QuantileObjective:
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


def paired_objective(kpi: Asked, judgement: Judgement) -> PairedObjective:
    """Return the tests of an error rate that is compared with that of stable.

    Raises ValueError for a margin that no number of requests can prove, and for other metrics.
    """
    if kpi.metric != "errorRate":
        raise ValueError(f"{kpi.metric} can't be compared with stable under load")
    return PairedObjective(kpi.limit, judgement.false_promotion, judgement.false_rollback)


def relative_objective(kpi: Asked, judgement: Judgement) -> RelativeObjective:
    """Return the tests of an error rate that is compared with a multiple of that of stable.

    Raises ValueError for other metrics.
    """
    if kpi.metric != "errorRate":
        raise ValueError(f"{kpi.metric} can't be a multiple of that of stable")
    return RelativeObjective(
        1 + kpi.limit, judgement.false_promotion, judgement.false_rollback, kpi.unless_below
    )


def exam_objective(kpi: Asked, judgement: Judgement) -> ExamObjective:
    """Return what an exam is judged by, and how sure a verdict is that has not read all rows."""
    return ExamObjective(kpi.limit, judgement.false_promotion, judgement.false_rollback)


def value_objective(kpi: Asked) -> ValueObjective:
    """Return what a metric that is one value of all rows is judged by."""
    kind = METRICS[kpi.metric]
    return ValueObjective(
        kpi.limit,
        more_is_better=kind.direction == "atLeast",
        needs_every_answer=kind.judging == "values" and not kind.worst_loss,
    )


def rate_objective(kpi: Asked, judgement: Judgement) -> RateObjective:
    """Return the tests of a KPI with a limit of its own.

    Raises ValueError for a limit that no number of requests can prove.
    """
    alphas = (judgement.false_promotion, judgement.false_rollback)
    if kpi.metric == "errorRate":
        return errors_objective(kpi.limit, kpi.expected, *alphas)
    if kpi.quantile is None:
        raise ValueError(f"{kpi.metric} needs a quantile, such as p95")
    return latency_objective(kpi.quantile, kpi.expected is not None, *alphas)
