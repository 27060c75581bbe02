"""`modelward judge plan`: how soon a verdict is to be expected."""

import argparse
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from modelward.api.metrics import SHOWN_METRICS
from modelward.api.modeldeployment import ModelDeployment
from modelward.api.values import (
    ValueFormError,
    format_duration,
    parse_percent,
    seconds_of,
)
from modelward.benchmark.figures import objective_text
from modelward.cli.exits import ExitCode
from modelward.cli.inputs import InputError, name_of, read_deployment
from modelward.cli.output import emit
from modelward.cli.planned import SURE, Answer, Given, planned
from modelward.cli.table import table
from modelward.judge.comparedforecast import Latencies
from modelward.judge.declared import load_shape
from modelward.judge.shape import LoadShape

_LATENCIES = "100ms,200ms"


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the plan; return the exit code. Raises InputError."""
    deployment = read_deployment(arguments.filename)
    shape = load_shape(deployment.spec.load)
    if arguments.dispersion:
        shape = replace(shape, calibration_windows=0)
    given = Given(
        _rows(arguments.rows, deployment),
        _stable_errors(arguments.stable_errors),
        _stable_latencies(arguments.stable_latency or _LATENCIES),
        latencies_assumed=arguments.stable_latency is None,
        dispersion=arguments.dispersion,
    )
    answers = []
    for kpi in deployment.spec.kpis:
        if kpi.job or kpi.is_expression or kpi.metric in SHOWN_METRICS:
            continue  # nothing is judged about them
        try:
            answers.append(planned(kpi, deployment, shape, given))
        except ValueError as error:
            raise InputError(f"spec.kpis: {kpi.name}: {error}") from error
    emit(_json(deployment, shape, answers) if arguments.json else _text(deployment, shape, answers))
    unlikely = any(answer.is_unlikely for answer in answers)
    return ExitCode.INCONCLUSIVE if unlikely else ExitCode.PASS


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


def _stable_latencies(text: str) -> Latencies:
    try:
        median, p95 = (float(seconds_of(each)) for each in text.split(","))
        return Latencies(median, p95)
    except ValueError as error:
        raise InputError(
            f"--stable-latency {text}: say stable's p50 and p95, the second one longer, as in "
            f"{_LATENCIES}"
        ) from error


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
    compared = answer.kpi.is_compared_latency
    what = f"TRUE {answer.kpi.benchmark.quantile}" if compared else "TRUE RATE"
    requests = "PAIRS" if compared else "REQUESTS"
    return (what, "", requests, "95% WITHIN", "TIME", "95% WITHIN", *ends)


def _cells(answer: Answer) -> Iterator[tuple[str, ...]]:
    for line in answer.lines:
        sure = line.chances.within(SURE)
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
        "method": " ".join(answer.how.split()),
        "budgetTooSmall": answer.is_unlikely,
        "enoughSeconds": None if answer.enough is None else float(answer.enough),
        "qualities": [
            {
                "value": line.value,
                "label": line.label or None,
                "samples": {"mean": round(line.chances.mean, 1), "p95": line.chances.within(SURE)},
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
