"""From counts to what a BenchmarkRun's status shows of each KPI.

Value, interval and verdict are computed again from the integers of the result, by the same code
that the runner judged with. A result whose verdicts don't follow from its counts does not count.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from modelward.api.benchmarkrun import RunKpiStatus
from modelward.api.modeldeployment import Kpi
from modelward.api.values import format_duration, format_percent
from modelward.benchmark.contract import KpiReport, PlanKpi, RunnerPlan, RunnerResult
from modelward.benchmark.counts import (
    Counts,
    CountsError,
    ErrorCounts,
    ExamCounts,
    LatencyCounts,
    counts_of,
)
from modelward.benchmark.plan import rate_objective
from modelward.judge import (
    RateCounts,
    Tally,
    Verdict,
    exam_verdict,
    rate_verdict,
)

RunVerdict = Literal["Pass", "Fail", "Inconclusive"]


class ContradictionError(ValueError):
    """A result that does not agree with its own counts; the message says where."""


def evidence(
    kpis: Sequence[Kpi], plan: RunnerPlan, result: RunnerResult
) -> tuple[RunKpiStatus, ...]:
    """Return what is shown of each KPI, in the order of the spec.

    The result must have as many KPIs as the plan. Raises ContradictionError.
    """
    reports = zip(kpis, plan.kpis, result.kpis, strict=True)
    return tuple(_evidence(*report, plan, result) for report in reports)


def unmeasured(kpis: Sequence[Kpi], reason: str) -> tuple[RunKpiStatus, ...]:
    """Return what is shown of each KPI of a run that has no result."""
    return tuple(_without_counts(kpi, reason) for kpi in kpis)


def overall(kpis: Sequence[Kpi], shown: Sequence[RunKpiStatus]) -> RunVerdict:
    """Return the verdict about the revision: only gates count.

    One gate that fails is enough for Fail; Pass needs every gate, and at least one.
    """
    gates = {kpi.name for kpi in kpis if kpi.effect == "gate"}
    verdicts = {status.verdict for status in shown if status.name in gates}
    if "Fail" in verdicts:
        return "Fail"
    return "Pass" if verdicts == {"Pass"} else "Inconclusive"


def objective_text(kpi: Kpi) -> str:
    """Return an objective in words: `p95 <= 250ms, expected 150ms`."""
    objective = kpi.objective
    bound = f">= {objective.at_least}" if objective.at_least else f"<= {objective.at_most}"
    quantile = f"{kpi.benchmark.quantile} " if kpi.benchmark.quantile else ""
    expected = f", expected {objective.expected}" if objective.expected else ""
    return f"{quantile}{bound}{expected}"


def _evidence(
    kpi: Kpi, asked: PlanKpi, report: KpiReport, plan: RunnerPlan, result: RunnerResult
) -> RunKpiStatus:
    if report.reason:
        ended_early = report.reason == "NotMeasured" and result.outcome != "Measured"
        return _without_counts(kpi, result.outcome if ended_early else report.reason)
    try:
        counts = counts_of(asked.metric, report.counts, with_expected=asked.expected is not None)
    except CountsError as error:
        raise ContradictionError(f"KPI {kpi.name}: {error}") from error
    verdict = _judged(asked, counts, plan, result.windows)
    if verdict.verdict[0] != report.verdict:
        raise ContradictionError(
            f"KPI {kpi.name} is reported as {report.verdict}, but its counts say {verdict.verdict}"
        )
    return _shown(kpi, counts, verdict, _hypotheses(asked, plan))


def _judged(asked: PlanKpi, counts: Counts, plan: RunnerPlan, windows: int) -> Verdict:
    if isinstance(counts, ExamCounts):
        return exam_verdict(counts.rows, counts.read, counts.correct, asked.limit)
    return rate_verdict(_rate_counts(counts, windows), rate_objective(asked, plan.judgement))


def _rate_counts(counts: ErrorCounts | LatencyCounts, windows: int) -> RateCounts:
    if isinstance(counts, ErrorCounts):
        return RateCounts(windows, counts.requests, Tally(counts.dispersion, counts.bad))
    expected = None
    if counts.dispersion_expected is not None and counts.beyond_expected is not None:
        expected = Tally(counts.dispersion_expected, counts.beyond_expected)
    limit = Tally(counts.dispersion, counts.beyond_limit)
    return RateCounts(windows, counts.requests, limit, expected)


def _hypotheses(asked: PlanKpi, plan: RunnerPlan) -> str | None:
    if asked.metric == "accuracy":
        return None
    return rate_objective(asked, plan.judgement).describe()


def _shown(kpi: Kpi, counts: Counts, verdict: Verdict, hypotheses: str | None) -> RunKpiStatus:
    beyond = f" above {kpi.objective.at_most}" if isinstance(counts, LatencyCounts) else ""
    return RunKpiStatus(
        name=kpi.name,
        verdict=verdict.verdict,
        reason=verdict.reason or None,
        value=_value(counts, verdict),
        objective=objective_text(kpi),
        low=_share(verdict.low, beyond),
        high=_share(verdict.high, beyond),
        samples=verdict.samples,
        effective_samples=verdict.effective_samples,
        independence_assumed=verdict.independence_assumed,
        hypotheses=hypotheses,
        evidence=list(counts.to_ints()),
    )


def _without_counts(kpi: Kpi, reason: str) -> RunKpiStatus:
    return RunKpiStatus(
        name=kpi.name, verdict="Inconclusive", reason=reason, objective=objective_text(kpi)
    )


def _value(counts: Counts, verdict: Verdict) -> str | None:
    if verdict.value is None:
        return None
    if isinstance(counts, LatencyCounts):
        return format_duration(Fraction(counts.quantile_micros, 1_000_000))
    return format_percent(verdict.value)


def _share(share: Fraction | None, beyond: str) -> str | None:
    """Return one end of an interval; a latency's is about the share of slow requests."""
    return None if share is None else format_percent(share) + beyond
