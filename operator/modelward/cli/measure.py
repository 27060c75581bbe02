"""`modelward benchmark run`: the measurement of a benchmark pod, made from here."""

import argparse
import asyncio
import contextlib
import io
import json
import logging
import ssl
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

import uvloop

from modelward.api.base import API_VERSION
from modelward.api.benchmarkrun import BenchmarkRun, BenchmarkRunStatus, RunKpiStatus
from modelward.api.values import parse_duration
from modelward.benchmark.accept import Accepted
from modelward.benchmark.attempts import from_time
from modelward.benchmark.contract import PlanSubject, RunnerPlan, RunnerResult
from modelward.benchmark.evidence import evidence
from modelward.benchmark.log import details
from modelward.benchmark.plan import PlanError, runner_plan
from modelward.benchmark.status import judged
from modelward.cli.exits import ExitCode
from modelward.cli.inputs import InputError, name_of, read_documents, why
from modelward.cli.local import Local, dataset_files, local_run
from modelward.cli.output import emit
from modelward.cli.progress import watched
from modelward.cli.reporting import written
from modelward.cli.table import table
from modelward.cli.troubles import troubles
from modelward.cluster import clock
from modelward.runner.address import Address
from modelward.runner.attempt import Attempt
from modelward.runner.files import Given, large
from modelward.runner.main import allow_connections, log_handler
from modelward.runner.tls import SYSTEM, Trust

_FOR_WANT_OF_TIME = frozenset({"NotMeasured", "Undecided", "Uncalibrated"})


def run(arguments: argparse.Namespace) -> ExitCode:
    """Measure and print the verdicts; return the exit code. Raises InputError."""
    documents = read_documents(arguments.filename)
    files = dataset_files(arguments.dataset)
    local = local_run(documents, files, compared=arguments.baseline is not None)
    if local.left_out:
        names = ", ".join(local.left_out)
        print(f"left out, because only a cluster measures them: {names}", file=sys.stderr)
    plan = _plan(local, arguments.target, arguments.baseline)
    _check_writable(arguments.log, "--log")
    _check_writable(arguments.report, "--report")
    trust = _trust(arguments.ca_file, plan)
    log = io.StringIO()
    started = clock.now()
    measured = _measured(plan, local.given, trust, log)
    done = _judged(local.run, plan, measured, (started, clock.now()))
    try:
        if arguments.log:
            _write(arguments.log, log.getvalue(), "--log")
        if arguments.report:
            _write(arguments.report, written(done, log.getvalue()), "--report")
    finally:
        emit(_json(done) if arguments.json else _text(done, log.getvalue()))
    if measured.interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.of(done.status.verdict)


def _plan(local: Local, target: str, baseline: str | None) -> RunnerPlan:
    """Return the plan that a benchmark pod would get, but with these addresses."""
    try:
        seconds = int(parse_duration(local.run.spec.up_to).total_seconds())
        plan = runner_plan(local.run, 1, seconds)
    except PlanError as error:
        raise InputError(f"spec: {error}") from error
    changes = {"subject": _at(plan.subject, target, "--target")}
    if plan.baseline and baseline:
        changes["baseline"] = _at(plan.baseline, baseline, "--baseline")
    return plan.model_copy(update=changes)


def _at(subject: PlanSubject, url: str, option: str) -> PlanSubject:
    base = url.rstrip("/")
    try:
        Address.of(base)
        return PlanSubject.model_validate(subject.model_dump() | {"url": base})
    except ValueError as error:
        raise InputError(
            f"{option} {url}: say where the server answers, without a path, such as "
            "http://localhost:8080"
        ) from error


def _trust(ca_file: Path | None, plan: RunnerPlan) -> Trust:
    """Return whose certificates are believed."""
    if ca_file is None:
        return SYSTEM
    asked = (plan.subject, plan.baseline)
    if not any(each and each.url.startswith("https:") for each in asked):
        raise InputError("--ca-file: neither --target nor --baseline begins with https://")
    trust = Trust(ca_file)
    try:
        trust.context()
    except ssl.SSLError as error:
        raise InputError(
            f"--ca-file {ca_file}: holds no certificate in PEM form, which begins with "
            "-----BEGIN CERTIFICATE-----"
        ) from error
    except OSError as error:
        raise InputError(f"--ca-file {ca_file} can't be read: {why(error)}") from error
    return trust


