"""From counts to what a BenchmarkRun's status shows of each KPI.

Value, interval and verdict are computed again from the integers of the result, by the same code
that the runner judged with. A result whose verdicts don't follow from its counts does not count.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from modelward.api.benchmarkrun import BenchmarkRunSpec, RunKpiStatus
from modelward.api.modeldeployment import Kpi
from modelward.benchmark import lag
from modelward.benchmark.bounds import CountsError
from modelward.benchmark.contract import (
    KpiReport,
    PlanKpi,
    PlanStart,
    RunnerPlan,
    RunnerResult,
)
from modelward.benchmark.counts import Counts
from modelward.benchmark.figures import baseline_text, interval, objective_text, value_text
from modelward.benchmark.judging import counts_in, judged
from modelward.benchmark.totals import added
from modelward.judge import Verdict
from modelward.judge.objectives import load_objective

RunVerdict = Literal["Pass", "Fail", "Inconclusive"]


class ContradictionError(ValueError):
    """A result that does not agree with its own counts; the message says where."""


def evidence(
    spec: BenchmarkRunSpec, plan: RunnerPlan, result: RunnerResult
) -> tuple[RunKpiStatus, ...]:
    """Return what is shown of each KPI, in the order of the spec.

    The result must have as many KPIs as the plan. Raises ContradictionError.
    """
    _check_number_of_rows(plan, result)
    try:
        plan = result.followed(plan)
    except ValueError as error:
        raise ContradictionError(str(error)) from error
    reports = zip(spec.applicable_kpis, plan.kpis, result.kpis, strict=True)
    shown = [_evidence(*report, plan, result) for report in reports]
    named = _worst_slices(plan, result)
    named_slices = (each.model_copy(update={"slice": named.get(each.name)}) for each in shown)
    of_jobs = "NotMeasured" if result.outcome == "Measured" else result.outcome
    return _of_all(spec, named_slices, of_jobs)


def _worst_slices(plan: RunnerPlan, result: RunnerResult) -> dict[str, str]:
    """Return the names of worst slices by KPI, of those that have any."""
    cut = [kpi.name for kpi in plan.kpis if kpi.row_kind == "slices"]
    return {kpi: name for kpi, name in zip(cut, result.slices, strict=False) if name}


def _check_number_of_rows(plan: RunnerPlan, result: RunnerResult) -> None:
    """Raise ContradictionError where two KPIs know different numbers of rows of one data set.

    Nobody but the pod has seen the rows, so that this much is asked of their number.
    """
    known: dict[str, int] = {}
    for asked, report in zip(plan.kpis, result.kpis, strict=True):
        if asked.dataset and report.counts:
            rows = report.counts[0]
            if known.setdefault(asked.dataset, rows) != rows:
                raise ContradictionError(
                    f"KPI {asked.name}: data set {asked.dataset} has {rows} rows, and "
                    f"{known[asked.dataset]} for another KPI"
                )


def unmeasured(
    spec: BenchmarkRunSpec, reason: str, plan: RunnerPlan | None
) -> tuple[RunKpiStatus, ...]:
    """Return what is shown of each KPI of a run that has no result: what its plan began with."""
    if plan is None:
        lost = (_without_counts(kpi, reason) for kpi in spec.applicable_kpis)
        return _of_all(spec, lost, reason)
    asked = zip(spec.applicable_kpis, plan.kpis, strict=True)
    return _of_all(spec, (_as_before(*each, plan, reason) for each in asked), reason)


def _of_all(
    spec: BenchmarkRunSpec, shown: Iterator[RunKpiStatus], of_jobs: str
) -> tuple[RunKpiStatus, ...]:
    """Add the KPIs that a first version can't be judged by, and those of jobs, not measured yet."""
    known = {status.name: status for status in shown}
    known |= {kpi.name: _without_counts(kpi, of_jobs) for kpi in spec.job_kpis}
    return tuple(known.get(kpi.name) or not_applicable(kpi) for kpi in spec.kpis)


def overall(kpis: Sequence[Kpi], shown: Sequence[RunKpiStatus]) -> RunVerdict:
    """Return the verdict about the revision: only gates count.

    One gate that fails is enough for Fail; Pass needs every applicable gate, and at least one.
    """
    gates = {kpi.name for kpi in kpis if kpi.effect == "gate"}
    verdicts = {status.verdict for status in shown if status.name in gates} - {"NotApplicable"}
    if "Fail" in verdicts:
        return "Fail"
    return "Pass" if verdicts == {"Pass"} else "Inconclusive"


