"""From a BenchmarkRun's spec to the plan of one attempt."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from modelward.api.benchmarkrun import (
    Baseline,
    BenchmarkRun,
    BenchmarkRunSpec,
    RunDataset,
    Subject,
)
from modelward.api.datasets import Rows
from modelward.api.metrics import METRICS
from modelward.api.modeldeployment import Kpi
from modelward.api.values import parse_decimal, parse_rate, seconds_of
from modelward.benchmark.contract import (
    PlanColumns,
    PlanDataset,
    PlanJudgement,
    PlanKpi,
    PlanLoad,
    PlanStart,
    PlanSubject,
    RunnerPlan,
)
from modelward.benchmark.jobs import plan_jobs
from modelward.benchmark.plankpi import PlanWithin
from modelward.judge import MIN_SLICE_ROWS
from modelward.judge.declared import declared
from modelward.judge.objectives import load_objective

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
    _check_sources(spec)
    jobs = plan_jobs(spec)
    sampled = sampled_names(spec.datasets)
    try:
        load = _load(spec)
        plan = RunnerPlan(
            version=1,
            nonce=nonce(run.metadata.uid, attempt),
            subject=_subject(spec.subject, run.metadata.namespace),
            baseline=_subject(spec.baseline, run.metadata.namespace) if spec.baseline else None,
            datasets=tuple(_dataset(data) for data in spec.datasets),
            load=load,
            kpis=tuple(
                plan_kpi(kpi, sampled, (starts or {}).get(kpi.name)) for kpi in spec.applicable_kpis
            ),
            jobs=jobs or None,
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


def _check_sources(spec: BenchmarkRunSpec) -> None:
    if not spec.measured_kpis:
        raise PlanError("kpis: every KPI is versus stable, and there is no baseline to compare")
    if any(kpi.is_live for kpi in spec.applicable_kpis):
        raise PlanError("kpis: one with a prometheus source is measured in a run with live alone")


def _check_limits(plan: RunnerPlan) -> None:
    for kpi in plan.kpis:
        if kpi.rows == "sample" and kpi.row_kind in ("values", "slices"):
            raise PlanError(f"kpis: {kpi.name} is one value of all rows: say rows: exam")
        try:
            if not kpi.of_rows and not kpi.is_shown:
                load_objective(kpi, plan.judgement)
        except ValueError as error:
            raise PlanError(f"kpis: {kpi.name}: {error}") from error


def _seconds_needed(spec: BenchmarkRunSpec, load: PlanLoad | None) -> int:
    """Return the longest that an attempt can take.

    How many rows a data set has is known to the pod alone, so reading rows may take all that is
    left of upTo. So may a file that is no ConfigMap's, a closed loop, whose pace is the server's,
    and jobs, whose images are pulled before the runner begins; the operator keeps each job's time.
    """
    reads = any(_of_rows(kpi) for kpi in spec.applicable_kpis)
    fetches = any(data.config_map is None for data in spec.datasets)
    if reads or fetches or spec.job_kpis or (load and load.concurrency):
        return math.ceil(seconds_of(spec.up_to))
    return math.ceil(_load_seconds(spec, load)) + PREPARATION_SECONDS


def _load_seconds(spec: BenchmarkRunSpec, load: PlanLoad | None) -> Fraction:
    """Return the longest that load on a schedule can take."""
    if load is None:
        return Fraction(0)
    compared = [kpi.is_compared_latency for kpi in spec.applicable_kpis]
    times = (not all(compared)) + COMPARISON_LENGTHS * any(compared)
    return times * load.shape.seconds


def _subject(subject: Subject, namespace: str) -> PlanSubject:
    return PlanSubject(
        url=f"http://{subject.service}.{namespace}.svc:{subject.port}",
        protocol=subject.protocol,
        model_name=subject.model_name,
        options=subject.said or None,
        revision=subject.revision,
        closed=True if isinstance(subject, Baseline) and subject.closed else None,
    )


def _dataset(data: RunDataset) -> PlanDataset:
    claim, columns = data.persistent_volume_claim, data.columns
    file_format = data.file_format
    return PlanDataset(
        name=data.name,
        claim_path=claim.path if claim else None,
        uri=data.uri,
        format=None if file_format == "jsonl" else file_format,
        columns=PlanColumns(**columns.model_dump()) if columns else None,
        size_limit=None if data.config_map else data.size_limit_bytes,
        prediction=data.prediction,
        sha256=data.sha256,
    )


def _load(spec: BenchmarkRunSpec) -> PlanLoad | None:
    if all(_of_rows(kpi) for kpi in spec.applicable_kpis):
        return None
    dataset = spec.load.dataset or next((data.name for data in spec.datasets), None)
    if dataset is None:
        raise PlanError("datasets: declare one, its rows are what load sends")
    return PlanLoad(
        rate=parse_rate(spec.load.rate),
        arrivals="poisson" if spec.load.arrivals == "poisson" else None,
        ramp_from=parse_rate(spec.load.ramp_from) if spec.load.ramp_from else None,
        concurrency=spec.load.concurrency,
        for_seconds=seconds_of(spec.load.for_),
        warm_up_seconds=seconds_of(spec.load.warm_up),
        dataset=dataset,
    )


def sampled_names(datasets: Sequence[Rows]) -> frozenset[str]:
    """Name the data sets whose rows are drawn with replacement."""
    return frozenset(data.name for data in datasets if data.rows == "sample")


def plan_kpi(kpi: Kpi, sampled: frozenset[str], start: PlanStart | None = None) -> PlanKpi:
    """Return a KPI as a benchmark pod is asked for it; `sampled` names data sets.

    Raises ValueError for one without a limit, or with one of the wrong form.
    """
    source, positive = kpi.benchmark, kpi.benchmark.positive_label
    return PlanKpi(
        **vars(declared(kpi)),
        name=kpi.name,
        dataset=source.dataset,
        average=None if source.average == "binary" else source.average,
        positive_label=None if positive is None else str(positive),
        prediction=source.prediction,
        json_schema=source.json_schema,
        worst_slice_of=source.worst_slice_of,
        min_rows=source.min_rows or (MIN_SLICE_ROWS if source.worst_slice_of else None),
        rows="sample" if source.dataset in sampled else None,
        within=PlanWithin.of(source.within) if source.within else None,
        direction=METRICS[source.metric].direction,
        effect=kpi.effect,
        start=start,
    )


def _of_rows(kpi: Kpi) -> bool:
    return METRICS[kpi.benchmark.metric].source == "rows"


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(to_camel(str(part)) for part in first["loc"])
    return f"{place}{': ' if place else ''}{first['msg'].removeprefix('Value error, ')}"
