"""`modelward judge replay`: what the declared limits would have said about data from the past."""

import argparse
import json
from collections.abc import Iterable
from typing import Any

from modelward.api.kpi import benchmarked, live
from modelward.api.metrics import METRICS, SHOWN_METRICS
from modelward.api.modeldeployment import Kpi, ModelDeployment
from modelward.api.values import format_number, format_percent
from modelward.benchmark.figures import objective_text
from modelward.cli.comparedreplay import ComparedReplay
from modelward.cli.exits import ExitCode
from modelward.cli.inputs import InputError, name_of, read_deployment
from modelward.cli.livereplay import LiveReplay
from modelward.cli.observations import Answered, AnsweredRow, Counted, read_observations
from modelward.cli.output import emit
from modelward.cli.replayed import LoadReplay, RowsReplay
from modelward.cli.replayedrows import AnswersReplay, Reader
from modelward.cli.table import table
from modelward.judge.declared import Alphas, declared, load_shape
from modelward.judge.objectives import quantile_objective
from modelward.judge.verdict import Verdict

KpiReplay = LoadReplay | ComparedReplay | RowsReplay | AnswersReplay | LiveReplay


def run(arguments: argparse.Namespace, lines: Iterable[str]) -> ExitCode:
    """Judge the lines and print what came of it; return the exit code. Raises InputError."""
    if arguments.filename == "-":
        raise InputError("standard input holds the observations: give -f a file")
    deployment = read_deployment(arguments.filename)
    replays = _replays(deployment, arguments.dispersion)
    read = _feed(replays, lines)
    judged = [(replay, replay.verdict()) for replay in replays]
    outcome = _outcome(judged)
    emit(_json(judged, read) if arguments.json else _text(deployment, judged, read))
    return outcome


def _replays(deployment: ModelDeployment, dispersion: int | None) -> list[KpiReplay]:
    spec = deployment.spec
    judgement = spec.judgement
    alphas = Alphas.parsed(judgement.false_promotion, judgement.false_rollback).shared(spec.kpis)
    window = load_shape(spec.load).window
    sampled = {dataset.name for dataset in spec.datasets if dataset.rows == "sample"}
    replays: list[KpiReplay] = []
    for kpi in benchmarked(spec.kpis):
        if kpi.benchmark.metric in SHOWN_METRICS:
            continue  # nothing is judged about them
        try:
            if kpi.is_compared_latency:
                objective = quantile_objective(declared(kpi), alphas)
                replays.append(ComparedReplay(kpi, objective, load_shape(spec.load)))
            elif kpi.row_kind is None:
                replays.append(LoadReplay(kpi, alphas, window, dispersion))
            elif kpi.row_kind == "answers":
                is_sample = kpi.benchmark.dataset in sampled
                mark = Reader(kpi, deployment).mark
                replays.append(RowsReplay(kpi, alphas, sampled=is_sample, mark=mark))
            else:
                replays.append(AnswersReplay(kpi, alphas, deployment))
        except ValueError as error:
            raise InputError(f"spec.kpis: {kpi.name}: {error}") from error
    return replays + _live_replays(deployment, alphas)


def _live_replays(deployment: ModelDeployment, alphas: Alphas) -> list[KpiReplay]:
    steps = sum(step.weight is not None for step in deployment.spec.rollout.steps)
    replays: list[KpiReplay] = []
    for kpi in live(deployment.spec.kpis):
        if kpi.is_expression:
            continue  # nothing is judged about it
        try:
            replays.append(LiveReplay(kpi, alphas, max(1, steps)))
        except ValueError as error:
            raise InputError(f"spec.kpis: {kpi.name}: {error}") from error
    return replays


def _feed(replays: list[KpiReplay], lines: Iterable[str]) -> int:
    """Return how many lines were read."""
    load = {r.kpi.name for r in replays if r.kpi.row_kind is None}
    datasets = {r.kpi.benchmark.dataset for r in replays if r.kpi.row_kind}
    read = 0
    for observed in read_observations(lines):
        read += 1
        match observed.what:
            case Counted(kpi=name) if name not in load:
                raise InputError(
                    f"line {observed.line}: no KPI under load or of users' requests is named {name}"
                )
            case AnsweredRow(dataset=name) | Answered(dataset=name) if name not in datasets:
                raise InputError(f"line {observed.line}: no KPI is on a data set named {name}")
        for replay in replays:
            replay.see(observed)
    return read


def _outcome(judged: list[tuple[KpiReplay, Verdict]]) -> ExitCode:
    """Return the exit code that all gates make together; those versus stable need its answers."""
    gates = {verdict.verdict for replay, verdict in judged if _counts_as_gate(replay)}
    if "Fail" in gates:
        return ExitCode.FAIL
    return ExitCode.PASS if gates == {"Pass"} else ExitCode.INCONCLUSIVE


def _counts_as_gate(replay: KpiReplay) -> bool:
    applicable = replay.kpi.objective.versus is None or replay.is_measured
    return replay.kpi.effect == "gate" and applicable


def _text(deployment: ModelDeployment, judged: list[tuple[KpiReplay, Verdict]], read: int) -> str:
    told = {
        ExitCode.PASS: "every gate passes",
        ExitCode.FAIL: "a gate fails: it would have been rolled back",
        ExitCode.INCONCLUSIVE: "Inconclusive: not every gate passes, and none fails",
    }
    rows = []
    for replay, verdict in judged:
        where = replay.reached
        rows.append(
            (
                replay.kpi.name,
                objective_text(replay.kpi),
                " ".join(filter(None, _said(replay, verdict))),
                _value(replay.kpi, verdict),
                f"{verdict.samples:,}",
                f"{where.requests:,}" if where else "-",
                str(where.line) if where else "-",
                (where.at if where else None) or "",
            )
        )
    heading = (
        "KPI",
        "OBJECTIVE",
        "VERDICT",
        "VALUE",
        "EVIDENCE",
        "REACHED AFTER",
        "LINE",
        "AT",
    )
    result = f"{name_of(deployment.metadata)}: {told[_outcome(judged)]} ({read:,} lines)"
    return f"{table(heading, rows)}\n\n{result}"


def _value(kpi: Kpi, verdict: Verdict) -> str:
    if verdict.value is None:
        return "-"
    is_number = METRICS[kpi.metric].unit == "number"
    return format_number(verdict.value, 6) if is_number else format_percent(verdict.value, 3)


def _said(replay: KpiReplay, verdict: Verdict) -> tuple[str, str]:
    if replay.kpi.objective.versus and not replay.is_measured:
        return "NotApplicable", "NoStable"
    return verdict.verdict, verdict.reason


def _json(judged: list[tuple[KpiReplay, Verdict]], read: int) -> str:
    document = {
        "lines": read,
        "verdict": _outcome(judged).name.capitalize(),
        "kpis": [_kpi_json(replay, verdict) for replay, verdict in judged],
    }
    return json.dumps(document, indent=2)


def _kpi_json(replay: KpiReplay, verdict: Verdict) -> dict[str, Any]:
    said, reason = _said(replay, verdict)
    where, exact = replay.reached, replay.kpi.row_kind in ("values", "slices")
    return {
        "name": replay.kpi.name,
        "effect": replay.kpi.effect,
        "objective": objective_text(replay.kpi),
        "verdict": said,
        "reason": reason or None,
        "value": None if verdict.value is None else float(verdict.value),
        "low": None if exact else float(verdict.low),
        "high": None if exact else float(verdict.high),
        "samples": verdict.samples,
        "effectiveSamples": verdict.effective_samples,
        "reached": where and {"line": where.line, "at": where.at, "samples": where.requests},
    }
