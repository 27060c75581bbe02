"""`modelward judge plan`: how soon a verdict is to be expected."""

import argparse
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from modelward.api.kpi import Kpi
from modelward.api.metrics import SHOWN_METRICS
from modelward.api.modeldeployment import ModelDeployment
from modelward.api.values import (
    ValueFormError,
    format_duration,
    format_percent,
    parse_percent,
)
from modelward.benchmark.figures import objective_text
from modelward.cli.inputs import InputError, name_of, read_deployment
from modelward.cli.output import emit
from modelward.cli.table import table
from modelward.judge.chances import Chances, exam_chances
from modelward.judge.declared import (
    Alphas,
    exam_objective,
    load_shape,
    ordinary_objective,
)
from modelward.judge.exams import READ_WHOLE
from modelward.judge.forecast import QUANTILES, SEED, Forecast, forecast, qualities, runs
from modelward.judge.hypotheses import RateObjective
from modelward.judge.shape import LoadShape

LIKELY, UNLIKELY = 0, 3
_HALF = 0.5
_SURE = 0.95
_LONGER = 16
"""How many times the declared load is looked at to say which one is enough."""
_EXAM_ERRORS = ("1/4", "3/4", "1", "5/4", "13/8")
"""Errors of the versions that an exam is planned for, in those that its limit allows."""
_PASSES, _LEAST_DRAWS = 10, 1_000
"""A sample's rows are drawn ten times on average at most, and a thousand at least."""
_ABOUT_COMPARED = "how long it takes depends on how latencies scatter"


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


def run(arguments: argparse.Namespace) -> int:
    """Print the plan; return the exit code. Raises InputError."""
    deployment = read_deployment(arguments.filename)
    shape, rows = load_shape(deployment.spec.load), _rows(arguments.rows, deployment)
    if arguments.dispersion:
        shape = replace(shape, calibration_windows=0)
    stable = _stable_errors(arguments.stable_errors)
    answers = []
    for kpi in deployment.spec.kpis:
        if kpi.job or kpi.metric in SHOWN_METRICS:
            continue  # nothing is judged about them
        try:
            answers.append(_answer(kpi, deployment, shape, rows, stable, arguments.dispersion))
        except ValueError as error:
            raise InputError(f"spec.kpis: {kpi.name}: {error}") from error
    emit(_json(deployment, shape, answers) if arguments.json else _text(deployment, shape, answers))
    return UNLIKELY if any(answer.is_unlikely for answer in answers) else LIKELY


def _rows(given: list[str], deployment: ModelDeployment) -> Mapping[str, int]:
    known = {dataset.name for dataset in deployment.spec.datasets}
    rows = {}
    for text in given:
        name, _, number = text.partition("=")
        if name not in known or not number.isdecimal() or int(number) < 1:
            raise InputError(
                f"--rows {text}: say a data set and its number of rows, as in "
                f"{min(known)}=1000; there are {', '.join(sorted(known))}"
            )
        rows[name] = int(number)
    return rows


def _stable_errors(text: str) -> Fraction:
    try:
        return parse_percent(text)
    except ValueFormError as error:
        raise InputError(f"--stable-errors {error}") from error


def _answer(
    kpi: Kpi,
    deployment: ModelDeployment,
    shape: LoadShape,
    rows: Mapping[str, int],
    stable: Fraction,
    dispersion: int | None,
) -> Answer:
    if kpi.is_live:
        return Answer(kpi, (), "it is measured on users' requests, in weight steps")
    judgement = deployment.spec.judgement
    alphas = Alphas(
        parse_percent(judgement.false_promotion), parse_percent(judgement.false_rollback)
    ).shared(deployment.spec.kpis)
    if kpi.row_kind:
        sampled = {d.name for d in deployment.spec.datasets if d.rows == "sample"}
        dataset = kpi.benchmark.dataset or ""
        return _of_rows(kpi, alphas, rows.get(dataset), sampled=dataset in sampled)
    if kpi.is_compared_latency:
        return Answer(kpi, (), _ABOUT_COMPARED)
    objective = ordinary_objective(kpi, alphas)
    found = [forecast(objective, q, shape, dispersion) for q in qualities(objective, stable)]
    lines = tuple(_line(each, shape) for each in found)
    one_count = isinstance(objective, RateObjective) and not objective.two_counts
    good = 1 if isinstance(objective, RateObjective) else 0
    enough = None
    if one_count and found[good].chances.undecided > 1 - _SURE:
        longer = replace(shape, evidence_windows=_LONGER * shape.evidence_windows)
        sure = forecast(objective, found[good].quality, longer, dispersion).chances.within(_SURE)
        enough = Fraction(math.ceil(sure / shape.rate)) if sure else None
    return Answer(kpi, lines, _how(found[good], shape, dispersion), lines[good], enough)


