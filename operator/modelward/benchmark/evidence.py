"""From counts to what a BenchmarkRun's status shows of each KPI.

Value, interval and verdict are computed again from the integers of the result, by the same code
that the runner judged with. A result whose verdicts don't follow from its counts does not count.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from modelward.api.benchmarkrun import BenchmarkRunSpec, RunKpiStatus
from modelward.api.modeldeployment import Kpi
from modelward.api.values import (
    format_duration,
    format_multiple,
    format_percent,
    format_points,
    is_relative,
)
from modelward.benchmark.bounds import CountsError
from modelward.benchmark.comparedcounts import ComparedLatencyCounts
from modelward.benchmark.contract import (
    KpiReport,
    PlanKpi,
    PlanStart,
    RunnerPlan,
    RunnerResult,
)
from modelward.benchmark.counts import (
    Counts,
    ErrorCounts,
    ExamCounts,
    LatencyCounts,
    PairedErrorCounts,
    PairedExamCounts,
    RelativeErrorCounts,
    counts_of,
)
from modelward.benchmark.plan import (
    exam_objective,
    load_objective,
    paired_objective,
    quantile_objective,
    rate_objective,
    relative_objective,
)
from modelward.benchmark.totals import added
from modelward.judge import (
    CALIBRATION_WINDOWS,
    PairedCounts,
    RateCounts,
    RelativeCounts,
    RowCounts,
    Tally,
    Verdict,
    exam_verdict,
    paired_verdict,
    quantile_verdict,
    rate_verdict,
    relative_verdict,
)

RunVerdict = Literal["Pass", "Fail", "Inconclusive"]


class ContradictionError(ValueError):
    """A result that does not agree with its own counts; the message says where."""


def evidence(
    spec: BenchmarkRunSpec, plan: RunnerPlan, result: RunnerResult
) -> tuple[RunKpiStatus, ...]:
    """Return what is shown of each KPI, in the order of the spec.

    The result must have as many KPIs as the plan. Raises ContradictionError.
    """
    reports = zip(spec.applicable_kpis, plan.kpis, result.kpis, strict=True)
    return _of_all(spec, (_evidence(*report, plan, result) for report in reports))


def unmeasured(
    spec: BenchmarkRunSpec, reason: str, plan: RunnerPlan | None
) -> tuple[RunKpiStatus, ...]:
    """Return what is shown of each KPI of a run that has no result: what its plan began with."""
    if plan is None:
        return _of_all(spec, (_without_counts(kpi, reason) for kpi in spec.applicable_kpis))
    asked = zip(spec.applicable_kpis, plan.kpis, strict=True)
    return _of_all(spec, (_as_before(*each, plan, reason) for each in asked))


def _of_all(spec: BenchmarkRunSpec, shown: Iterator[RunKpiStatus]) -> tuple[RunKpiStatus, ...]:
    """Add the KPIs that a first version can't be judged by."""
    known = {status.name: status for status in shown}
    return tuple(known.get(kpi.name) or _not_applicable(kpi) for kpi in spec.kpis)


def overall(kpis: Sequence[Kpi], shown: Sequence[RunKpiStatus]) -> RunVerdict:
    """Return the verdict about the revision: only gates count.

    One gate that fails is enough for Fail; Pass needs every applicable gate, and at least one.
    """
    gates = {kpi.name for kpi in kpis if kpi.effect == "gate"}
    verdicts = {status.verdict for status in shown if status.name in gates} - {"NotApplicable"}
    if "Fail" in verdicts:
        return "Fail"
    return "Pass" if verdicts == {"Pass"} else "Inconclusive"


def objective_text(kpi: Kpi) -> str:
    """Return an objective in words: `p95 <= 250ms, expected 150ms`, `>= stable - 1pp`."""
    objective = kpi.objective
    if objective.versus:
        bound = ">= stable -" if kpi.benchmark.metric == "accuracy" else "<= stable +"
        unless = f", or below {objective.unless_below}" if objective.unless_below else ""
        quantile = f"{kpi.benchmark.quantile} " if kpi.benchmark.quantile else ""
        return f"{quantile}{bound} {objective.worse_by_at_most}{unless}"
    bound = f">= {objective.at_least}" if objective.at_least else f"<= {objective.at_most}"
    quantile = f"{kpi.benchmark.quantile} " if kpi.benchmark.quantile else ""
    expected = f", expected {objective.expected}" if objective.expected else ""
    return f"{quantile}{bound}{expected}"


def _evidence(
    kpi: Kpi, asked: PlanKpi, report: KpiReport, plan: RunnerPlan, result: RunnerResult
) -> RunKpiStatus:
    if report.reason:
        ended_early = report.reason == "NotMeasured" and result.outcome != "Measured"
        return _as_before(kpi, asked, plan, result.outcome if ended_early else report.reason)
    try:
        counts = counts_in(asked, report.counts)
        if asked.start:
            _check_goes_on(asked.start, report, added(counts_in(asked, asked.start.counts), counts))
    except CountsError as error:
        raise ContradictionError(f"KPI {kpi.name}: {error}") from error
    verdict = judged(asked, counts, plan, asked.start.windows if asked.start else result.windows)
    if verdict.verdict[0] != report.verdict:
        raise ContradictionError(
            f"KPI {kpi.name} is reported as {report.verdict}, but its counts say {verdict.verdict}"
        )
    return _shown(kpi, counts, verdict, _hypotheses(asked, plan))


