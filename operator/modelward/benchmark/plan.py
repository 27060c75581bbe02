"""From a BenchmarkRun's spec to the plan of one attempt."""

import hashlib
import math
from collections.abc import Mapping
from fractions import Fraction

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from modelward.api.benchmarkrun import Baseline, BenchmarkRun, BenchmarkRunSpec, Subject
from modelward.api.modeldeployment import Kpi
from modelward.api.values import (
    is_relative,
    parse_decimal,
    parse_duration,
    parse_margin,
    parse_percent,
    parse_quantile,
    parse_rate,
    to_seconds,
)
from modelward.benchmark.contract import (
    PlanDataset,
    PlanJudgement,
    PlanKpi,
    PlanLoad,
    PlanStart,
    PlanSubject,
    RunnerPlan,
    is_compared_latency,
)
from modelward.judge import (
    ExamObjective,
    LoadObjective,
    LoadShape,
    PairedObjective,
    QuantileObjective,
    RateObjective,
    RelativeObjective,
    errors_objective,
    latency_objective,
)

PREPARATION_SECONDS = 30
"""For reading data sets, the preflight and waiting for the last answers."""
COMPARISON_LENGTHS = 4
"""How many times as long as ordinary load one is at most that two revisions are sent by turns, each
turn after the answers to the one before."""


Starts = Mapping[str, PlanStart]
"""What KPIs go on from, by name; the others begin with nothing."""


class PlanError(ValueError):
    """A spec that no plan can be made of; the message names the field."""


def nonce(run_uid: str, attempt: int) -> str:
    """Return what the result of this attempt must repeat.

    It follows from the run and the attempt alone, so that a restarted operator finds the same. It
    is no secret: it tells attempts apart, and ties a result to what was asked.
    """
    return hashlib.sha256(f"{run_uid}/{attempt}".encode()).hexdigest()[:16]


def runner_plan(
    run: BenchmarkRun,
    attempt: int,
    seconds_left: int,
    starts: Starts | None = None,
) -> RunnerPlan:
    """Return the plan of an attempt that may take at most `seconds_left` seconds.

    `starts` is what KPIs go on from, by name: see modelward.benchmark.continued. Raises PlanError.
    """
    spec = run.spec
    if not spec.applicable_kpis:
        raise PlanError("kpis: every KPI is versus stable, and there is no baseline to compare")
    try:
        load = _load(spec)
        plan = RunnerPlan(
            version=1,
            nonce=nonce(run.metadata.uid, attempt),
            subject=_subject(spec.subject, run.metadata.namespace),
            baseline=_subject(spec.baseline, run.metadata.namespace) if spec.baseline else None,
            datasets=tuple(
                PlanDataset(name=data.name, prediction=data.prediction, sha256=data.sha256)
                for data in spec.datasets
            ),
            load=load,
            kpis=tuple(
                _kpi(kpi, spec, (starts or {}).get(kpi.name)) for kpi in spec.applicable_kpis
            ),
            judgement=PlanJudgement(
                false_promotion=parse_decimal(spec.judgement.false_promotion),
                false_rollback=parse_decimal(spec.judgement.false_rollback),
            ),
            deadline_seconds=max(1, min(seconds_left, _seconds_needed(spec, load))),
        )
        _check_limits(plan)
    except ValidationError as error:
        raise PlanError(_first_problem(error)) from error
    except PlanError:
        raise
    except ValueError as error:
        raise PlanError(str(error)) from error
    return plan


def _check_limits(plan: RunnerPlan) -> None:
    for kpi in plan.kpis:
        try:
            if kpi.metric != "accuracy":
                load_objective(kpi, plan.judgement)
        except ValueError as error:
            raise PlanError(f"kpis: {kpi.name}: {error}") from error


def load_objective(kpi: PlanKpi, judgement: PlanJudgement) -> LoadObjective | QuantileObjective:
    """Return the tests of a KPI that is measured under load.

    Raises ValueError for a limit that no number of requests can prove.
    """
    if is_compared_latency(kpi):
        return quantile_objective(kpi, judgement)
    return ordinary_objective(kpi, judgement)


def ordinary_objective(kpi: PlanKpi, judgement: PlanJudgement) -> LoadObjective:
    """Return the tests of a KPI whose load needs no copy of stable. Raises ValueError."""
    if kpi.relative:
        return relative_objective(kpi, judgement)
    if kpi.versus:
        return paired_objective(kpi, judgement)
    return rate_objective(kpi, judgement)


def paired_objective(kpi: PlanKpi, judgement: PlanJudgement) -> PairedObjective:
    """Return the tests of an error rate that is compared with that of stable.

    Raises ValueError for a margin that no number of requests can prove, and for other metrics.
    """
    if kpi.metric != "errorRate":
        raise ValueError(f"{kpi.metric} can't be compared with stable under load")
    return PairedObjective(kpi.limit, judgement.false_promotion, judgement.false_rollback)


def relative_objective(kpi: PlanKpi, judgement: PlanJudgement) -> RelativeObjective:
    """Return the tests of an error rate that is compared with a multiple of that of stable.

    Raises ValueError for other metrics.
    """
    if kpi.metric != "errorRate":
        raise ValueError(f"{kpi.metric} can't be a multiple of that of stable")
    return RelativeObjective(
        1 + kpi.limit, judgement.false_promotion, judgement.false_rollback, kpi.unless_below
    )


