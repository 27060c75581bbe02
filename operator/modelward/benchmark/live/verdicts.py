"""From the counts of live KPIs to what a run's status shows of them."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from modelward.api.benchmarkrun import BenchmarkRun, BenchmarkRunSpec, RunKpiStatus
from modelward.api.kpi import Kpi
from modelward.api.live import LiveStep
from modelward.api.values import format_multiple, format_percent, parse_decimal
from modelward.benchmark.evidence import not_applicable
from modelward.benchmark.figures import objective_text
from modelward.benchmark.live.counting import AnyCounts, counts_from, new_counts
from modelward.benchmark.live.scalars import NOT_MEASURED, Scalar, shown_value
from modelward.judge.declared import Alphas, declared
from modelward.judge.hypotheses import RateObjective
from modelward.judge.live import LiveObjective, live_share_verdict, live_verdict
from modelward.judge.livecounts import LiveShareCounts
from modelward.judge.objectives import Judgement, ordinary_objective
from modelward.judge.paired import PairedObjective
from modelward.judge.verdict import Verdict


def step_of(spec: BenchmarkRunSpec) -> LiveStep:
    """Return the step that a live run judges."""
    if spec.live is None:
        raise ValueError("the run has no step that is judged on users' requests")
    return spec.live


def objective_of(kpi: Kpi, spec: BenchmarkRunSpec) -> LiveObjective:
    """Return the tests of a live KPI.

    Raises ValueError for a limit that no number of requests can prove, for none, and for a KPI that
    is not live.
    """
    if not kpi.is_live:
        raise ValueError(f"{kpi.name} has no prometheus source, and a run with live has no pods")
    judgement = spec.judgement
    alphas = Alphas(
        parse_decimal(judgement.false_promotion), parse_decimal(judgement.false_rollback)
    )
    return live_objective(kpi, alphas)


def live_objective(kpi: Kpi, judgement: Judgement) -> LiveObjective:
    """Return the tests of a live KPI with error probabilities of its own, as in objective_of."""
    found = ordinary_objective(declared(kpi), judgement)
    if isinstance(found, PairedObjective):
        raise ValueError(
            f"{kpi.name}: users' requests are compared by a part of stable's rate, such as 50%"
        )
    return found


def shown(
    run: BenchmarkRun, counts: Mapping[str, AnyCounts], values: Mapping[str, Scalar]
) -> tuple[RunKpiStatus, ...]:
    """Return what is known about each KPI.

    `counts` are those of this run by KPI, `values` what expressions came to, by expression.
    """
    return tuple(_known(kpi, run.spec, counts, values) for kpi in run.spec.kpis)


def _known(
    kpi: Kpi,
    spec: BenchmarkRunSpec,
    counts: Mapping[str, AnyCounts],
    values: Mapping[str, Scalar],
) -> RunKpiStatus:
    if kpi.prometheus and kpi.prometheus.query:
        return shown_value(kpi, values.get(kpi.prometheus.query, NOT_MEASURED))
    return _shown(kpi, spec, counts[kpi.name]) if kpi.name in counts else not_applicable(kpi)


def in_step(kpi: Kpi, spec: BenchmarkRunSpec, own: AnyCounts) -> list[AnyCounts]:
    """Return the counts of each step that has begun, the present one last.

    Raises ValueError for earlier evidence that can't have been counted.
    """
    live = step_of(spec)
    earlier = {
        step.step: counts_from(kpi, found.counts)
        for step in live.earlier
        for found in step.kpis
        if found.name == kpi.name
    }
    steps = [earlier.get(step, new_counts(kpi)) for step in range(live.step + 1)]
    steps[-1] = steps[-1] + own  # type: ignore[operator]
    return steps


def _shown(kpi: Kpi, spec: BenchmarkRunSpec, own: AnyCounts) -> RunKpiStatus:
    objective, now = objective_of(kpi, spec), in_step(kpi, spec, own)[-1]
    verdict = verdict_of(kpi, spec, own)
    measured = verdict.samples > 0
    return RunKpiStatus(
        name=kpi.name,
        verdict=verdict.verdict,
        reason=verdict.reason or None,
        value=None if verdict.value is None else format_percent(verdict.value) + beyond(kpi),
        baseline=None if verdict.baseline is None else format_percent(verdict.baseline),
        objective=objective_text(kpi),
        low=_end(kpi, now, objective, verdict.low) if measured else None,
        high=_end(kpi, now, objective, verdict.high) if measured else None,
        samples=verdict.samples,
        effective_samples=verdict.effective_samples,
        independence_assumed=verdict.independence_assumed,
        hypotheses=objective.describe(),
        evidence=list(own.to_ints()),
    )


def verdict_of(kpi: Kpi, spec: BenchmarkRunSpec, own: AnyCounts) -> Verdict:
    """Return what the counts of this run, and those of earlier ones in its spec, say."""
    steps = in_step(kpi, spec, own)
    return judged(step_of(spec).steps, steps, objective_of(kpi, spec))


def judged(steps: int, counts: Sequence[AnyCounts], objective: LiveObjective) -> Verdict:
    """Return what the counts of each step that has begun say, the present one last."""
    if isinstance(objective, RateObjective):
        rates = [each for each in counts if not isinstance(each, LiveShareCounts)]
        return live_verdict(steps, rates, objective)
    shares = [each for each in counts if isinstance(each, LiveShareCounts)]
    return live_share_verdict(steps, shares, objective)


def beyond(kpi: Kpi) -> str:
    """Return what a share of requests is above, of a latency; nothing where these are errors."""
    return f" above {kpi.objective.at_most}" if kpi.quantile else ""


def _end(kpi: Kpi, counts: AnyCounts, objective: LiveObjective, share: Fraction) -> str | None:
    """Return one end of an interval; versus stable it is about how many times its rate."""
    if not isinstance(counts, LiveShareCounts) or isinstance(objective, RateObjective):
        return format_percent(share) + beyond(kpi)
    if share >= 1:
        return None
    weight = counts.weight(objective.ratio)
    return format_multiple(share / (1 - share) * (1 - weight) / weight)


def undecided(
    kpis: Iterable[RunKpiStatus], reason: str, names: Iterable[str] | None = None
) -> tuple[RunKpiStatus, ...]:
    """Return the KPIs with those without a Fail, or those of these names, as Inconclusive."""
    changed = None if names is None else frozenset(names)
    update = {"verdict": "Inconclusive", "reason": reason}
    return tuple(
        kpi.model_copy(update=update)
        if kpi.verdict in ("Pass", "Inconclusive") and (changed is None or kpi.name in changed)
        else kpi
        for kpi in kpis
    )
