"""`modelward benchmark report`: a page of a run, from a cluster or from files."""

import argparse
import asyncio
import sys
from pathlib import Path

from modelward.api.benchmarkrun import BenchmarkRun
from modelward.benchmark.log import details
from modelward.cli.exits import ExitCode
from modelward.cli.inputs import InputError, read_run, run_in, why
from modelward.cli.output import emit


def run(arguments: argparse.Namespace) -> ExitCode:
    """Write the page; return the exit code. Raises InputError."""
    if bool(arguments.run) == bool(arguments.filename):
        raise InputError("say either the name of a BenchmarkRun or -f FILE")
    found, log = _of_file(arguments) if arguments.filename else _of_cluster(arguments)
    html = written(found, log)
    if arguments.output is None:
        emit(html)
        return ExitCode.PASS
    try:
        arguments.output.write_text(html, encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"-o {arguments.output} can't be written: {why(error)}") from error
    return ExitCode.PASS


def written(run: BenchmarkRun, log: str | None) -> str:
    """Return the page of a run; `log` is that of its benchmark pod. Raises InputError."""
    try:
        from modelward.cli.page import page  # noqa: PLC0415 (Jinja2 is part of the extra `cli`)
    except ModuleNotFoundError as error:
        raise InputError(f"a page needs {error.name}: pip install 'modelward[cli]'") from error
    return page(run, None if log is None else details(log.splitlines()))


def _of_file(arguments: argparse.Namespace) -> tuple[BenchmarkRun, str | None]:
    return read_run(arguments.filename), _log_file(arguments.log)


def _of_cluster(arguments: argparse.Namespace) -> tuple[BenchmarkRun, str | None]:
    from modelward.cluster.reading import UnreadableError, Where, read  # noqa: PLC0415

    where = Where(arguments.run, arguments.namespace, arguments.kubeconfig, arguments.context)
    try:
        found = asyncio.run(read(where))
    except UnreadableError as error:
        raise InputError(str(error)) from error
    if found.why_no_log:
        print(f"modelward benchmark report: {found.why_no_log}", file=sys.stderr)
    log = _log_file(arguments.log) if arguments.log else found.log
    return run_in(found.run, f"BenchmarkRun {arguments.run}"), log


def _log_file(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"--log {path} can't be read: {why(error)}") from error