def _line(found: Forecast, shape: LoadShape) -> Line:
    before = shape.warm_up + shape.calibration_windows * shape.window
    sure = found.chances.within(_SURE)
    return Line(
        value=format_percent(found.quality.share, 3),
        label=found.quality.label,
        chances=found.chances,
        seconds=float((before + found.chances.mean) / float(shape.rate)),
        seconds_sure=None if sure is None else float((before + sure) / shape.rate),
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
    objective = exam_objective(kpi, alphas)
    lines = []
    for part in _EXAM_ERRORS:
        right = math.floor(rows * (1 - min(Fraction(1), (1 - objective.limit) * Fraction(part))))
        draws = max(_PASSES * rows, _LEAST_DRAWS) if sampled else None
        chances = exam_chances(objective, rows, right, draws)
        lines.append(Line(format_percent(Fraction(right, rows)), "", chances, None, None))
    how = f"exact; {rows} rows, {'drawn with replacement' if sampled else 'in a random order'}"
    return Answer(kpi, tuple(lines), how)


def _text(deployment: ModelDeployment, shape: LoadShape, answers: list[Answer]) -> str:
    load = deployment.spec.load
    calibration = Fraction(shape.calibration_windows * shape.window) / shape.rate
    head = (
        f"{name_of(deployment.metadata)}: load {load.rate} for {load.for_} at most, after "
        f"{load.warm_up} of warm-up and {format_duration(calibration)} of calibration: "
        f"{shape.evidence_windows * shape.window:,} requests of evidence\n"
        "REQUESTS are those of evidence, TIME counts from the first request; both to the verdict, "
        "or to the end of the load"
    )
    if load.concurrency:
        head += "\nits callers wait for answers, so a slow server makes every TIME longer"
    parts = [head]
    for answer in answers:
        report = "  (report only)" if answer.kpi.effect == "report" else ""
        lines = [f"{answer.kpi.name}: {objective_text(answer.kpi)}{report}"]
        if answer.lines:
            lines.append(table(_heading(answer), list(_cells(answer)), indent="  "))
        lines += [f"  {note}" for note in _notes(answer)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _heading(answer: Answer) -> tuple[str, ...]:
    ends = ("PASS", "FAIL", "NO VERDICT")
    if answer.kpi.row_kind:
        return ("TRUE VALUE", "ROWS", "95% WITHIN", *ends)
    return ("TRUE RATE", "", "REQUESTS", "95% WITHIN", "TIME", "95% WITHIN", *ends)


def _cells(answer: Answer) -> Iterator[tuple[str, ...]]:
    for line in answer.lines:
        sure = line.chances.within(_SURE)
        counts = (f"{math.ceil(line.chances.mean):,}", "-" if sure is None else f"{sure:,}")
        ends = tuple(
            f"{share:.1%}"
            for share in (line.chances.promoted, line.chances.rolled_back, line.chances.undecided)
        )
        if line.seconds is None:
            yield (line.value, *counts, *ends)
            continue
        times = (
            _time(line.seconds),
            "-" if line.seconds_sure is None else _time(line.seconds_sure),
        )
        yield (line.value, line.label, *counts, *times, *ends)


def _time(seconds: float) -> str:
    return format_duration(Fraction(math.ceil(seconds)))


def _notes(answer: Answer) -> Iterator[str]:
    if answer.is_unlikely:
        yield "BUDGET TOO SMALL: a verdict is not likely even for a good version"
    if answer.enough:
        yield f"enough for 95 of 100 good versions: load.for {format_duration(answer.enough)}"
    if answer.how:
        yield answer.how


def _json(deployment: ModelDeployment, shape: LoadShape, answers: list[Answer]) -> str:
    document = {
        "name": deployment.metadata.name,
        "load": {
            "rate": float(shape.rate),
            "warmUpRequests": shape.warm_up,
            "calibrationRequests": shape.calibration_windows * shape.window,
            "evidenceRequests": shape.evidence_windows * shape.window,
        },
        "kpis": [_kpi_json(answer) for answer in answers],
    }
    return json.dumps(document, indent=2)


def _kpi_json(answer: Answer) -> dict[str, Any]:
    return {
        "name": answer.kpi.name,
        "effect": answer.kpi.effect,
        "objective": objective_text(answer.kpi),
        "method": answer.how,
        "budgetTooSmall": answer.is_unlikely,
        "enoughSeconds": None if answer.enough is None else float(answer.enough),
        "qualities": [
            {
                "value": line.value,
                "label": line.label or None,
                "samples": {"mean": round(line.chances.mean, 1), "p95": line.chances.within(_SURE)},
                "seconds": None
                if line.seconds is None
                else {"mean": round(line.seconds, 1), "p95": line.seconds_sure},
                "pass": round(line.chances.promoted, 6),
                "fail": round(line.chances.rolled_back, 6),
                "inconclusive": round(line.chances.undecided, 6),
            }
            for line in answer.lines
        ],
    }
