"""The stretch of load in which latencies are compared with those of a closed copy of stable.

It comes after the ordinary load and does not replace it: what is sent by turns leaves each
revision idle half of the time, so that queues which take long to build up are not seen. Limits of
their own, and error rates, are judged on load that goes on.
"""

from fractions import Fraction

from modelward.benchmark.bounds import MAX_MICROSECONDS
from modelward.benchmark.comparedcounts import ComparedLatencyCounts
from modelward.benchmark.contract import KpiReport, PlanKpi, PlanLoad, RunnerPlan
from modelward.benchmark.judging import counts_in
from modelward.judge import (
    ComparedKpi,
    ComparedResult,
    ComparisonSession,
    QuantileCounts,
)
from modelward.judge.objectives import quantile_objective
from modelward.runner import report
from modelward.runner.blocks import Blocks
from modelward.runner.load import Target
from modelward.runner.progress import Progress
from modelward.runner.reach import reach

_MICROSECOND = 1000


class Comparison:
    """Measures the KPIs of a plan that compare a latency with stable's."""

    def __init__(self, plan: RunnerPlan, load: PlanLoad, kpis: list[PlanKpi]) -> None:
        """Raises ValueError for a KPI that can't be judged."""
        self._kpis = kpis
        self._judged = tuple(_judged(kpi, plan) for kpi in kpis)
        self._session = ComparisonSession(load.shape, self._judged)
        self._blocks: Blocks | None = None

    @property
    def calibration_windows(self) -> int:
        """Calibration windows that were complete."""
        return self._session.calibration_windows

    @property
    def send_delay(self) -> int | None:
        """How late the load was sent, in microseconds rounded up; None where there was none."""
        return None if self._blocks is None else -(-self._blocks.delays.p99 // _MICROSECOND)

    @property
    def progress(self) -> Progress | None:
        """How far it is; None where nothing was sent."""
        if self._blocks is None:
            return None
        return Progress("load by turns", self._blocks.sent, self._session.shape.requests)

    async def measure(self, candidate: Target, stable: Target, seed: str) -> None:
        """Send load until there is a verdict; `seed` is that of a Poisson schedule.

        Raises UnreachableError.
        """
        if self._session.finished:
            return
        self._blocks = Blocks(self._session, candidate, stable, seed)
        await self._blocks.send()
        if self._session.gate_failed:
            # A subject that vanished says nothing about the model; one that is back does.
            for client in self._blocks.vanished:
                await reach(client)

    def reports(self) -> list[KpiReport]:
        """Return the reports of the KPIs as far as they got, in the order they were given in."""
        results = zip(self._kpis, self._judged, self._session.results(), strict=True)
        return [self._report(*each) for each in results]

    def _report(self, kpi: PlanKpi, judged: ComparedKpi, result: ComparedResult) -> KpiReport:
        """Return the report of one; before its threshold is known there is nothing to report."""
        counts = result.counts
        overtaken = result.outcome == "Inconclusive" and self._session.gate_failed
        if counts is None or overtaken:
            return report.NOT_MEASURED
        return KpiReport.of(
            report.LETTERS[result.outcome], self._counts(kpi, judged.objective.quantile, counts)
        )

    def _counts(
        self, kpi: PlanKpi, share: Fraction, counts: QuantileCounts
    ) -> ComparedLatencyCounts:
        before = _counted_before(kpi)
        requests = counts.requests - (before.requests if before else 0)
        if before and requests == 0:
            observed = before.quantile_micros, before.baseline_micros
        else:
            ours, stables = self._session.quantiles(share, requests)
            observed = _micros(ours), _micros(stables)
        return ComparedLatencyCounts(
            counts.dispersion,
            counts.threshold,
            counts.requests,
            counts.lost,
            counts.won,
            counts.both,
            *observed,
        )


def _judged(kpi: PlanKpi, plan: RunnerPlan) -> ComparedKpi:
    before = _counted_before(kpi)
    start = before.to_judge(kpi.start.windows) if before and kpi.start else None
    return ComparedKpi(quantile_objective(kpi, plan.judgement), kpi.effect == "gate", start)


def _counted_before(kpi: PlanKpi) -> ComparedLatencyCounts | None:
    before = counts_in(kpi, kpi.start.counts) if kpi.start else None
    return before if isinstance(before, ComparedLatencyCounts) else None


def _micros(nanoseconds: int) -> int:
    return min(nanoseconds // _MICROSECOND, MAX_MICROSECONDS)
