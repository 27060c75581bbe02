"""Why a run came to its verdicts, in words: from the evidence in its status, computed again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from modelward.api.benchmarkrun import BenchmarkRun, RunKpiStatus
from modelward.api.modeldeployment import Kpi
from modelward.api.values import format_duration, format_percent
from modelward.benchmark.bounds import CountsError
from modelward.benchmark.comparedcounts import ComparedLatencyCounts
from modelward.benchmark.contract import PlanJudgement, PlanKpi, RunnerPlan, is_compared_latency
from modelward.benchmark.counts import (
    Counts,
    ErrorCounts,
    ExamCounts,
    LatencyCounts,
    PairedErrorCounts,
    PairedExamCounts,
    RelativeErrorCounts,
)
from modelward.benchmark.evidence import counts_in, judged, objective_text
from modelward.benchmark.plan import PlanError, rate_objective, runner_plan
from modelward.benchmark.words import advice
from modelward.judge import CALIBRATION_WINDOWS, UNMEASURED, Verdict

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
    found = []
    for shown in run.status.kpis:
        if shown.name not in declared:
            raise PlanError(f"status.kpis: {shown.name} is not among spec.kpis")
        found.append(_explained(declared[shown.name], asked.get(shown.name), shown, plan))
    return tuple(found)


def _explained(
    kpi: Kpi, asked: PlanKpi | None, shown: RunKpiStatus, plan: RunnerPlan
) -> Explanation:
    objective = objective_text(kpi)
    plain = Explanation(shown.name, shown.verdict, shown.reason, objective, ())
    if asked is None:
        why = "There was no stable version to compare it with: this was the first one."
        return replace(plain, sentences=(why,))
    if not shown.evidence:
        return replace(plain, sentences=(_unmeasured(shown),), agrees=shown.verdict not in _DECIDED)
    windows = 0 if shown.independence_assumed else CALIBRATION_WINDOWS
    try:
        counts = counts_in(asked, tuple(shown.evidence))
    except CountsError as error:
        return replace(plain, sentences=(f"Its evidence is none: {error}.",), agrees=False)
    verdict = judged(asked, counts, plan, windows)
    sentences = [*_counted(counts, kpi), *_weighed(verdict, asked, plan.judgement, counts)]
    sentences += _noted(counts, verdict, shown)
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


_DECIDED = ("Pass", "Fail")


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


def _unmeasured(shown: RunKpiStatus) -> str:
    told = advice(shown.reason or "NotMeasured")
    if shown.verdict in _DECIDED:
        return f"There is no evidence for {shown.verdict}."
    return f"{told[:1].upper()}{told[1:]}."


def _counted(counts: Counts, kpi: Kpi) -> Iterator[str]:
    """Say what was seen."""
    limit = kpi.objective.at_most
    match counts:
        case PairedExamCounts():
            won = counts.correct - counts.baseline + counts.lost
            yield (
                f"{counts.correct:,} of {_rows(counts)} were answered as expected, by stable "
                f"{counts.baseline:,}: {counts.lost:,} rows were lost and {won:,} won."
            )
        case ExamCounts():
            told = f"{counts.correct:,} of {_rows(counts)} were answered as expected"
            yield f"{told} ({_part(counts.correct, counts.read)})."
        case PairedErrorCounts():
            yield (
                f"Of {counts.requests:,} pairs of requests {counts.lost:,} failed for this version "
                f"alone, {counts.won:,} for stable alone and {counts.both:,} for both, which "
                "cancels."
            )
        case RelativeErrorCounts():
            yield (
                f"Of {counts.requests:,} requests to each, {counts.bad:,} failed for this version "
                f"and {counts.baseline_bad:,} for stable."
            )
        case ComparedLatencyCounts():
            yield _pairs(counts, kpi)
        case LatencyCounts():
            told = f"{counts.beyond_limit:,} of {counts.requests:,} requests took longer than"
            more = ""
            if counts.beyond_expected is not None:
                more = f", {counts.beyond_expected:,} longer than {kpi.objective.expected}"
            yield f"{told} {limit}{more}."
        case ErrorCounts():
            told = f"{counts.bad:,} of {counts.requests:,} requests failed"
            yield f"{told} ({_part(counts.bad, counts.requests)})."


def _pairs(counts: ComparedLatencyCounts, kpi: Kpi) -> str:
    stables = format_duration(Fraction(counts.threshold_micros, 1_000_000))
    level = format_percent(Fraction(counts.won + counts.both, counts.requests or 1))
    return (
        f"Stable's {kpi.benchmark.quantile} was {stables} in the calibration. Of "
        f"{counts.requests:,} pairs of requests {counts.lost:,} took longer than that and the "
        f"margin for this version alone, {counts.won:,} longer than that for stable alone and "
        f"{counts.both:,} for both, which cancels; {level} of stable's did."
    )


def _part(some: int, total: int) -> str:
    return format_percent(Fraction(some, total)) if total else "none"


def _rows(counts: ExamCounts | PairedExamCounts) -> str:
    if counts.sampled:
        return f"{counts.read:,} draws from {counts.rows:,} rows"
    if counts.read == counts.rows:
        return f"all {counts.rows:,} rows"
    return f"{counts.read:,} rows read of {counts.rows:,}"


def _weighed(
    verdict: Verdict, asked: PlanKpi, judgement: PlanJudgement, counts: Counts
) -> Iterator[str]:
    """Say what it is worth."""
    if _is_exam(counts) and verdict.samples == _exam_rows(counts):
        yield "All rows were read, so that this is exact: the rows are the requirement."
        return
    if verdict.reason == "Uncalibrated":
        yield f"No verdict: {advice('Uncalibrated')}."
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
    if is_compared_latency(asked):
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
    if asked.metric == "accuracy":
        limit = format_percent(asked.limit, 6)
        return f"fewer than {limit} right", f"{limit} right or more"
    objective = rate_objective(asked, judgement)
    slow = "requests beyond the limit" if asked.metric == "latency" else "failed requests"
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


def _noted(counts: Counts, verdict: Verdict, shown: RunKpiStatus) -> Iterator[str]:
    """Say what it rests on."""
    if shown.low and shown.high:
        kind = "In traffic that these rows stand for" if _is_exam(counts) else "Interval"
        yield f"{kind}: {shown.low} to {shown.high}."
    phi = 100 if isinstance(counts, ExamCounts | PairedExamCounts) else counts.dispersion
    if phi > 100 and verdict.samples:
        told = "slowness and errors come in stretches"
        if phi == UNMEASURED:
            told = "calibration saw too few bad requests to measure it, so that it is assumed"
        yield (
            f"{verdict.samples:,} requests count as {verdict.effective_samples:,} independent "
            f"ones (dispersion {phi / 100:g}): {told}."
        )
    if verdict.independence_assumed:
        yield "Independent requests are assumed: there were fewer than 60 windows to calibrate on."


def _exam_rows(counts: Counts) -> int | None:
    """Return how many rows an exam has; None for a sample, which is never read whole."""
    if isinstance(counts, ExamCounts | PairedExamCounts) and not counts.sampled:
        return counts.rows
    return None


def _is_exam(counts: Counts) -> bool:
    return isinstance(counts, ExamCounts | PairedExamCounts)
