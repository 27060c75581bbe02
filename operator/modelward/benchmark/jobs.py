"""KPIs that a user's own image measures: what it is asked, and what its numbers say.

Its counts are judged by the tests of the runner's, so that nobody trusts it with a verdict. Rows
are judged as an exam that was read whole. Requests are tempered by the dispersion that the job
says, and else by an assumed one, which the status tells. A value is compared with its limit,
exactly.
"""

from fractions import Fraction

from modelward.api.benchmarkrun import BenchmarkRunSpec
from modelward.api.metrics import METRICS, Metric
from modelward.api.modeldeployment import Kpi
from modelward.api.values import (
    ValueFormError,
    parse_duration,
    parse_number,
    parse_percent,
    parse_rate,
    to_seconds,
)
from modelward.benchmark.contract import DIGEST_CHARS, PlanKpi, RunnerPlan
from modelward.benchmark.counts import ErrorCounts, ExamCounts
from modelward.benchmark.jobcontract import JobResult, Measurement, PlanJob
from modelward.judge import CALIBRATION_WINDOWS, UNMEASURED

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
        value = result.kpis[kpi.name].value if kpi.name in result.kpis else None
        if value is not None:
            try:
                _compared(value, kpi.at_most or kpi.at_least or "")
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
                "effect": kpi.effect,
            }
        )
    named = ((job.name, asked[job.name]) for job in spec.jobs if job.name in asked)
    return tuple(PlanJob.model_validate({"name": n, "kpis": tuple(kpis)}) for n, kpis in named)


def counts_found(found: Measurement) -> ErrorCounts | ExamCounts | None:
    """Return what a job counted as the runner would have; None for a value."""
    if found.requests is not None:
        dispersion = found.dispersion or ASSUMED_DISPERSION
        dispersion += dispersion == UNMEASURED  # which stands for none that was measured
        return ErrorCounts(dispersion, found.requests, found.bad or 0)
    if found.rows is not None:
        return ExamCounts(found.rows, found.rows, found.right or 0)
    return None


def calibration(found: Measurement) -> int:
    """Return how many windows of calibration a job's dispersion stands for: all or none."""
    return CALIBRATION_WINDOWS if found.dispersion else 0


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
    objective, metric = kpi.objective, metric_of(kpi)
    return PlanKpi(
        name=kpi.name,
        metric=metric,
        limit=parse_percent(objective.at_most or objective.at_least or ""),
        expected=parse_percent(objective.expected) if objective.expected else None,
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
        return to_seconds(parse_duration(value)), to_seconds(parse_duration(limit))
    return parse_number(value), parse_number(limit)
