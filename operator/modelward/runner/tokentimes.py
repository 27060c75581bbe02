"""How long an answer's tokens took: one number for each request, so that requests can be judged.

The gaps between the tokens of all answers together would not do: gaps of one answer come in
stretches, and one long answer would outvote many short ones. Nor would their mean, which the time
per output token is already. So a request has the inter-token latency that so many of its own gaps
keep as requests are to keep the limit: with p95, 95 of 100.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction

from modelward.benchmark.plankpi import PlanKpi
from modelward.judge import FAILED
from modelward.protocols.base import TokenTimes
from modelward.runner.client import Answer

Measure = tuple[str, Fraction | None]
"""Metric and, for the inter-token latency, which quantile of an answer's gaps."""


def measures(kpis: Sequence[PlanKpi]) -> tuple[Measure, ...]:
    """Return what is measured of each answer for these KPIs, beside its latency."""
    found = (_measure(kpi) for kpi in kpis)
    return tuple(dict.fromkeys(measure for measure in found if measure))


def column(kpi: PlanKpi, measured: Sequence[Measure]) -> int:
    """Return which of a request's numbers a KPI is about: 0 is its latency."""
    measure = _measure(kpi)
    return 1 + measured.index(measure) if measure else 0


def times_of(answer: Answer, due: int, measured: Sequence[Measure]) -> tuple[int, ...]:
    """Return an answer's times in ns, in this order; FAILED where it has no tokens."""
    if answer.problem or answer.tokens is None:
        return (FAILED,) * len(measured)
    return tuple(_time(answer.tokens, due, *measure) for measure in measured)


def to_first_token(tokens: TokenTimes, due: int) -> int:
    """Return the time from when a request was due to the first text of its answer."""
    return tokens.arrivals[0] - due


def per_output_token(tokens: TokenTimes) -> int:
    """Return the mean time for each token after the first; 0 where there is none after it."""
    if tokens.tokens < 2:
        return 0
    return (tokens.arrivals[-1] - tokens.arrivals[0]) // (tokens.tokens - 1)


def inter_token(tokens: TokenTimes, share: Fraction) -> int:
    """Return a quantile of the gaps between texts, by nearest rank; 0 where there are none."""
    arrivals = tokens.arrivals
    gaps = sorted(later - earlier for earlier, later in itertools.pairwise(arrivals))
    return gaps[math.ceil(share * len(gaps)) - 1] if gaps else 0


_OF_ONE_ANSWER: dict[str, Callable[[TokenTimes, int, Fraction], int]] = {
    "timeToFirstToken": lambda tokens, due, _: to_first_token(tokens, due),
    "timePerOutputToken": lambda tokens, _, __: per_output_token(tokens),
    "interTokenLatency": lambda tokens, _, share: inter_token(tokens, share),
}


def _measure(kpi: PlanKpi) -> Measure | None:
    if kpi.metric not in _OF_ONE_ANSWER:
        return None
    return kpi.metric, kpi.quantile if kpi.metric == "interTokenLatency" else None


def _time(tokens: TokenTimes, due: int, metric: str, share: Fraction | None) -> int:
    return _OF_ONE_ANSWER[metric](tokens, due, share or Fraction(1))
