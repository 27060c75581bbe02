"""What is to be expected of a KPI's judging: how soon its verdict comes, and how probably."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from modelward.api.kpi import Kpi
from modelward.api.modeldeployment import ModelDeployment
from modelward.api.values import format_duration, format_percent
from modelward.judge.chances import Chances, exam_chances
from modelward.judge.comparedforecast import Latencies, Speed, compared_chances, speeds
from modelward.judge.declared import Alphas, declared
from modelward.judge.exams import READ_WHOLE
from modelward.judge.forecast import QUANTILES, SEED, Forecast, forecast, qualities, runs
from modelward.judge.hypotheses import RateObjective
from modelward.judge.objectives import exam_objective, ordinary_objective, quantile_objective
from modelward.judge.shape import LoadShape

_HALF = 0.5
SURE = 0.95
"""With this probability a verdict comes within the number that is told beside the mean."""
_LONGER = 16
"""How many times the declared load is looked at to say which one is enough."""
_EXAM_ERRORS = ("1/4", "3/4", "1", "5/4", "13/8")
"""Errors of the versions that an exam is planned for, in those that its limit allows."""
_PASSES, _LEAST_DRAWS = 10, 1_000
"""A sample's rows are drawn ten times on average at most, and a thousand at least."""


@dataclass(frozen=True)
class Line:
    """How a benchmark ends for versions of one quality."""

    value: str
    label: str
    chances: Chances
    seconds: float | None
    """Expected seconds from the beginning of the load; None for rows, whose pace is the model's."""
    seconds_sure: float | None


@dataclass(frozen=True)
class Answer:
    """What is to be expected of one KPI."""

    kpi: Kpi
    lines: tuple[Line, ...]
    how: str
    good: Line | None = None
    """The version that must get a verdict, or the budget is too small."""
    enough: Fraction | None = None
    """Seconds of load.for that are enough for 95 of 100 such versions; None where they are there
    already, or where it is not known."""

    @property
    def is_unlikely(self) -> bool:
        """True where such a version is not likely to get a verdict."""
        good = self.good and self.good.chances.undecided > _HALF
        return bool(good) and self.kpi.effect == "gate"


@dataclass(frozen=True)
class Given:
    """What is told or assumed beyond the declaration."""

    rows: Mapping[str, int]
    """How many rows data sets have."""
    stable_errors: Fraction
    """Share of stable's requests that fail."""
    stable_latencies: Latencies
    latencies_assumed: bool
    """Whether nobody has told how long stable takes."""
    dispersion: int | None = None
    """In hundredths, instead of calibrating."""


def planned(kpi: Kpi, deployment: ModelDeployment, shape: LoadShape, given: Given) -> Answer:
    """Return what is to be expected of a KPI. Raises ValueError for one that can't be judged."""
    if kpi.is_live:
        return Answer(kpi, (), "it is measured on users' requests, in weight steps")
    spec, judgement = deployment.spec, deployment.spec.judgement
    alphas = Alphas.parsed(judgement.false_promotion, judgement.false_rollback).shared(spec.kpis)
    if kpi.row_kind:
        sampled = {d.name for d in spec.datasets if d.rows == "sample"}
        dataset = kpi.benchmark.dataset or ""
        return _of_rows(kpi, alphas, given.rows.get(dataset), sampled=dataset in sampled)
    if kpi.is_compared_latency:
        return _compared(kpi, alphas, shape, given)
    return _of_requests(kpi, alphas, shape, given)


def _of_requests(kpi: Kpi, alphas: Alphas, shape: LoadShape, given: Given) -> Answer:
    objective, dispersion = ordinary_objective(declared(kpi), alphas), given.dispersion
    wanted = qualities(objective, given.stable_errors)
    found = [forecast(objective, quality, shape, dispersion) for quality in wanted]
    lines = tuple(
        _line(format_percent(each.quality.share, 3), each.quality.label, each.chances, shape)
        for each in found
    )
    one_count = isinstance(objective, RateObjective) and not objective.two_counts
    good = 1 if isinstance(objective, RateObjective) else 0
    enough = None
    if one_count and found[good].chances.undecided > 1 - SURE:
        longer = _longer(shape)
        chances = forecast(objective, found[good].quality, longer, dispersion).chances
        enough = _enough(chances, shape)
    return Answer(kpi, lines, _how(found[good], shape, dispersion), lines[good], enough)


