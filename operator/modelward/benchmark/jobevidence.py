"""From what jobs counted to what a BenchmarkRun's status shows of their KPIs."""

from collections.abc import Iterable

from modelward.api.benchmarkrun import BenchmarkRunSpec, RunKpiStatus
from modelward.api.modeldeployment import Kpi
from modelward.benchmark.contract import RunnerPlan, RunnerResult
from modelward.benchmark.evidence import hypotheses, shown_of
from modelward.benchmark.figures import objective_text
from modelward.benchmark.jobcontract import JobResult, Measurement
from modelward.benchmark.jobs import calibration, counts_found, question, value_holds
from modelward.benchmark.judging import judged


def with_jobs(
    spec: BenchmarkRunSpec,
    shown: tuple[RunKpiStatus, ...],
    plan: RunnerPlan,
    result: RunnerResult,
    jobs: Iterable[JobResult],
) -> tuple[RunKpiStatus, ...]:
    """Return what is shown of all KPIs, with what jobs found.

    Where the runner could reach nobody a job's findings say nothing about the model either.
    """
    if result.outcome != "Measured":
        return shown
    kpis = {kpi.name: kpi for kpi in spec.job_kpis}
    found = {
        name: _of_job(kpis[name], each, plan) for job in jobs for name, each in job.kpis.items()
    }
    return tuple(found.get(status.name, status) for status in shown)


def _of_job(kpi: Kpi, found: Measurement, plan: RunnerPlan) -> RunKpiStatus:
    counts = counts_found(found)
    if counts is None:
        return _of_value(kpi, found.value or "")
    asked = question(kpi)
    verdict = judged(asked, counts, plan, calibration(kpi, found))
    return shown_of(kpi, counts, verdict, hypotheses(asked, plan))


def _of_value(kpi: Kpi, value: str) -> RunKpiStatus:
    holds = value_holds(kpi, value)
    worse = "BelowLimit" if kpi.objective.at_least else "BeyondLimit"
    return RunKpiStatus(
        name=kpi.name,
        verdict="Pass" if holds else "Fail",
        reason=None if holds else worse,
        value=value,
        objective=objective_text(kpi),
    )