@dataclass(frozen=True)
class _Measured:
    result: RunnerResult
    interrupted: bool = False
    """True where Ctrl-C ended it, and `result` is what was known then."""


def _measured(plan: RunnerPlan, given: Given, trust: Trust, log: io.StringIO) -> _Measured:
    """Return what the runner's own attempt comes to; what it tells goes to `log`.

    Raises KeyboardInterrupt where it was interrupted before anything was counted.
    """
    allow_connections()
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            _logged_to(log),
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            scratch = Path(folder) if large(plan) else None
            attempt = Attempt(plan, given, scratch=scratch, trust=trust)
            try:
                return _Measured(runner.run(watched(attempt, attempt.run(plan.deadline_seconds))))
            except KeyboardInterrupt:
                known = attempt.so_far()
                if known is None:
                    raise
                return _Measured(known, interrupted=True)
    except (OSError, ValueError) as error:
        raise InputError(f"spec: {error}") from error


@contextlib.contextmanager
def _logged_to(stream: TextIO) -> Iterator[None]:
    """Write what the runner logs meanwhile to a stream, and nowhere else."""
    logger, handler = logging.getLogger("modelward.runner"), log_handler(stream)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]


def _judged(
    run: BenchmarkRun, plan: RunnerPlan, measured: _Measured, times: tuple[datetime, datetime]
) -> BenchmarkRun:
    """Return the run with the status that the operator would give it."""
    shown = evidence(run.spec, plan, measured.result)
    if measured.interrupted:
        shown = tuple(_interrupted(kpi) for kpi in shown)
    end = judged(run.spec.kpis, Accepted(measured.result, shown))
    status = BenchmarkRunStatus(
        observed_generation=run.metadata.generation,
        phase="Finished",
        verdict=end.verdict,
        message=end.message,
        started_at=from_time(times[0]),
        finished_at=from_time(times[1]),
        send_delay=end.send_delay,
        kpis=list(end.kpis),
    )
    return run.model_copy(update={"status": status})


def _interrupted(kpi: RunKpiStatus) -> RunKpiStatus:
    """Return a KPI with the reason why there is no verdict, where it might still have come."""
    missed = kpi.verdict == "Inconclusive" and kpi.reason in _FOR_WANT_OF_TIME
    return kpi.model_copy(update={"reason": "Interrupted"}) if missed else kpi


def _text(run: BenchmarkRun, log: str) -> str:
    rows: list[tuple[str, ...]] = []
    for kpi in run.status.kpis:
        said = " ".join(filter(None, (kpi.verdict, kpi.reason)))
        samples = "-" if kpi.samples is None else f"{kpi.samples:,}"
        cells = (
            kpi.name,
            kpi.value or "-",
            kpi.baseline or "-",
            kpi.objective or "",
            said,
            samples,
        )
        rows.append(cells)
    heading: tuple[str, ...] = ("KPI", "VALUE", "STABLE", "OBJECTIVE", "VERDICT", "SAMPLES")
    if run.spec.baseline is None:
        heading, rows = _without_stable(heading), [_without_stable(row) for row in rows]
    status = run.status
    parts = [table(heading, rows), f"{name_of(run.metadata)}: {status.verdict}\n{status.message}"]
    if status.verdict != "Pass":
        parts.insert(1, troubles(details(log.splitlines())))
    return "\n\n".join(filter(None, parts))


def _without_stable(cells: tuple[str, ...]) -> tuple[str, ...]:
    return (*cells[:2], *cells[3:])


def _json(run: BenchmarkRun) -> str:
    """Return the run as an object: `judge explain` and `benchmark report` read it again."""
    document = {"apiVersion": API_VERSION, "kind": "BenchmarkRun", **run.to_wire()}
    return json.dumps(document, indent=2)


def _check_writable(path: Path | None, option: str) -> None:
    """Raise InputError for a file that can't be there, before minutes were spent."""
    if path is None:
        return
    if path.is_dir() or not path.parent.is_dir():
        what = "it is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise InputError(f"{option} {path} can't be written: {what}")


def _write(path: Path, text: str, option: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{option} {path} can't be written: {why(error)}") from error
    print(f"wrote {path}", file=sys.stderr)
