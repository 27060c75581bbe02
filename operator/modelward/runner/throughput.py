"""How much came while load was sent: answers, tokens, answers within limits.

What comes before the first request that counts was due, and after the last one was sent, is left
out: so the beginning and the end of a load make nothing better or worse than it is in between.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from fractions import Fraction

from modelward.benchmark.counts import ThroughputCounts
from modelward.benchmark.plankpi import PlanKpi, PlanWithin
from modelward.runner.client import Answer
from modelward.runner.tokentimes import per_output_token, to_first_token

_NANOSECONDS = 1_000_000_000
_MILLISECOND = 1_000_000


@dataclass
class Throughput:
    """Counts what came for each of the KPIs that are only shown."""

    kpis: tuple[PlanKpi, ...]
    begins: int | None = None
    """When the first request that counts was due, in ns."""
    ends: int | None = None
    """When sending ended, in ns; until then it goes on."""
    _came: dict[str, Fraction] = field(default_factory=dict)

    def sent(self, due: int) -> None:
        """Take note that a request that counts was due; the first one begins the time."""
        if self.begins is None:
            self.begins = due

    def end(self, now: int) -> None:
        """Take note that sending ends; only the first end counts."""
        if self.ends is None:
            self.ends = now

    def add(self, answer: Answer, due: int) -> None:
        """Take note of an answer, whenever its request was due."""
        if answer.problem is not None or self.begins is None:
            return
        for kpi in self.kpis:
            self._came[kpi.name] = self._came.get(kpi.name, Fraction(0)) + self._of(
                kpi, answer, due
            )

    def counts(self, kpi: PlanKpi) -> ThroughputCounts | None:
        """Return what came for a KPI; None where no time has passed."""
        if self.begins is None or self.ends is None or self.ends <= self.begins:
            return None
        milliseconds = max(1, round((self.ends - self.begins) / _MILLISECOND))
        return ThroughputCounts(round(self._came.get(kpi.name, 0)), milliseconds)

    def _of(self, kpi: PlanKpi, answer: Answer, due: int) -> Fraction | int:
        if kpi.metric == "tokensPerSecond":
            return self._tokens(answer)
        came = self._is_in(answer.ended)
        if kpi.metric == "goodput" and kpi.within:
            return int(came and keeps(answer, due, kpi.within))
        return int(came)

    def _tokens(self, answer: Answer) -> Fraction | int:
        """Return the tokens that came in time, each event of the stream bringing as many."""
        if answer.tokens is None:
            return 0
        arrivals = answer.tokens.arrivals
        first = bisect_left(arrivals, self.begins or 0)
        last = len(arrivals) if self.ends is None else bisect_right(arrivals, self.ends)
        return Fraction(answer.tokens.tokens * max(last - first, 0), len(arrivals))

    def _is_in(self, moment: int) -> bool:
        return (self.begins or 0) <= moment and (self.ends is None or moment <= self.ends)


def keeps(answer: Answer, due: int, within: PlanWithin) -> bool:
    """Tell whether a good answer keeps limits; one without tokens keeps none about them."""
    pairs: list[tuple[Fraction | None, int | None]] = [(within.latency, answer.ended - due)]
    tokens = answer.tokens
    first = to_first_token(tokens, due) if tokens else None
    pairs.append((within.time_to_first_token, first))
    pairs.append((within.time_per_output_token, per_output_token(tokens) if tokens else None))
    return all(
        limit is None or (time is not None and time <= limit * _NANOSECONDS)
        for limit, time in pairs
    )
