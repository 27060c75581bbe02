"""KPIs, error probabilities and load as they are declared, in plain numbers.

A benchmark's plan is made of them, and what is asked before a benchmark runs is answered by them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, Self

from modelward.api.kpi import Kpi, is_of_requests
from modelward.api.load import Load
from modelward.api.metrics import METRICS, Metric, Unit
from modelward.api.values import (
    is_relative,
    parse_margin,
    parse_number,
    parse_percent,
    parse_quantile,
    parse_rate,
    seconds_of,
)
from modelward.judge.shape import LoadShape

_PARSERS: Mapping[Unit, Callable[[str], Fraction]] = {
    "percent": parse_percent,
    "number": parse_number,
    "duration": seconds_of,
    "rate": parse_rate,
}
"""What reads a limit, by its unit."""


@dataclass(frozen=True)
class Alphas:
    """Error probabilities of one gate."""

    false_promotion: Fraction
    false_rollback: Fraction

    @classmethod
    def parsed(cls, false_promotion: str, false_rollback: str) -> Self:
        """Return those that are declared, as percentages. Raises ValueFormError for others."""
        return cls(parse_percent(false_promotion), parse_percent(false_rollback))

    def shared(self, kpis: list[Kpi]) -> Self:
        """Return those of each of several KPIs.

        Promotion needs every gate, so that each may use the whole of falsePromotion; any one of K
        gates rolls back, so that each gets a K-th of falseRollback (Bonferroni). Metrics of rows
        come to what all rows would say, and values of jobs are compared exactly, so that they need
        no share.
        """
        sharing = sum(kpi.effect == "gate" and is_of_requests(kpi) for kpi in kpis)
        return replace(self, false_rollback=self.false_rollback / max(1, sharing))


@dataclass(frozen=True)
class Declared:
    """What a test needs of a KPI (modelward.judge.objectives)."""

    metric: Metric
    quantile: Fraction | None
    limit: Fraction
    expected: Fraction | None
    versus: Literal["stable"] | None
    relative: Literal[True] | None
    unless_below: Fraction | None


def declared(kpi: Kpi, metric: Metric | None = None) -> Declared:
    """Return a KPI in plain numbers; `metric` is what counts of a job are judged as.

    Raises ValueError for one without a limit, or with one of the wrong form.
    """
    metric = metric or kpi.metric
    objective, unit, quantile = kpi.objective, METRICS[metric].unit, kpi.quantile
    expected, unless_below = objective.expected, objective.unless_below
    return Declared(
        metric=metric,
        quantile=parse_quantile(quantile) if quantile else None,
        limit=_limit(kpi, metric),
        expected=_PARSERS[unit](expected) if expected else None,
        versus=objective.versus,
        relative=True if is_relative(objective.worse_by_at_most or "") else None,
        unless_below=parse_percent(unless_below) if unless_below else None,
    )


def load_shape(load: Load) -> LoadShape:
    """Return how the requests of a declared load fall into windows."""
    seconds = (seconds_of(each) for each in (load.for_, load.warm_up))
    return LoadShape.of(
        parse_rate(load.rate),
        *seconds,
        ramp_from=parse_rate(load.ramp_from) if load.ramp_from else None,
        poisson=load.arrivals == "poisson",
    )


def _limit(kpi: Kpi, metric: Metric) -> Fraction:
    objective, kind = kpi.objective, METRICS[metric]
    if objective.versus:
        if objective.worse_by_at_most is None:
            raise ValueError(f"kpis: {kpi.name} is versus stable, say worseByAtMost")
        return (parse_number if kind.unit == "number" else parse_margin)(objective.worse_by_at_most)
    limit = objective.at_least if kind.direction == "atLeast" else objective.at_most
    if limit is None:
        raise ValueError(f"kpis: {kpi.name} has no limit, say {kind.direction}")
    return _PARSERS[kind.unit](limit)
