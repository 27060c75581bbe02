"""KPIs that a user's own image measures: what it is asked, and what its numbers say.

Its counts are judged by the tests of the runner's, so that nobody trusts it with a verdict. Rows
are judged as an exam that was read whole. Requests are tempered by the dispersion that the job
says, and else by an assumed one, which may promote and never rolls back, as everywhere. A value is
compared with its limit, exactly.
"""

from fractions import Fraction

from modelward.api.benchmarkrun import BenchmarkRunSpec
from modelward.api.metrics import METRICS, Metric
from modelward.api.modeldeployment import Kpi
from modelward.api.values import (
    ValueFormError,
    parse_number,
    parse_percent,
    parse_rate,
    seconds_of,
)
from modelward.benchmark.contract import DIGEST_CHARS, PlanKpi, RunnerPlan
from modelward.benchmark.counts import ErrorCounts, ExamCounts, RelativeErrorCounts
from modelward.benchmark.jobcontract import JobResult, Measurement, PlanJob, PlanJobKpi
from modelward.judge import CALIBRATION_WINDOWS, UNMEASURED
from modelward.judge.declared import declared

ASSUMED_DISPERSION = 150
"""Of requests about which a job says nothing more, in hundredths. Not independent ones: errors and
slowness come in stretches."""


class JobResultError(ValueError):
    """A job's result that does not count; `reason` is one word for it."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def read_result(plan: RunnerPlan, job: PlanJob, text: str) -> JobResult:
    """Return what a job's termination message says. Raises JobResultError for one of no use."""
    try:
        result = JobResult.parse(text)
    except ValueError as error:
        raise JobResultError("Malformed", f"job {job.name}: {error}") from error
    if result.nonce != plan.nonce:
        raise JobResultError("WrongNonce", f"job {job.name}: its result is of another attempt")
    if (result.revision, result.job) != (plan.subject.revision, job.name):
        raise JobResultError(
            "WrongRevision",
            f"job {result.job} measured revision {result.revision}, where job {job.name} was to "
            f"measure {plan.subject.revision}",
        )
    asked = {data.name: data.sha256[:DIGEST_CHARS] for data in plan.datasets}
    changed = [name for name, digest in result.datasets.items() if asked.get(name) != digest]
    if changed:
        raise JobResultError(
            "WrongDataset", f"job {job.name}: data set {changed[0]} is not the one of this run"
        )
    _check_kpis(job, result)
    return result


def _check_kpis(job: PlanJob, result: JobResult) -> None:
    measures = {kpi.name: kpi.measures for kpi in job.kpis}
    for name, found in result.kpis.items():
        if name not in measures:
            raise JobResultError("WrongKpis", f"job {job.name} was not asked for KPI {name}")
        if measures[name] != _kind(found):
            raise JobResultError(
                "Malformed",
                f"job {job.name}: KPI {name} measures {measures[name]}, not {_kind(found)}",
            )
    for kpi in job.kpis:
        if kpi.name in result.kpis:
            _check_kpi(job, kpi, result.kpis[kpi.name])


def _check_kpi(job: PlanJob, kpi: PlanJobKpi, found: Measurement) -> None:
    if (kpi.versus is None) != (found.baseline_bad is None):
        what = "baselineBad is missing" if kpi.versus else "baselineBad is not asked for"
        raise JobResultError("Malformed", f"job {job.name}: KPI {kpi.name}: {what}")
    if found.value is not None:
        try:
            _compared(found.value, kpi.at_most or kpi.at_least or "")
        except ValueFormError as error:
            raise JobResultError("Malformed", f"job {job.name}: {error}") from error


def plan_jobs(spec: BenchmarkRunSpec) -> tuple[PlanJob, ...]:
    """Return what each job of a run is asked; those without KPIs are left out."""
    asked: dict[str, list[dict[str, object]]] = {}
    for kpi in spec.job_kpis:
        assert kpi.job
        objective = kpi.objective
        asked.setdefault(kpi.job.name, []).append(
            {
                "name": kpi.name,
                "measures": kpi.job.measures,
                "at_most": objective.at_most,
                "at_least": objective.at_least,
                "expected": objective.expected,
                "versus": objective.versus,
                "worse_by_at_most": objective.worse_by_at_most,
                "unless_below": objective.unless_below,
                "effect": kpi.effect,
            }
        )
    named = ((job.name, asked[job.name]) for job in spec.jobs if job.name in asked)
    return tuple(PlanJob.model_validate({"name": n, "kpis": tuple(kpis)}) for n, kpis in named)


def counts_found(found: Measurement) -> ErrorCounts | RelativeErrorCounts | ExamCounts | None:
    """Return what a job counted as the runner would have; None for a value."""
    if found.requests is not None:
        dispersion, bad = _tempering(found.dispersion), found.bad or 0
        if found.baseline_bad is None:
            return ErrorCounts(dispersion, found.requests, bad)
        shares = _tempering(found.dispersion_of_shares)
        return RelativeErrorCounts(shares, dispersion, found.requests, bad, found.baseline_bad)
    if found.rows is not None:
        return ExamCounts(found.rows, found.rows, found.right or 0)
    return None


def _tempering(dispersion: int | None) -> int:
    """Return a dispersion that a job says; 125 is what stands for none that was measured."""
    said = dispersion or ASSUMED_DISPERSION
    return said + (said == UNMEASURED)


def calibration(kpi: Kpi, found: Measurement) -> int:
    """Return how many windows of calibration stand behind what a job says: all or none.

    None where a dispersion that rollback rests on is only assumed.
    """
    measured = found.dispersion is not None
    if kpi.objective.versus:
        alone = kpi.objective.unless_below is None
        measured = found.dispersion_of_shares is not None and (measured or alone)
    return CALIBRATION_WINDOWS if measured else 0


def is_value(kpi: Kpi) -> bool:
    """Tell whether a job gives a KPI's value, and no counts."""
    return kpi.job is not None and kpi.job.measures == "value"


def metric_of(kpi: Kpi) -> Metric:
    """Return what a KPI's counts are judged as: those of a job as shares of rows or requests."""
    if kpi.job is None:
        return kpi.metric
    return "accuracy" if kpi.job.measures == "rightRows" else "errorRate"


def question(kpi: Kpi) -> PlanKpi:
    """Return the KPI as if the runner had been asked. Only for one of a job that counts."""
    metric = metric_of(kpi)
    return PlanKpi(
        **vars(declared(kpi, metric)),
        name=kpi.name,
        direction=METRICS[metric].direction,
        effect=kpi.effect,
    )


def value_holds(kpi: Kpi, value: str) -> bool:
    """Tell whether a value is within its limit. Raises ValueFormError for one of another unit."""
    limit = kpi.objective.at_most or kpi.objective.at_least or ""
    found, bound = _compared(value, limit)
    return found <= bound if kpi.objective.at_most else found >= bound


def _kind(found: Measurement) -> str:
    if found.rows is not None:
        return "rightRows"
    return "badRequests" if found.requests is not None else "value"


def _compared(value: str, limit: str) -> tuple[Fraction, Fraction]:
    """Return both as numbers of one unit: the limit's."""
    if limit.endswith("%"):
        return parse_percent(value), parse_percent(limit)
    if limit.endswith("/s"):
        return parse_rate(value), parse_rate(limit)
    if limit[-1:].isalpha():
        return seconds_of(value), seconds_of(limit)
    return parse_number(value), parse_number(limit)