def _evidence(
    kpi: Kpi, asked: PlanKpi, report: KpiReport, plan: RunnerPlan, result: RunnerResult
) -> RunKpiStatus:
    if report.reason:
        ended_early = report.reason == "NotMeasured" and result.outcome != "Measured"
        return _as_before(kpi, asked, plan, result.outcome if ended_early else report.reason)
    try:
        counts = counts_in(asked, report.counts)
        if asked.start and asked.start.counts:
            _check_goes_on(asked.start, report, added(counts_in(asked, asked.start.counts), counts))
    except CountsError as error:
        raise ContradictionError(f"KPI {kpi.name}: {error}") from error
    if not asked.of_rows and not (asked.start and report.counts == asked.start.counts):
        problem = lag.problem(asked, result.delay_of(asked), counts)
        if problem:
            raise ContradictionError(f"KPI {asked.name} has counts of a load, {problem}")
    verdict = judged(asked, counts, plan, asked.start.windows if asked.start else result.windows)
    if verdict.verdict[0] != report.verdict:
        raise ContradictionError(
            f"KPI {kpi.name} is reported as {report.verdict}, but its counts say {verdict.verdict}"
        )
    return _shown(kpi, asked, counts, verdict, plan)


def _check_goes_on(start: PlanStart, report: KpiReport, more: Counts) -> None:
    """Raise CountsError where more was counted for a KPI that had its verdict."""
    if start.verdict != "I" and report.counts != start.counts:
        raise CountsError(f"it had its verdict, but {more} was counted on top")


def _as_before(kpi: Kpi, asked: PlanKpi, plan: RunnerPlan, reason: str) -> RunKpiStatus:
    """Return what is shown of a KPI that was not measured: what it began with, if it did.

    Where rows are answered at random, counts of an exam say nothing.
    """
    start = asked.start
    if start is None or not start.counts or reason == "NotDeterministic":
        return _without_counts(kpi, reason).model_copy(update={"repeats": _repeats(asked)})
    counts = counts_in(asked, start.counts)
    shown = _shown(kpi, asked, counts, judged(asked, counts, plan, start.windows), plan)
    return shown.model_copy(update={"reason": reason}) if start.verdict == "I" else shown


def _shown(
    kpi: Kpi, asked: PlanKpi, counts: Counts, verdict: Verdict, plan: RunnerPlan
) -> RunKpiStatus:
    shown = shown_of(kpi, counts, verdict, hypotheses(asked, plan))
    return shown.model_copy(update={"repeats": _repeats(asked)})


def _repeats(asked: PlanKpi) -> list[int] | None:
    return None if asked.repeats is None else list(asked.repeats)


def hypotheses(asked: PlanKpi, plan: RunnerPlan) -> str | None:
    """Return what was tested against what; None for rows, and where nothing is."""
    if asked.of_rows or asked.is_shown:
        return None
    return load_objective(asked, plan.judgement).describe()


def shown_of(kpi: Kpi, counts: Counts, verdict: Verdict, tested: str | None) -> RunKpiStatus:
    """Return what is shown of a KPI that was measured."""
    low, high = interval(kpi, counts, verdict)
    return RunKpiStatus(
        name=kpi.name,
        verdict=verdict.verdict,
        reason=verdict.reason or None,
        value=value_text(kpi, counts, verdict),
        baseline=baseline_text(kpi, counts, verdict),
        objective=objective_text(kpi),
        low=low,
        high=high,
        samples=verdict.samples,
        effective_samples=verdict.effective_samples,
        independence_assumed=verdict.independence_assumed,
        hypotheses=tested,
        evidence=list(counts.to_ints()),
    )


def _without_counts(kpi: Kpi, reason: str) -> RunKpiStatus:
    return RunKpiStatus(
        name=kpi.name, verdict="Inconclusive", reason=reason, objective=objective_text(kpi)
    )


def not_applicable(kpi: Kpi) -> RunKpiStatus:
    """Return what is shown of a KPI versus stable where there is no stable version."""
    return RunKpiStatus(
        name=kpi.name,
        verdict="NotApplicable",
        reason="FirstVersion",
        objective=objective_text(kpi),
    )
