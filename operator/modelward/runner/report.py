"""From what was measured to the result message."""

from collections.abc import Sequence
from fractions import Fraction

from modelward.benchmark.bounds import MAX_MICROSECONDS
from modelward.benchmark.comparedcounts import ComparedLatencyCounts
from modelward.benchmark.contract import KpiReport, Letter, PlanJudgement, PlanKpi, RunnerPlan
from modelward.benchmark.counts import (
    Counts,
    ErrorCounts,
    ExamCounts,
    LatencyCounts,
    PairedErrorCounts,
    PairedExamCounts,
    RelativeErrorCounts,
)
from modelward.benchmark.evidence import (
    counts_in,
    paired_counts,
    rate_counts,
    relative_counts,
    row_counts,
)
from modelward.benchmark.plan import exam_objective, ordinary_objective
from modelward.judge import (
    LoadCounts,
    LoadKpi,
    LoadResult,
    LoadSession,
    Outcome,
    PairedCounts,
    RelativeCounts,
    exam_decision,
)

_NANOSECONDS = 1_000_000_000
_MAX_ERROR_DELAY = _NANOSECONDS

NOT_MEASURED = KpiReport(verdict="I", reason="NotMeasured")
NOT_DETERMINISTIC = KpiReport(verdict="I", reason="NotDeterministic")
LAGGED = KpiReport(verdict="I", reason="GeneratorLagged")

LETTERS: dict[Outcome, Letter] = {"Pass": "P", "Fail": "F", "Inconclusive": "I"}


def load_kpi(kpi: PlanKpi, plan: RunnerPlan) -> LoadKpi:
    """Return how a KPI of the plan is judged under load. Raises ValueError for one that can't."""
    objective = ordinary_objective(kpi, plan.judgement)
    is_gate = kpi.effect == "gate"
    start = _load_start(kpi)
    if kpi.metric == "errorRate":
        return LoadKpi(objective, is_gate, start=start)
    limit = int(kpi.limit * _NANOSECONDS)
    expected = limit if kpi.expected is None else int(kpi.expected * _NANOSECONDS)
    return LoadKpi(objective, is_gate, limit, expected, start)


def _load_start(kpi: PlanKpi) -> LoadCounts | None:
    counts = counts_in(kpi, kpi.start.counts) if kpi.start else None
    elsewhere = ExamCounts | PairedExamCounts | ComparedLatencyCounts
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


def tolerated_delay(kpi: PlanKpi) -> int:
    """Return how late (in ns) requests may be sent before a KPI says nothing about the server.

    A latency is counted from when a request was due, so what we lose goes to the server's account:
    half of what it is allowed. For errors it matters only that the load is what was asked for.
    """
    if kpi.metric == "errorRate":
        return _MAX_ERROR_DELAY
    return int(min(kpi.limit, kpi.expected or kpi.limit) * _NANOSECONDS / 2)


def exam_start(kpis: Sequence[PlanKpi]) -> ExamCounts | PairedExamCounts | None:
    """Return what the exam goes on from that these KPIs are judged by, None where it begins.

    Raises ValueError for a plan in which they go on from different rows.
    """
    starts = [counts_in(kpi, kpi.start.counts) if kpi.start else None for kpi in kpis]
    counts = [start for start in starts if isinstance(start, ExamCounts | PairedExamCounts)]
    if len(counts) not in (0, len(kpis)) or len({start.read for start in counts}) > 1:
        raise ValueError("KPIs go on from different rows of one data set")
    paired = (start for start in counts if isinstance(start, PairedExamCounts))
    return next(paired, next(iter(counts), None))


def exam_report(
    kpi: PlanKpi, counts: ExamCounts | PairedExamCounts, judgement: PlanJudgement
) -> KpiReport:
    """Return the report of an exam as far as it got."""
    if counts.read == 0:
        return NOT_MEASURED
    outcome, _ = exam_decision(row_counts(counts), exam_objective(kpi, judgement))
    return KpiReport.of(LETTERS[outcome], counts)


def load_report(kpi: PlanKpi, result: LoadResult, session: LoadSession) -> KpiReport:
    """Return the report of a KPI under load as far as it got.

    A failed gate ends the load before the others are decided: these were not measured.
    """
    if result.outcome == "Inconclusive" and session.gate_failed:
        return NOT_MEASURED
    return KpiReport.of(LETTERS[result.outcome], _counts(kpi, result, session))


def _counts(kpi: PlanKpi, result: LoadResult, session: LoadSession) -> Counts:
    counts = result.counts
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
    before = counts_in(kpi, kpi.start.counts) if kpi.start else None
    observed = _quantile_micros(kpi.quantile, result, session, before)
    return LatencyCounts(
        dispersion=counts.limit.dispersion,
        requests=counts.requests,
        beyond_limit=counts.limit.bad,
        quantile_micros=observed,
        dispersion_expected=counts.expected.dispersion if counts.expected else None,
        beyond_expected=counts.expected.bad if counts.expected else None,
    )


def _quantile_micros(
    share: Fraction, result: LoadResult, session: LoadSession, before: Counts | None
) -> int:
    """Return the quantile as observed in this attempt; where it adds nothing, as it was before."""
    if not isinstance(before, LatencyCounts) or result.anew:
        before = None
    requests = result.counts.requests - (before.requests if before else 0)
    if before and requests == 0:
        return before.quantile_micros
    observed = session.quantile(share, result.evidence_from, requests)
    return min(max(observed // 1000, 0), MAX_MICROSECONDS)