def quantile_objective(kpi: PlanKpi, judgement: PlanJudgement) -> QuantileObjective:
    """Return the tests of a latency that is compared with that of stable.

    Raises ValueError for a margin that no number of requests can prove.
    """
    if kpi.quantile is None:
        raise ValueError("latency needs a quantile, such as p95")
    return QuantileObjective(
        kpi.quantile,
        kpi.limit,
        kpi.relative is True,
        judgement.false_promotion,
        judgement.false_rollback,
    )


def exam_objective(kpi: PlanKpi, judgement: PlanJudgement) -> ExamObjective:
    """Return what an exam is judged by, and how sure a verdict is that has not read all rows."""
    return ExamObjective(kpi.limit, judgement.false_promotion, judgement.false_rollback)


def rate_objective(kpi: PlanKpi, judgement: PlanJudgement) -> RateObjective:
    """Return the tests of a KPI with a limit of its own.

    Raises ValueError for a limit that no number of requests can prove.
    """
    alphas = (judgement.false_promotion, judgement.false_rollback)
    if kpi.metric == "errorRate":
        return errors_objective(kpi.limit, kpi.expected, *alphas)
    if kpi.quantile is None:
        raise ValueError("latency needs a quantile, such as p95")
    return latency_objective(kpi.quantile, kpi.expected is not None, *alphas)


def _seconds_needed(spec: BenchmarkRunSpec, load: PlanLoad | None) -> int:
    """Return the longest that an attempt can take.

    How many rows a data set has is known to the pod alone, so reading rows may take all that is
    left of upTo.
    """
    if any(kpi.benchmark.metric == "accuracy" for kpi in spec.applicable_kpis):
        return math.ceil(to_seconds(parse_duration(spec.up_to)))
    if load is None:
        return PREPARATION_SECONDS
    shape = LoadShape.of(load.rate, load.for_seconds, load.warm_up_seconds)
    compared = [_is_compared(kpi) for kpi in spec.applicable_kpis]
    times = (not all(compared)) + COMPARISON_LENGTHS * any(compared)
    return math.ceil(times * shape.seconds) + PREPARATION_SECONDS


def _is_compared(kpi: Kpi) -> bool:
    return kpi.benchmark.metric == "latency" and kpi.objective.versus is not None


def _subject(subject: Subject, namespace: str) -> PlanSubject:
    return PlanSubject(
        url=f"http://{subject.service}.{namespace}.svc:{subject.port}",
        protocol=subject.protocol,
        model_name=subject.model_name,
        path=subject.path,
        revision=subject.revision,
        closed=True if isinstance(subject, Baseline) and subject.closed else None,
    )


def _load(spec: BenchmarkRunSpec) -> PlanLoad | None:
    if all(kpi.benchmark.metric == "accuracy" for kpi in spec.applicable_kpis):
        return None
    dataset = spec.load.dataset or next((data.name for data in spec.datasets), None)
    if dataset is None:
        raise PlanError("datasets: declare one, its rows are what load sends")
    return PlanLoad(
        rate=parse_rate(spec.load.rate),
        for_seconds=_seconds(spec.load.for_),
        warm_up_seconds=_seconds(spec.load.warm_up),
        dataset=dataset,
    )


def _kpi(kpi: Kpi, spec: BenchmarkRunSpec, start: PlanStart | None) -> PlanKpi:
    read = _seconds if kpi.benchmark.metric == "latency" else parse_percent
    expected, quantile = kpi.objective.expected, kpi.benchmark.quantile
    unless_below = kpi.objective.unless_below
    at_least = kpi.objective.at_least or kpi.benchmark.metric == "accuracy"
    sampled = {data.name for data in spec.datasets if data.rows == "sample"}
    return PlanKpi(
        name=kpi.name,
        metric=kpi.benchmark.metric,
        dataset=kpi.benchmark.dataset,
        rows="sample" if kpi.benchmark.dataset in sampled else None,
        quantile=parse_quantile(quantile) if quantile else None,
        limit=_limit(kpi),
        versus=kpi.objective.versus,
        relative=True if is_relative(kpi.objective.worse_by_at_most or "") else None,
        unless_below=parse_percent(unless_below) if unless_below else None,
        expected=read(expected) if expected else None,
        direction="atLeast" if at_least else "atMost",
        effect=kpi.effect,
        start=start,
    )


def _limit(kpi: Kpi) -> Fraction:
    objective = kpi.objective
    if objective.versus:
        if objective.worse_by_at_most is None:
            raise PlanError(f"kpis: {kpi.name} is versus stable, say worseByAtMost")
        return parse_margin(objective.worse_by_at_most)
    limit = objective.at_least or objective.at_most
    if limit is None:
        raise PlanError(f"kpis: {kpi.name} has no limit, say atLeast or atMost")
    return (_seconds if kpi.benchmark.metric == "latency" else parse_percent)(limit)


def _seconds(duration: str) -> Fraction:
    return to_seconds(parse_duration(duration))


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(to_camel(str(part)) for part in first["loc"])
    return f"{place}{': ' if place else ''}{first['msg'].removeprefix('Value error, ')}"
