"""What a run goes on from: the evidence of an Inconclusive run of the same question.

Going on is looking longer at the same stream, so the error probabilities hold. That is so only if
nothing but the length differs: the same revision, rows, KPIs and error probabilities, which is
demanded, and for KPIs under load the same load, without which they begin anew.
"""

from collections.abc import Iterable

from modelward.api.benchmarkrun import (
    Baseline,
    BenchmarkRun,
    BenchmarkRunSpec,
    RunKpiStatus,
)
from modelward.api.jobs import Job
from modelward.api.values import parse_rate
from modelward.benchmark.bounds import MAX_REQUESTS, CountsError
from modelward.benchmark.contract import Letter, PlanKpi, PlanStart, RunnerPlan
from modelward.benchmark.counts import ClassCounts, ExamCounts, PairedExamCounts
from modelward.benchmark.judging import counts_in, judged
from modelward.benchmark.plan import PlanError, Starts, runner_plan
from modelward.benchmark.repeated import with_repeats
from modelward.benchmark.snapshot import RunSnapshot
from modelward.judge import CALIBRATION_WINDOWS

_LETTERS: dict[str, Letter] = {"Pass": "P", "Fail": "F", "Inconclusive": "I"}


def waits_for_another(snapshot: RunSnapshot) -> bool:
    """Tell whether the run that is gone on from has not finished."""
    other, run = snapshot.continued, snapshot.run
    if run.spec.continues is None or other is None or other.metadata.uid == run.metadata.uid:
        return False
    return other.status.phase != "Finished"


def starts(snapshot: RunSnapshot) -> Starts:
    """Return what each KPI of a run goes on from; nothing for those that begin anew.

    Anew begin those without counts, those under load that were not calibrated to the end or had
    another load, and rows of which two KPIs know different numbers. That answers differ when rows
    are asked twice stays known: what was counted as a sample goes on as one. Raises PlanError for a
    run that can't be gone on from, with the reason.
    """
    run = snapshot.run
    if run.spec.continues is None:
        return {}
    other = _checked(run, snapshot.continued)
    shown = {kpi.name: kpi for kpi in other.status.kpis}
    plan = runner_plan(run, 1, seconds_left=1)
    same_load = _load_of(run.spec) == _load_of(other.spec)
    found = {
        kpi.name: start
        for kpi in plan.kpis
        if kpi.name in shown and (kpi.of_rows or same_load)
        if (start := _start(kpi, shown[kpi.name], plan))
    }
    return _without_torn_rows(plan.kpis, found)


def _checked(run: BenchmarkRun, other: BenchmarkRun | None) -> BenchmarkRun:
    """Return the run that is gone on from. Raises PlanError for one that can't be."""
    name = run.spec.continues
    if other is None:
        raise PlanError(
            f"continues: there is no BenchmarkRun {name} in this namespace with the same owner"
        )
    if other.metadata.uid == run.metadata.uid:
        raise PlanError("continues: a run can't go on from itself")
    if other.status.verdict != "Inconclusive":
        raise PlanError(
            f"continues: BenchmarkRun {name} came to {other.status.verdict}; only from an "
            "Inconclusive one a run can go on"
        )
    different = _difference(run.spec, other.spec)
    if different:
        raise PlanError(
            f"continues: {different} differs from that of BenchmarkRun {name}; leave continues "
            "out, and the run begins anew"
        )
    return other


def _difference(spec: BenchmarkRunSpec, other: BenchmarkRunSpec) -> str | None:
    """Name what makes two runs different questions; from where rows were read does not."""
    compared = (
        ("subject", spec.subject, other.subject),
        ("baseline", _asked_of(spec.baseline), _asked_of(other.baseline)),
        ("datasets", _rows_of(spec), _rows_of(other)),
        ("jobs", _run_by(spec), _run_by(other)),
        ("kpis", spec.kpis, other.kpis),
        ("judgement", spec.judgement, other.judgement),
    )
    return next((what for what, ours, theirs in compared if ours != theirs), None)