def _compared(kpi: Kpi, alphas: Alphas, shape: LoadShape, given: Given) -> Answer:
    """Of a latency beside stable's: pairs of requests, sent by turns."""
    objective, stable = quantile_objective(declared(kpi), alphas), given.stable_latencies

    def chances(speed: Speed, of: LoadShape) -> Chances:
        return compared_chances(objective, speed, stable, of, given.dispersion)

    wanted = speeds(objective, stable)
    lines = tuple(
        _line(_duration(each.quantile), each.label, chances(each, shape), shape, turns=2)
        for each in wanted
    )
    enough = None
    if lines[0].chances.undecided > 1 - SURE:
        enough = _enough(chances(wanted[0], _longer(shape)), shape)
    told = f"p50 {_duration(stable.median)} and p95 {_duration(stable.p95)}"
    if given.latencies_assumed:
        told += ", which is assumed: say --stable-latency with what yours shows"
    how = (
        f"{runs(shape)} simulated comparisons each, seed {SEED}, independent requests, lognormal "
        f"latencies, stable's with {told}\n  each pair is sent by turns, after the other load: "
        "TIME counts from its own first request"
    )
    return Answer(kpi, lines, how, lines[0], enough)


def _duration(seconds: float) -> str:
    return format_duration(Fraction(round(seconds * 10_000), 10_000))


def _longer(shape: LoadShape) -> LoadShape:
    return replace(shape, evidence_windows=_LONGER * shape.evidence_windows)


def _enough(longer: Chances, shape: LoadShape) -> Fraction | None:
    """Return the seconds of load that are enough, from how a much longer load would end."""
    sure = longer.within(SURE)
    return Fraction(math.ceil(sure / shape.rate)) if sure else None


def _line(value: str, label: str, chances: Chances, shape: LoadShape, turns: int = 1) -> Line:
    """Return a line; each request takes the time of so many turns."""
    before = shape.warm_up + shape.calibration_windows * shape.window
    sure, rate = chances.within(SURE), shape.rate / turns
    return Line(
        value=value,
        label=label,
        chances=chances,
        seconds=float((before + chances.mean) / float(rate)),
        seconds_sure=None if sure is None else float((before + sure) / rate),
    )


def _how(found: Forecast, shape: LoadShape, dispersion: int | None) -> str:
    if dispersion and found.dispersions:
        return f"exact, at dispersion {dispersion / 100:g}"
    if found.dispersions:
        low, high = found.dispersions[0] / 100, found.dispersions[-1] / 100
        return (
            f"exact, at the dispersions that calibration finds in independent requests ("
            f"{low:g} to {high:g} of good versions; {len(QUANTILES)} quantiles, seed {SEED})"
        )
    return f"{runs(shape)} simulated benchmarks each, seed {SEED}, independent requests"


def _of_rows(kpi: Kpi, alphas: Alphas, rows: int | None, *, sampled: bool) -> Answer:
    if kpi.row_kind in ("values", "slices"):
        number = "all" if rows is None else f"all {rows}"
        return Answer(kpi, (), f"{number} rows are read, the verdict is exact for them")
    if rows is None:
        return Answer(kpi, (), f"say how many rows there are: --rows {kpi.benchmark.dataset}=N")
    if not sampled and rows < READ_WHOLE:
        return Answer(kpi, (), f"all {rows} rows are read, the verdict is exact for them")
    if kpi.objective.versus or kpi.row_kind == "classes":
        most = "drawn" if sampled else f"read, {rows} at most"
        what = "the difference" if kpi.objective.versus else f"the {kpi.benchmark.metric}"
        return Answer(kpi, (), f"rows are {most}, until {what} is shown")
    objective = exam_objective(declared(kpi), alphas)
    lines = []
    for part in _EXAM_ERRORS:
        right = math.floor(rows * (1 - min(Fraction(1), (1 - objective.limit) * Fraction(part))))
        draws = max(_PASSES * rows, _LEAST_DRAWS) if sampled else None
        chances = exam_chances(objective, rows, right, draws)
        lines.append(Line(format_percent(Fraction(right, rows)), "", chances, None, None))
    how = f"exact; {rows} rows, {'drawn with replacement' if sampled else 'in a random order'}"
    return Answer(kpi, tuple(lines), how)
