"""One latency beside stable's, judged on lines of observations as a benchmark would judge it."""

from dataclasses import replace
from fractions import Fraction

from modelward.api.kpi import Kpi
from modelward.cli.inputs import InputError
from modelward.cli.observations import Counted, Observation, Request
from modelward.cli.replayed import NOTHING, Reached
from modelward.judge import FAILED, ComparedKpi, ComparisonSession, LoadShape, QuantileObjective
from modelward.judge.quantiles import quantile_verdict
from modelward.judge.verdict import Verdict

_NANOSECONDS = 10**9


class ComparedReplay:
    """One latency beside stable's; lines without stable's latency say nothing about it."""

    def __init__(self, kpi: Kpi, objective: QuantileObjective, shape: LoadShape) -> None:
        self.kpi = kpi
        self.reached: Reached | None = None
        self._objective = objective
        endless = replace(shape, warm_up=0, evidence_windows=10**9)
        self._session = ComparisonSession(endless, (ComparedKpi(objective),))
        self._pairs = 0

    def see(self, observed: Observation) -> None:
        """Take note of a line. Raises InputError for counts, which don't tell the threshold."""
        match observed.what:
            case Counted(kpi=name) if name == self.kpi.name:
                raise InputError(
                    f"line {observed.line}: KPI {name} compares latencies: give requests, as in "
                    '{"latency": "80ms", "stable": {"latency": "75ms"}}'
                )
            case Request() as request if request.stable_seconds is not None:
                self._see(request, request.stable_seconds, observed)

    def verdict(self) -> Verdict:
        """Return what the pairs so far say."""
        (result,) = self._session.results()
        return quantile_verdict(result.counts, self._objective) if result.counts else NOTHING

    @property
    def is_measured(self) -> bool:
        """True once anything was seen of it."""
        return self._pairs > 0

    def _see(self, request: Request, stables: Fraction, observed: Observation) -> None:
        if request.seconds is None and not request.failed:
            raise InputError(
                f"line {observed.line}: latency is missing, and KPI {self.kpi.name} is about it"
            )
        ours = FAILED if request.failed else int((request.seconds or 0) * _NANOSECONDS)
        baseline = FAILED if request.stable_failed else int(stables * _NANOSECONDS)
        self._session.record(self._pairs, ours, baseline)
        self._pairs += 1
        if self._session.finished and self.reached is None:
            self.reached = Reached(observed.line, observed.at, self._pairs)