def _check_goes_on(start: PlanStart, report: KpiReport, more: Counts) -> None:
    """Raise CountsError where more was counted for a KPI that had its verdict."""
    if start.verdict != "I" and report.counts != start.counts:
        raise CountsError(f"it had its verdict, but {more} was counted on top")


def _as_before(kpi: Kpi, asked: PlanKpi, plan: RunnerPlan, reason: str) -> RunKpiStatus:
    """Return what is shown of a KPI that was not measured: what it began with, if it did.

    Where rows are answered at random, counts of them say nothing.
    """
    start = asked.start
    if start is None or reason == "NotDeterministic":
        return _without_counts(kpi, reason)
    counts = counts_in(asked, start.counts)
    verdict = judged(asked, counts, plan, start.windows)
    shown = _shown(kpi, counts, verdict, _hypotheses(asked, plan))
    return shown.model_copy(update={"reason": reason}) if start.verdict == "I" else shown


def counts_in(asked: PlanKpi, ints: tuple[int, ...]) -> Counts:
    """Return what the integers of a KPI of a plan mean. Raises CountsError."""
    return counts_of(
        asked.metric,
        ints,
        with_expected=asked.expected is not None,
        versus=asked.versus is not None,
        sampled=asked.rows == "sample",
        relative=asked.relative is True,
    )


def judged(asked: PlanKpi, counts: Counts, plan: RunnerPlan, windows: int) -> Verdict:
    """Return what a KPI's counts say; `windows` is the number of its calibration windows."""
    match counts:
        case ExamCounts() | PairedExamCounts():
            return exam_verdict(row_counts(counts), exam_objective(asked, plan.judgement))
        case RelativeErrorCounts():
            objective = relative_objective(asked, plan.judgement)
            return relative_verdict(relative_counts(counts, windows), objective)
        case PairedErrorCounts():
            pairs = paired_counts(counts, windows)
            return paired_verdict(pairs, paired_objective(asked, plan.judgement))
        case ComparedLatencyCounts():
            # Before its calibration is complete there are no counts.
            slow = counts.to_judge(CALIBRATION_WINDOWS)
            return quantile_verdict(slow, quantile_objective(asked, plan.judgement))
    return rate_verdict(rate_counts(counts, windows), rate_objective(asked, plan.judgement))


def row_counts(counts: ExamCounts | PairedExamCounts) -> RowCounts:
    """Return counts as they are judged."""
    alone = RowCounts(counts.rows, counts.read, counts.correct, counts.sampled)
    if isinstance(counts, ExamCounts):
        return alone
    return replace(alone, baseline=counts.baseline, lost=counts.lost)


def paired_counts(counts: PairedErrorCounts, windows: int) -> PairedCounts:
    """Return counts as they are judged."""
    return PairedCounts(windows, *counts.to_ints())


def relative_counts(counts: RelativeErrorCounts, windows: int) -> RelativeCounts:
    """Return counts as they are judged."""
    return RelativeCounts(windows, *counts.to_ints())


def rate_counts(counts: ErrorCounts | LatencyCounts, windows: int) -> RateCounts:
    """Return counts as they are judged."""
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
    return load_objective(asked, plan.judgement).describe()


def _shown(kpi: Kpi, counts: Counts, verdict: Verdict, hypotheses: str | None) -> RunKpiStatus:
    return RunKpiStatus(
        name=kpi.name,
        verdict=verdict.verdict,
        reason=verdict.reason or None,
        value=_value(counts, verdict),
        baseline=_baseline(counts, verdict),
        objective=objective_text(kpi),
        low=_end(kpi, verdict.low),
        high=_end(kpi, verdict.high),
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


def _not_applicable(kpi: Kpi) -> RunKpiStatus:
    return RunKpiStatus(
        name=kpi.name,
        verdict="NotApplicable",
        reason="FirstVersion",
        objective=objective_text(kpi),
    )


def _value(counts: Counts, verdict: Verdict) -> str | None:
    if verdict.value is None:
        return None
    if isinstance(counts, LatencyCounts | ComparedLatencyCounts):
        return format_duration(Fraction(counts.quantile_micros, 1_000_000))
    return format_percent(verdict.value)


def _baseline(counts: Counts, verdict: Verdict) -> str | None:
    if verdict.baseline is None:
        return None
    if isinstance(counts, ComparedLatencyCounts):
        return format_duration(Fraction(counts.baseline_micros, 1_000_000))
    return format_percent(verdict.baseline)


def _end(kpi: Kpi, share: Fraction) -> str | None:
    """Return one end of an interval.

    Versus stable it is about the difference, of a latency about the share of slow requests, and of
    both about how many times as often as stable it is slow.
    """
    compared = kpi.objective.versus is not None and kpi.benchmark.metric == "latency"
    if compared or is_relative(kpi.objective.worse_by_at_most or ""):
        return format_multiple(share / (1 - share)) if share < 1 else None
    if kpi.objective.versus:
        return format_points(share)
    beyond = f" above {kpi.objective.at_most}" if kpi.benchmark.metric == "latency" else ""
    return format_percent(share) + beyond
