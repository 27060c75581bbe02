"""Whether the declared load is enough for a verdict: told when a release begins, not when it ends.

An estimate (modelward.judge.budget); `modelward judge plan` computes it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from modelward.api.kpi import Kpi, applicable, in_benchmark, is_of_requests
from modelward.api.modeldeployment import ModelDeploymentSpec
from modelward.api.values import format_duration
from modelward.judge.budget import Estimate, estimate
from modelward.judge.declared import Alphas, declared, load_shape
from modelward.judge.objectives import load_objective

UNLIKELY = 0.5
"""A budget is too small where that is the probability that a good version gets no verdict."""


@dataclass(frozen=True)
class Outlook:
    """What the slowest gate under load needs."""

    kpi: Kpi
    estimate: Estimate
    sent: int
    """Requests of evidence that the load sends at most."""
    seconds: Fraction
    """Expected length of the load: warm-up, calibration and evidence, none of it beyond the end."""
    load: str
    """As it is declared: `10/s for 1m`."""

    @property
    def is_too_small(self) -> bool:
        """True where a verdict is unlikely even about a version that is as good as expected."""
        return self.estimate.undecided > UNLIKELY

    @property
    def told(self) -> str:
        """The estimate in a sentence."""
        if self.is_too_small:
            return f"A verdict about {self.kpi.name} is not likely: its load is too short."
        takes = format_duration(self.seconds)
        if self.estimate.at_least:
            name = self.kpi.name
            return f"A verdict about {name} takes {takes} of load by turns, or more."
        return f"A verdict takes about {takes} of load if it is {self._good}."

    @property
    def warning(self) -> str:
        """What is wrong with the budget, and what to do."""
        requests = f"{_rounded(self.estimate.requests):,}"
        if self.estimate.at_least:
            return (
                f"A verdict about {self.kpi.name} is not likely: even a version that is never slow "
                f"needs about {requests} pairs of requests, and load sends {self.sent:,} "
                f"({self.load}). Raise load.rate or load.for, or compare a lower quantile; "
                "`modelward judge plan` tells what is enough."
            )
        return (
            f"A verdict about {self.kpi.name} is not likely: a version that is {self._good} needs "
            f"about {requests} requests, and load sends {self.sent:,} "
            f"({self.load}). Raise load.rate or load.for, or widen the gap between expected and "
            "the limit; `modelward judge plan` tells what is enough."
        )

    @property
    def _good(self) -> str:
        objective = self.kpi.objective
        if objective.versus:
            return "like stable"
        return "as expected" if objective.expected else "at half of its limit"


def outlook(spec: ModelDeploymentSpec, *, first_version: bool) -> Outlook | None:
    """Return what the slowest gate needs; None where no gate is measured under load.

    Gates that the API server would refuse, and those whose need depends on how often stable
    fails, are left out.
    """
    return max(_outlooks(spec, first_version), key=lambda o: o.estimate.requests, default=None)


def _outlooks(spec: ModelDeploymentSpec, first_version: bool) -> Iterator[Outlook]:
    kpis = applicable(spec.kpis, has_baseline=not first_version)
    kpis = in_benchmark(kpis) if first_version else kpis
    judgement, shape = spec.judgement, load_shape(spec.load)
    alphas = Alphas.parsed(judgement.false_promotion, judgement.false_rollback).shared(kpis)
    sent = shape.evidence_windows * shape.window
    for kpi in in_benchmark(kpis):
        if kpi.effect != "gate" or kpi.job or not is_of_requests(kpi):
            continue
        found = _estimate(kpi, alphas, sent)
        if found:
            windows = min(math.ceil(found.requests / shape.window), shape.evidence_windows)
            until = shape.requests - (shape.evidence_windows - windows) * shape.window
            turns = 2 if kpi.is_compared_latency else 1
            seconds = Fraction(math.ceil(turns * until / shape.rate))
            load = f"{spec.load.rate} for {spec.load.for_}"
            yield Outlook(kpi, found, sent, seconds, load)


def _estimate(kpi: Kpi, alphas: Alphas, sent: int) -> Estimate | None:
    try:
        return estimate(load_objective(declared(kpi), alphas), sent)
    except ValueError:
        # Of an object that was stored under an older schema, say; its run will name the problem.
        return None


def _rounded(requests: float) -> int:
    """Round to two digits: more would pretend to know more."""
    if requests < 100:
        return math.ceil(requests)
    step = int(10 ** (math.floor(math.log10(requests)) - 1))
    return math.ceil(requests / step) * step
