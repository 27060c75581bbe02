"""From what was measured to the result message."""

from dataclasses import replace
from fractions import Fraction

from modelward.api.metrics import STREAMED_METRICS, TIME_METRICS
from modelward.benchmark.bounds import MAX_MICROSECONDS
from modelward.benchmark.contract import KpiReport, Letter, PlanJudgement, PlanKpi, RunnerPlan
from modelward.benchmark.counts import (
    ComparedLatencyCounts,
    Counts,
    ErrorCounts,
    LatencyCounts,
    PairedErrorCounts,
    RelativeErrorCounts,
    RequestCounts,
    ThroughputCounts,
)
from modelward.benchmark.judging import (
    counts_in,
    paired_counts,
    rate_counts,
    relative_counts,
    rows_decision,
)
from modelward.benchmark.rowcounts import RowCounts
from modelward.judge import (
    LoadCounts,
    LoadKpi,
    LoadResult,
    LoadSession,
    Outcome,
    PairedCounts,
    RelativeCounts,
)
from modelward.judge.objectives import ordinary_objective
from modelward.runner.throughput import Throughput

_NANOSECONDS = 1_000_000_000
_MICROSECONDS = 1_000_000
_REQUEST_SECONDS = 10
_STREAM_SECONDS = 60
"""Texts take their time, and tokens have limits of their own."""

NOT_MEASURED = KpiReport(verdict="I", reason="NotMeasured")
NOT_DETERMINISTIC = KpiReport(verdict="I", reason="NotDeterministic")
LAGGED = KpiReport(verdict="I", reason="GeneratorLagged")

LETTERS: dict[Outcome, Letter] = {"Pass": "P", "Fail": "F", "Inconclusive": "I"}


def load_kpis(plan: RunnerPlan) -> list[tuple[int, PlanKpi]]:
    """Return the KPIs that are judged by load that goes on, each with its place in the plan."""
    return [
        (i, kpi)
        for i, kpi in enumerate(plan.kpis)
        if not (kpi.of_rows or kpi.is_shown or kpi.is_compared_latency)
    ]


def compared_kpis(plan: RunnerPlan) -> list[tuple[int, PlanKpi]]:
    """Return those that compare a latency with stable's, each with its place in the plan."""
    return [(i, kpi) for i, kpi in enumerate(plan.kpis) if kpi.is_compared_latency]


def load_kpi(kpi: PlanKpi, plan: RunnerPlan, column: int = 0) -> LoadKpi:
    """Return how a KPI of the plan is judged under load, by that time of the requests.

    Raises ValueError for one that can't be.
    """
    objective = ordinary_objective(kpi, plan.judgement)
    is_gate = kpi.effect == "gate"
    start = _load_start(kpi)
    if kpi.metric == "errorRate":
        return LoadKpi(objective, is_gate, start=start)
    limit = int(kpi.limit * _NANOSECONDS)
    expected = limit if kpi.expected is None else int(kpi.expected * _NANOSECONDS)
    return LoadKpi(objective, is_gate, limit, expected, start, column)


def _load_start(kpi: PlanKpi) -> LoadCounts | None:
    counts = counts_in(kpi, kpi.start.counts) if kpi.start else None
    elsewhere = RowCounts | ThroughputCounts | ComparedLatencyCounts
    if kpi.start is None or counts is None or isinstance(counts, elsewhere):
        return None
    if isinstance(counts, RelativeErrorCounts):
        return relative_counts(counts, kpi.start.windows)
    if isinstance(counts, PairedErrorCounts):
        return paired_counts(counts, kpi.start.windows)
    return rate_counts(counts, kpi.start.windows)


def has_verdict(kpi: PlanKpi) -> bool:
    """Tell whether a KPI had its verdict before: it keeps it, and nothing is asked for it."""
    return kpi.start is not None and kpi.start.verdict != "I"


