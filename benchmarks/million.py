"""A million rows, sorted by whether the model has them right, judged in constant memory.

    make bench-rows
    python -m benchmarks.million [memory | errors]

First the real runner, in a process of its own, against a real HTTP server: peak memory beside that
for a thousand rows, and how many rows were read. The file is sorted and shuffled in turn. Then the
judge alone over many revisions, whose orders differ: how often it ends with another verdict than a
full pass over all rows, where that is the hardest to tell.
"""

import argparse
import asyncio
import functools
import json
import math
import random
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from fractions import Fraction
from pathlib import Path

from aiohttp import web

from modelward.benchmark.contract import RunnerPlan
from modelward.judge import ExamObjective, Outcome, RowCounts, exam_decision
from modelward.runner.attempt import Attempt
from modelward.runner.files import open_file
from modelward.runner.index import place
from tests.unit.runner_plans import ACCURACY, a_plan, a_row

ROWS, FEW = 1_000_000, 1_000
MOST_GROWTH = 64
"""MiB of memory that a million rows may take beyond a thousand: 16 bytes each, and SQLite's."""
QUALITY = Fraction(96, 100)
REVISIONS, JUDGED_ROWS, LOOK_EVERY = 400, 5_000, 10
OBJECTIVE = ExamObjective(Fraction(92, 100), Fraction(1, 20), Fraction(1, 20))
_DRIVER = "from benchmarks.million import measured; measured(*__import__('sys').argv[1:])"


def measured(url: str, file: str) -> None:
    """Take the exam of a file in this process, and print what came of it."""
    path, began = Path(file), time.monotonic()
    digest = open_file(path, threading.Event()).digest
    plan = a_plan(url, ACCURACY | {"limit": "0.92"}, deadline_seconds=3600)
    data = plan.datasets[0].model_copy(update={"sha256": digest, "size_limit": 2**30})
    plan = plan.model_copy(update={"datasets": (data,)})
    result = asyncio.run(_take(plan, path))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    verdict, _, *counts = json.loads(result)["kpis"][0]
    print(json.dumps([verdict, counts, peak, time.monotonic() - began]))


async def _take(plan: RunnerPlan, path: Path) -> str:
    # As for an exam that would take longer than a minute: it ends when rows read are enough.
    attempt = Attempt(plan, {"golden": path}, whole_exam_seconds=0, scratch=path.parent)
    return (await attempt.run(3_000)).to_json()


async def _run(folder: Path) -> bool:
    url, close = await _serve(right_below=int(ROWS * QUALITY))
    few = await _attempt(url, _write(folder / "few.jsonl", range(ROWS - FEW // 2, ROWS + FEW // 2)))
    shuffled = list(range(ROWS))
    random.Random(1).shuffle(shuffled)
    print(
        f"{ROWS:,} rows, {float(QUALITY):.0%} right, atLeast 92%; peak memory beside {FEW:,} rows"
    )
    met = True
    for name, order in (("sorted", range(ROWS)), ("shuffled", shuffled)):
        verdict, counts, peak, seconds = await _attempt(url, _write(folder / name, order))
        growth = (peak - few[2]) / 1024
        met &= verdict == "P" and growth <= MOST_GROWTH
        print(
            f"{name:9} {verdict}  rows read {counts[1]:,} of {counts[0]:,}, memory {growth:+.0f} "
            f"MiB <= {MOST_GROWTH}, {seconds:.0f} s in all"
        )
    await close()
    return met


async def _attempt(url: str, file: Path) -> tuple[str, list[int], int, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _DRIVER, url, str(file), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    verdict, counts, peak, seconds = json.loads(out.splitlines()[-1])
    return verdict, counts, peak, seconds


async def _serve(right_below: int) -> tuple[str, Callable[[], Awaitable[None]]]:
    async def infer(request: web.Request) -> web.Response:
        value = (await request.json())["inputs"][0]["data"][0]
        return web.json_response({"outputs": [{"data": [2 * value + (value >= right_below)]}]})

    async def ready(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_post("/v2/models/m/infer", infer)
    app.router.add_get("/v2/models/m/ready", ready)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}", runner.cleanup


def _write(file: Path, order: "range | list[int]") -> Path:
    with file.open("w") as lines:
        lines.writelines(f"{a_row(number)}\n" for number in order)
    return file


def wrong_ends(correct: int, rows: int, shuffled: bool) -> float:
    """Return the share of revisions whose exam ends with another verdict than a full pass."""
    full = _outcome(rows, rows, correct)
    ends = [_end(_answers(correct, rows, f"digest/{n}", shuffled)) for n in range(REVISIONS)]
    return sum(end != full for end in ends) / REVISIONS


def _answers(correct: int, rows: int, key: str, shuffled: bool) -> list[bool]:
    """Return whether rows are right, in the order in which they are read."""
    answers = [number < correct for number in range(rows)]
    if shuffled:
        random.Random(key).shuffle(answers)
    return [answers[number] for number in sorted(range(rows), key=lambda n: place(n, key))]


@functools.cache
def _outcome(rows: int, read: int, right: int) -> Outcome:
    return exam_decision(RowCounts(rows, read, right), OBJECTIVE)[0]


def _end(answers: list[bool]) -> Outcome:
    right = 0
    for read, answer in enumerate(answers, start=1):
        right += answer
        if read % LOOK_EVERY == 0 or read == len(answers):
            outcome = _outcome(len(answers), read, right)
            if outcome != "Inconclusive":
                return outcome
    raise AssertionError("all rows were read without a verdict")


def _errors() -> Iterator[bool]:
    least = math.ceil(JUDGED_ROWS * OBJECTIVE.limit)
    # Three standard errors of what so few revisions can show.
    most = 0.05 + 3 * math.sqrt(0.05 * 0.95 / REVISIONS)
    print(f"{JUDGED_ROWS:,} rows, {REVISIONS} revisions: ends that a full pass contradicts")
    for name, correct in (("one row too few", least - 1), ("just enough rows", least)):
        found = [wrong_ends(correct, JUDGED_ROWS, shuffled) for shuffled in (False, True)]
        told = "sorted {:.3f}, shuffled {:.3f}".format(*found)
        print(f"{name}: {told} <= 0.05 (here {most:.3f})")
        yield max(found) <= most


def main() -> int:
    """Print both, or the one that is named; the exit code is 1 where a bound is not met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("part", nargs="?", choices=["memory", "errors"])
    part = parser.parse_args().part
    met = list(_errors()) if part != "memory" else []
    if part != "errors":
        with tempfile.TemporaryDirectory() as folder:
            met.append(asyncio.run(_run(Path(folder))))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
