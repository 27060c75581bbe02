"""`modelward runner`: measures what its plan says and leaves the result as termination message.

The exit code is 0 for every verdict. Any other tells that there is none: 1 after an error, which
the termination message then describes, and 143 after SIGTERM. The operator tries again then.
"""

import argparse
import asyncio
import gc
import logging
import resource
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import uvloop
from pythonjsonlogger.json import JsonFormatter

from modelward.api.names import CLAIMS_PATH, DATASETS_PATH, PLAN_PATH, SCRATCH_PATH
from modelward.benchmark.contract import RunnerPlan, RunnerResult
from modelward.runner.attempt import Attempt
from modelward.runner.files import file_paths, large

TERMINATION_LOG = "/dev/termination-log"
_REPORTING_SECONDS = 2.0
_OPEN_FILES = 4096
_log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one attempt and return the exit code; `argv` are the arguments after `runner`."""
    started = time.monotonic()
    paths = _arguments(argv)
    logging.basicConfig(level=logging.INFO, handlers=[log_handler(sys.stdout)], force=True)
    allow_connections()
    try:
        plan = RunnerPlan.parse(paths.plan.read_text())
        if plan.jobs:
            started -= _age(paths.plan)
        files = file_paths(plan, paths.datasets, paths.claims)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            attempt = Attempt(plan, files, scratch=Path(SCRATCH_PATH) if large(plan) else None)
            result = runner.run(_until_terminated(attempt, plan, started))
    except asyncio.CancelledError:
        _log.warning("ended by SIGTERM: there is no result")
        return 128 + signal.SIGTERM
    except (OSError, ValueError) as error:
        _log.exception("no result")
        _leave(paths.result, f"{type(error).__name__}: {error}"[:1024])
        return 1
    _log.info("result", extra={"result": result.model_dump(mode="json", by_alias=True)})
    _leave(paths.result, result.to_json())
    return 0


async def _until_terminated(attempt: Attempt, plan: RunnerPlan, started: float) -> RunnerResult:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    seconds = plan.deadline_seconds - (time.monotonic() - started) - _REPORTING_SECONDS
    # What was imported stays; looking through it again and again would delay requests.
    gc.freeze()
    return await attempt.run(max(seconds, 0))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="modelward runner", description="Measure a revision as a plan says (in its own pod)."
    )
    parser.add_argument("--plan", type=Path, default=Path(PLAN_PATH), help="file with the plan")
    parser.add_argument(
        "--datasets", type=Path, default=Path(DATASETS_PATH), help="folder with the data sets"
    )
    parser.add_argument(
        "--claims", type=Path, default=Path(CLAIMS_PATH), help="folder with the claims' volumes"
    )
    parser.add_argument(
        "--result", type=Path, default=Path(TERMINATION_LOG), help="file for the result"
    )
    return parser.parse_args(argv)


def log_handler(stream: TextIO) -> logging.Handler:
    """Return a handler that writes lines of JSON, as docs/evidence.md describes them."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        JsonFormatter(
            "%(levelname)s %(message)s", timestamp=True, rename_fields={"levelname": "level"}
        )
    )
    return handler


def allow_connections() -> None:
    """Raise the soft limit of open files: containers often begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _OPEN_FILES:
        wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _age(plan: Path) -> float:
    """Return for how many seconds the pod has been there: its plan is written before jobs begin."""
    now = time.time()  # noqa: TID251 (files have the time of the same clock)
    return max(0.0, now - plan.stat().st_mtime)


def _leave(path: Path, text: str) -> None:
    path.write_text(text)