def first_report(kpi: PlanKpi) -> KpiReport:
    """Return the report of a KPI before anything was measured."""
    if kpi.start is None or kpi.start.verdict == "I":
        return NOT_MEASURED
    return KpiReport(verdict=kpi.start.verdict, counts=kpi.start.counts)


def request_seconds(plan: RunnerPlan) -> Fraction:
    """Return how long a request may take: long enough to see whether it is beyond a limit."""
    times = (kpi for kpi in plan.kpis if kpi.metric in TIME_METRICS)
    limits = [kpi.limit for kpi in times if not kpi.is_compared_latency]
    streams = any(kpi.metric in STREAMED_METRICS for kpi in plan.kpis)
    least = _STREAM_SECONDS if streams else _REQUEST_SECONDS
    return max([Fraction(least), *(2 * limit for limit in limits)])


def exam_start(kpi: PlanKpi) -> Counts | None:
    """Return the rows that a KPI goes on from, None where it begins anew."""
    return counts_in(kpi, kpi.start.counts) if kpi.start and kpi.start.counts else None


def rows_report(kpi: PlanKpi, counts: Counts | None, judgement: PlanJudgement) -> KpiReport:
    """Return the report of a KPI on rows as far as they were read."""
    if counts is None:
        return NOT_MEASURED
    return KpiReport.of(LETTERS[rows_decision(kpi, counts, judgement)], counts)


def load_report(
    kpi: PlanKpi, result: LoadResult, session: LoadSession, time_out: Fraction, column: int = 0
) -> KpiReport:
    """Return the report of a KPI under load as far as it got.

    A failed request has the latency of one that was given up, after `time_out` seconds.
    A failed gate ends the load before the others are decided: these were not measured.
    """
    if result.outcome == "Inconclusive" and session.gate_failed:
        return NOT_MEASURED
    counts = _counts(kpi, result.counts)
    if isinstance(counts, LatencyCounts):
        longest = min(MAX_MICROSECONDS, int(time_out * _MICROSECONDS))
        observed = _quantile_micros(kpi, result, session, column)
        counts = replace(counts, quantile_micros=min(observed, longest))
    return KpiReport.of(LETTERS[result.outcome], counts)


def shown_report(kpi: PlanKpi, throughput: Throughput) -> KpiReport:
    """Return the report of a KPI that is only shown."""
    counts = throughput.counts(kpi)
    return NOT_MEASURED if counts is None else KpiReport.of("I", counts)


def _counts(kpi: PlanKpi, counts: LoadCounts) -> RequestCounts:
    """Return counts as they are told; the quantile that was observed is not among them."""
    if isinstance(counts, RelativeCounts):
        return RelativeErrorCounts(
            counts.dispersion,
            counts.dispersion_of_rate,
            counts.requests,
            counts.bad,
            counts.baseline_bad,
        )
    if isinstance(counts, PairedCounts):
        return PairedErrorCounts(
            counts.dispersion, counts.bet, counts.requests, counts.lost, counts.won, counts.both
        )
    if kpi.quantile is None:
        return ErrorCounts(counts.limit.dispersion, counts.requests, counts.limit.bad)
    return LatencyCounts(
        dispersion=counts.limit.dispersion,
        requests=counts.requests,
        beyond_limit=counts.limit.bad,
        quantile_micros=0,
        dispersion_expected=counts.expected.dispersion if counts.expected else None,
        beyond_expected=counts.expected.bad if counts.expected else None,
    )


def _quantile_micros(kpi: PlanKpi, result: LoadResult, session: LoadSession, column: int) -> int:
    """Return the quantile as observed in this attempt; where it adds nothing, as it was before."""
    before = counts_in(kpi, kpi.start.counts) if kpi.start else None
    if not isinstance(before, LatencyCounts) or result.anew:
        before = None
    requests = result.counts.requests - (before.requests if before else 0)
    if before and requests == 0:
        return before.quantile_micros
    observed = session.quantile(kpi.quantile or Fraction(1), result.evidence_from, requests, column)
    return max(observed // 1000, 0)
