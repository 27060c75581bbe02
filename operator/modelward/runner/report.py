"""From what was measured to the result message."""

from modelward.benchmark.contract import KpiReport, Letter, PlanKpi, RunnerPlan
from modelward.benchmark.counts import (
    MAX_MICROSECONDS,
    Counts,
    ErrorCounts,
    ExamCounts,
    LatencyCounts,
    PairedErrorCounts,
    PairedExamCounts,
)
from modelward.benchmark.plan import load_objective
from modelward.judge import (
    LoadKpi,
    LoadResult,
    LoadSession,
    Outcome,
    PairedCounts,
    RateCounts,
    exam_verdict,
    paired_exam_verdict,
)

_NANOSECONDS = 1_000_000_000
_MAX_ERROR_DELAY = _NANOSECONDS

NOT_MEASURED = KpiReport(verdict="I", reason="NotMeasured")
NOT_DETERMINISTIC = KpiReport(verdict="I", reason="NotDeterministic")
LAGGED = KpiReport(verdict="I", reason="GeneratorLagged")

_LETTERS: dict[Outcome, Letter] = {"Pass": "P", "Fail": "F", "Inconclusive": "I"}


def load_kpi(kpi: PlanKpi, plan: RunnerPlan) -> LoadKpi:
    """Return how a KPI of the plan is judged under load. Raises ValueError for one that can't."""
    objective = load_objective(kpi, plan.judgement)
    is_gate = kpi.effect == "gate"
    if kpi.metric == "errorRate":
        return LoadKpi(objective, is_gate)
    limit = int(kpi.limit * _NANOSECONDS)
    expected = limit if kpi.expected is None else int(kpi.expected * _NANOSECONDS)
    return LoadKpi(objective, is_gate, limit, expected)


def tolerated_delay(kpi: PlanKpi) -> int:
    """Return how late (in ns) requests may be sent before a KPI says nothing about the server.

    A latency is counted from when a request was due, so what we lose goes to the server's account:
    half of what it is allowed. For errors it matters only that the load is what was asked for.
    """
    if kpi.metric == "errorRate":
        return _MAX_ERROR_DELAY
    return int(min(kpi.limit, kpi.expected or kpi.limit) * _NANOSECONDS / 2)


def exam_report(kpi: PlanKpi, counts: ExamCounts) -> KpiReport:
    """Return the report of an exam as far as it got."""
    if counts.read == 0:
        return NOT_MEASURED
    verdict = exam_verdict(counts.rows, counts.read, counts.correct, kpi.limit)
    return KpiReport.of(_LETTERS[verdict.verdict], counts)


def paired_exam_report(kpi: PlanKpi, counts: PairedExamCounts) -> KpiReport:
    """Return the report of an exam that stable took as well, as far as it got."""
    if counts.read == 0:
        return NOT_MEASURED
    verdict = paired_exam_verdict(
        counts.rows, counts.read, counts.correct, counts.baseline, counts.lost, kpi.limit
    )
    return KpiReport.of(_LETTERS[verdict.verdict], counts)


def load_report(kpi: PlanKpi, result: LoadResult, session: LoadSession) -> KpiReport:
    """Return the report of a KPI under load as far as it got.

    A failed gate ends the load before the others are decided: these were not measured.
    """
    if result.outcome == "Inconclusive" and session.gate_failed:
        return NOT_MEASURED
    return KpiReport.of(_LETTERS[result.outcome], _counts(kpi, result.counts, session))


def _counts(kpi: PlanKpi, counts: RateCounts | PairedCounts, session: LoadSession) -> Counts:
    if isinstance(counts, PairedCounts):
        return PairedErrorCounts(
            counts.dispersion, counts.bet, counts.requests, counts.lost, counts.won, counts.both
        )
    if kpi.quantile is None:
        return ErrorCounts(counts.limit.dispersion, counts.requests, counts.limit.bad)
    observed = session.quantile(kpi.quantile, counts.requests) // 1000
    return LatencyCounts(
        dispersion=counts.limit.dispersion,
        requests=counts.requests,
        beyond_limit=counts.limit.bad,
        quantile_micros=min(max(observed, 0), MAX_MICROSECONDS),
        dispersion_expected=counts.expected.dispersion if counts.expected else None,
        beyond_expected=counts.expected.bad if counts.expected else None,
    )
