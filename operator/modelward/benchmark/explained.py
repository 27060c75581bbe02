"""Why a run came to its verdicts, in words: from the evidence in its status, computed again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from modelward.api.benchmarkrun import BenchmarkRun, RunKpiStatus
from modelward.api.metrics import TIME_METRICS
from modelward.api.modeldeployment import Kpi
from modelward.api.values import format_percent
from modelward.benchmark.bounds import CountsError
from modelward.benchmark.contract import PlanJudgement, PlanKpi, RunnerPlan
from modelward.benchmark.counts import Counts
from modelward.benchmark.figures import objective_text
from modelward.benchmark.jobs import is_value, question, value_holds
from modelward.benchmark.judging import counts_in, judged
from modelward.benchmark.plan import PlanError, runner_plan
from modelward.benchmark.repeated import differing, with_repeats
from modelward.benchmark.seen import all_read, dispersion_of, of_rows, seen
from modelward.benchmark.words import advice
from modelward.judge import CALIBRATION_WINDOWS, UNMEASURED, Verdict
from modelward.judge.objectives import rate_objective

_OVERWHELMING = Decimal(1_000_000)


@dataclass(frozen=True)
class Explanation:
    """Why one KPI has its verdict."""

    name: str
    verdict: str
    reason: str | None
    objective: str
    sentences: tuple[str, ...]
    promote_odds: str | None = None
    """What the evidence for promotion is worth: `23 to 1`."""
    rollback_odds: str | None = None
    """What that for rollback is worth."""
    agrees: bool = True
    """False where the verdict does not follow from the evidence beside it."""


def explain(run: BenchmarkRun) -> tuple[Explanation, ...]:
    """Explain all KPIs in a run's status. Raises PlanError for a spec that can't be measured."""
    plan = runner_plan(run, 1, seconds_left=1)
    declared = {kpi.name: kpi for kpi in run.spec.kpis}
    asked = {kpi.name: kpi for kpi in plan.kpis}
    asked |= {kpi.name: question(kpi) for kpi in run.spec.job_kpis if not is_value(kpi)}
    failed = [kpi.name for kpi in run.status.kpis if _is_gate_that_failed(kpi, declared)]
    found = []
    for shown in run.status.kpis:
        if shown.name not in declared:
            raise PlanError(f"status.kpis: {shown.name} is not among spec.kpis")
        kpi, question_asked = declared[shown.name], asked.get(shown.name)
        found.append(_explained(kpi, question_asked, shown, plan, failed))
    return tuple(found)


def _is_gate_that_failed(shown: RunKpiStatus, declared: Mapping[str, Kpi]) -> bool:
    kpi = declared.get(shown.name)
    return shown.verdict == "Fail" and kpi is not None and kpi.effect == "gate"


def _explained(
    kpi: Kpi,
    asked: PlanKpi | None,
    shown: RunKpiStatus,
    plan: RunnerPlan,
    failed: Sequence[str],
) -> Explanation:
    objective = objective_text(kpi)
    plain = Explanation(shown.name, shown.verdict, shown.reason, objective, ())
    if is_value(kpi) and shown.value:
        return _of_value(kpi, shown.value, plain)
    if asked is None and not is_value(kpi):
        why = "There was no stable version to compare it with: this was the first one."
        return replace(plain, sentences=(why,))
    if asked is None or not shown.evidence:
        told = _unmeasured(kpi, shown, failed)
        return replace(plain, sentences=(told,), agrees=shown.verdict not in _DECIDED)
    windows = 0 if shown.independence_assumed else CALIBRATION_WINDOWS
    asked = with_repeats(asked, shown)
    try:
        counts = counts_in(asked, tuple(shown.evidence))
    except CountsError as error:
        return replace(plain, sentences=(f"Its evidence is none: {error}.",), agrees=False)
    verdict = judged(asked, counts, plan, windows)
    sentences = [*_sampled(kpi, asked), *seen(counts, kpi, shown)]
    sentences += _weighed(verdict, kpi, asked, plan.judgement, counts)
    sentences += _noted(counts, verdict, shown, of_job=kpi.job is not None)
    agrees = verdict.verdict == shown.verdict
    if not agrees:
        sentences.append(f"The verdict shown does not follow: the evidence says {verdict.verdict}.")
    return replace(
        plain,
        sentences=tuple(sentences),
        promote_odds=odds(verdict.evidence.promote) if verdict.evidence else None,
        rollback_odds=odds(verdict.evidence.rollback) if verdict.evidence else None,
        agrees=agrees,
    )


def _of_value(kpi: Kpi, value: str, plain: Explanation) -> Explanation:
    """Explain a value that a job gave."""
    job = kpi.job.name if kpi.job else ""
    found = "Pass" if value_holds(kpi, value) else "Fail"
    sentences = [f"Job {job} measured {value}, which is compared with the limit exactly."]
    agrees = found == plain.verdict
    if not agrees:
        sentences.append(f"The verdict shown does not follow: the value says {found}.")
    return replace(plain, sentences=tuple(sentences), agrees=agrees)


_DECIDED = ("Pass", "Fail")


def _sampled(kpi: Kpi, asked: PlanKpi) -> Iterator[str]:
    """Say where rows of a declared exam were judged as a sample, and why."""
    if asked.repeats:
        why = differing(kpi, asked.repeats)
        yield f"{_capital(why)}; so its rows were judged as a sample, drawn again and again."


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def odds(logarithm: Decimal) -> str:
    """Return what evidence is worth, from its natural logarithm: 3.00 is `20 to 1`."""
    if logarithm.is_infinite():
        return "certain" if logarithm > 0 else "none"
    worth = logarithm.exp()
    if worth > _OVERWHELMING:
        return "more than 1,000,000 to 1"
    if worth < 1:
        return "none"
    return f"{worth:,.0f} to 1" if worth >= 10 else f"{worth:.1f} to 1"


def _unmeasured(kpi: Kpi, shown: RunKpiStatus, failed: Sequence[str]) -> str:
    """Say why there are no counts. A gate that fails ends the benchmark; jobs come before it."""
    if shown.verdict in _DECIDED:
        return f"There is no evidence for {shown.verdict}."
    reason = shown.reason or "NotMeasured"
    if failed and reason == "NotMeasured" and kpi.job is None:
        return f"Not measured to the end: {' and '.join(failed)} failed, which ends a benchmark."
    return f"{_capital(advice(kpi, reason, shown.repeats))}."


def _weighed(
    verdict: Verdict, kpi: Kpi, asked: PlanKpi, judgement: PlanJudgement, counts: Counts
) -> Iterator[str]:
    """Say what it is worth."""
    if all_read(counts):
        yield "All rows were read, so that this is exact: the rows are the requirement."
        return
    if verdict.reason in ("Uncalibrated", "NotJudged"):
        yield f"No verdict: {advice(kpi, verdict.reason)}."
        return
    better, worse = _questions(asked, judgement)
    if verdict.evidence is None:
        yield from _without_odds(verdict, better, worse, judgement)
        return
    promote = _against(verdict.evidence.promote, better, judgement.false_promotion)
    rollback = _against(verdict.evidence.rollback, worse, judgement.false_rollback)
    match verdict.verdict:
        case "Pass":
            yield f"{promote}, falsePromotion); so it passes."
        case "Fail":
            yield f"{rollback}, this gate's falseRollback); so it fails."
        case _:
            yield f"{promote}), not enough to pass."
            yield f"{rollback}), not enough to fail."
            yield "So there is no verdict: more requests would bring one."


def _questions(asked: PlanKpi, judgement: PlanJudgement) -> tuple[str, str]:
    """Return what promotion and rollback speak against."""
    if asked.is_compared_latency:
        return (
            "as slow as stable and the margin, or slower",
            "no slower than stable and the margin",
        )
    if asked.relative:
        times = f"{float(1 + asked.limit):g} times the error rate of stable"
        return f"at least {times}", f"at most {times}"
    if asked.versus:
        margin = f"{float(asked.limit * 100):g}pp"
        return f"{margin} worse than stable, or more", f"no more than {margin} worse than stable"
    if asked.of_rows:
        limit = format_percent(asked.limit, 6)
        if asked.row_kind == "classes":
            return f"{asked.metric} below {limit}", f"{asked.metric} of {limit} or more"
        return f"fewer than {limit} right", f"{limit} right or more"
    objective = rate_objective(asked, judgement)
    slow = "requests beyond the limit" if asked.metric in TIME_METRICS else "failed requests"
    null = format_percent(objective.rollback.null, 6)
    beyond = "requests beyond expected" if objective.two_counts else slow
    return (
        f"{format_percent(objective.promote.null, 6)} {slow} or more",
        f"{null} {beyond} or fewer",
    )


def _against(logarithm: Decimal, what: str, alpha: Fraction) -> str:
    needed = f"{float(1 / alpha):,.3g} to 1 is needed"
    found = odds(logarithm)
    if found == "certain":
        return f'Certain against "{what}": what was not read can\'t change it ({needed}'
    if found == "none":
        return f'Nothing speaks against "{what}" ({needed}'
    return f'The evidence is {found} against "{what}" ({needed}'


def _without_odds(
    verdict: Verdict, better: str, worse: str, judgement: PlanJudgement
) -> Iterator[str]:
    """Say it where a test tells no odds, only an interval."""
    match verdict.verdict:
        case "Pass":
            yield f'At {float(1 / judgement.false_promotion):,.3g} to 1 it is not "{better}".'
        case "Fail":
            yield f'At {float(1 / judgement.false_rollback):,.3g} to 1 it is not "{worse}".'
        case _:
            yield f'Neither "{better}" nor "{worse}" is excluded: more requests would decide it.'


def _noted(counts: Counts, verdict: Verdict, shown: RunKpiStatus, *, of_job: bool) -> Iterator[str]:
    """Say what it rests on."""
    if shown.low and shown.high:
        kind = "In traffic that these rows stand for" if of_rows(counts) else "Interval"
        yield f"{kind}: {shown.low} to {shown.high}."
    phi = dispersion_of(counts)
    if phi > 100 and verdict.samples:
        told = "slowness and errors come in stretches"
        if phi == UNMEASURED:
            told = "calibration saw too few bad requests to measure it, so that it is assumed"
        yield (
            f"{verdict.samples:,} requests count as {verdict.effective_samples:,} independent "
            f"ones (dispersion {phi / 100:g}): {told}."
        )
    if verdict.independence_assumed and of_job:
        yield "The job did not say how its bad requests clump: that dispersion is assumed."
    elif verdict.independence_assumed:
        yield "Independent requests are assumed: there were fewer than 60 windows to calibrate on."