def _run_by(spec: BenchmarkRunSpec) -> list[Job]:
    """Return the jobs, whatever time they are given."""
    return [job.model_copy(update={"up_to": ""}) for job in spec.jobs]


def _asked_of(baseline: Baseline | None) -> Baseline | None:
    """Return what is compared with; a closed copy is made for each run, under another name."""
    if baseline is None or not baseline.closed:
        return baseline
    return baseline.model_copy(update={"service": ""})


def _rows_of(spec: BenchmarkRunSpec) -> list[tuple[object, ...]]:
    return [
        (data.name, data.rows, data.prediction, data.sha256, data.reading) for data in spec.datasets
    ]


def _load_of(spec: BenchmarkRunSpec) -> tuple[object, ...]:
    """Return what makes a stream of requests: how many a second, how they come, and which."""
    load = spec.load
    rows = load.dataset or spec.datasets[0].name
    return parse_rate(load.rate), load.arrivals, load.concurrency, rows


def _start(asked: PlanKpi, shown: RunKpiStatus, plan: RunnerPlan) -> PlanStart | None:
    """Return what a KPI goes on from. Its verdict is computed again: nothing is taken on trust."""
    asked = with_repeats(asked, shown)
    if not shown.evidence or shown.verdict not in _LETTERS or asked.is_shown:
        return asked.start
    if not asked.of_rows and (shown.independence_assumed or not shown.samples):
        return None
    windows = 0 if asked.of_rows else CALIBRATION_WINDOWS
    try:
        counts = counts_in(asked, tuple(shown.evidence))
        verdict = judged(asked, counts, plan, windows)
    except CountsError as error:
        raise PlanError(f"continues: the evidence about {asked.name} is none: {error}") from error
    if verdict.verdict != shown.verdict:
        raise PlanError(
            f"continues: {asked.name} is shown as {shown.verdict}, but its evidence says "
            f"{verdict.verdict}"
        )
    _check_budget(asked, shown.samples or 0, plan)
    return PlanStart(
        verdict=_LETTERS[verdict.verdict],
        windows=windows,
        counts=tuple(shown.evidence),
        repeats=asked.repeats,
    )


def _check_budget(asked: PlanKpi, requests: int, plan: RunnerPlan) -> None:
    if plan.load is None or asked.of_rows:
        return
    if requests + plan.load.rate * plan.load.for_seconds > MAX_REQUESTS:
        raise PlanError(
            f"continues: {asked.name} rests on {requests} requests, and with this load on more "
            f"than {MAX_REQUESTS}: lower load.for"
        )


def _without_torn_rows(kpis: Iterable[PlanKpi], found: Starts) -> Starts:
    """Leave out counts of rows of which undecided KPIs know different numbers: they are anew."""
    known = [kpi.model_copy(update={"start": found.get(kpi.name)}) for kpi in kpis]
    read: dict[tuple[str | None, bool], set[int]] = {}
    for kpi in filter(_asks_rows, known):
        read.setdefault((kpi.dataset, kpi.is_sample), set()).add(_rows_read(kpi))
    torn = {rows for rows, numbers in read.items() if len(numbers) > 1}
    kept = {
        kpi.name: _only_repeats(kpi)
        if _asks_rows(kpi) and (kpi.dataset, kpi.is_sample) in torn
        else kpi.start
        for kpi in known
    }
    return {name: start for name, start in kept.items() if start}


def _asks_rows(kpi: PlanKpi) -> bool:
    undecided = kpi.start is None or kpi.start.verdict == "I"
    return kpi.of_rows and undecided and not kpi.is_unjudgeable


def _only_repeats(kpi: PlanKpi) -> PlanStart | None:
    return kpi.repeats and PlanStart(verdict="I", windows=0, counts=(), repeats=kpi.repeats)


def _rows_read(kpi: PlanKpi) -> int:
    counts = counts_in(kpi, kpi.start.counts) if kpi.start and kpi.start.counts else None
    in_part = ExamCounts | PairedExamCounts | ClassCounts
    return counts.read if isinstance(counts, in_part) else 0
