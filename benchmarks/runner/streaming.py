"""Times of tokens and rates, against a server that emits tokens on a known schedule.

    python -m benchmarks.runner.streaming [--rate 20] [--requests 600] [--runs 3]

The server is a process of its own. When a request's first token and each further one come follows
from a number in the request, so that what should be measured is known; a token is sent at its time
after the request came, not so long after the token before. Bodies, client, load and counting are
those of a benchmark pod. Prints the truth beside what was measured, the median of the runs, and
ends with 1 where it is off by more than 2%.
"""

import argparse
import asyncio
import itertools
import json
import math
import multiprocessing
import random
import statistics
import sys
from collections.abc import Iterator
from fractions import Fraction
from multiprocessing.connection import Connection

import uvloop
from aiohttp import web

from modelward.benchmark.plankpi import PlanKpi
from modelward.judge import LoadKpi, LoadSession, LoadShape, latency_objective
from modelward.protocols import dialogue
from modelward.protocols.base import Request
from modelward.runner import tokentimes
from modelward.runner.client import Client
from modelward.runner.load import Load, Target
from modelward.runner.throughput import Throughput

BOUND = 0.02
"""Share of the truth that a measured value may be off by."""
SECOND = 1_000_000_000
SHARES = (Fraction(1, 2), Fraction(95, 100))
WITHIN = {"timeToFirstToken": "0.45", "timePerOutputToken": "0.05"}
"""In seconds; of the schedule's requests a part keeps both."""


def schedule(number: int) -> list[float]:
    """Return after how many seconds each token of a numbered request comes."""
    rng = random.Random(number)
    first = rng.uniform(0.2, 0.6)
    pace = rng.uniform(0.03, 0.06)
    gaps = (rng.uniform(0.6, 1.4) * pace for _ in range(rng.randrange(20, 40)))
    return list(itertools.accumulate(gaps, initial=first))


async def _chat(request: web.Request) -> web.StreamResponse:
    loop = asyncio.get_running_loop()
    came = loop.time()
    number = int((await request.json())["messages"][0]["content"])
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for after in schedule(number):
        await asyncio.sleep(max(came + after - loop.time(), 0))
        event = {"choices": [{"index": 0, "delta": {"content": "x"}}]}
        await response.write(f"data: {json.dumps(event)}\n\n".encode())
    await response.write(b"data: [DONE]\n\n")
    return response


def serve(told: Connection) -> None:
    """Serve on a free port of the loopback interface, and tell which, until killed."""

    async def forever() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", _chat)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        told.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(forever())


def _kpi(metric: str, **more: object) -> PlanKpi:
    said = {"name": metric, "metric": metric, "limit": "1", "effect": "report"}
    return PlanKpi.model_validate_json(json.dumps(said | {"direction": "atMost"} | more))


TIMES = [
    _kpi(metric, quantile=str(float(share)))
    for metric in ("timeToFirstToken", "interTokenLatency", "timePerOutputToken")
    for share in SHARES
]
RATES = (_kpi("requestsPerSecond"), _kpi("tokensPerSecond"), _kpi("goodput", within=WITHIN))


def label(kpi: PlanKpi) -> str:
    """Return how a KPI is called in the table."""
    return f"{kpi.metric} p{float(kpi.quantile * 100):g}" if kpi.quantile else kpi.metric


def truth(shape: LoadShape) -> dict[str, float]:
    """Return what the schedule of the requests that count comes to."""
    counted = [schedule(i) for i in range(shape.warm_up, shape.requests)]
    found: dict[str, float] = {}
    for kpi in TIMES:
        assert kpi.quantile is not None
        values = [_true_time(kpi, tokens) for tokens in counted]
        found[label(kpi)] = _nearest_rank(values, kpi.quantile)
    begins, ends = (shape.warm_up / shape.rate, shape.requests / shape.rate)
    everything = [(float(i / shape.rate), schedule(i)) for i in range(shape.requests)]

    def came(moment: float) -> bool:
        return begins <= moment <= ends

    seconds = float(ends - begins)
    done = [tokens for due, tokens in everything if came(due + tokens[-1])]
    arrived = sum(came(due + after) for due, tokens in everything for after in tokens)
    found["requestsPerSecond"] = len(done) / seconds
    found["tokensPerSecond"] = arrived / seconds
    found["goodput"] = sum(map(_is_good, done)) / seconds
    return found


def _true_time(kpi: PlanKpi, tokens: list[float]) -> float:
    gaps = [later - earlier for earlier, later in itertools.pairwise(tokens)]
    match kpi.metric:
        case "timeToFirstToken":
            return tokens[0]
        case "timePerOutputToken":
            return statistics.fmean(gaps)
    assert kpi.quantile is not None
    return _nearest_rank(gaps, kpi.quantile)


def _nearest_rank(values: list[float], share: Fraction) -> float:
    return sorted(values)[math.ceil(share * len(values)) - 1]


def _is_good(tokens: list[float]) -> bool:
    mean = (tokens[-1] - tokens[0]) / (len(tokens) - 1)
    return tokens[0] <= float(WITHIN["timeToFirstToken"]) and mean <= float(
        WITHIN["timePerOutputToken"]
    )


async def measured(url: str, shape: LoadShape) -> dict[str, float]:
    """Send the load, and return what a benchmark pod would measure of it."""
    asked = dialogue("openai", "m", {})
    columns = tokentimes.measures(TIMES)
    five = Fraction(5, 100)
    objective = latency_objective(Fraction(95, 100), False, five, five)
    kpis = tuple(
        LoadKpi(objective, is_gate=False, column=tokentimes.column(kpi, columns)) for kpi in TIMES
    )
    session = LoadSession(shape, kpis, to_the_end=True)
    throughput = Throughput(RATES)
    async with Client(url, asked, 60.0) as client:
        target = Target(client, list(_requests(shape.requests)))
        await Load(session, target, measured=columns, throughput=throughput).send()
    assert not target.problems, target.problems
    requests = shape.requests - shape.warm_up
    found = {
        label(kpi): session.quantile(kpi.quantile or five, 0, requests, column.column) / SECOND
        for kpi, column in zip(TIMES, kpis, strict=True)
    }
    for kpi in RATES:
        counts = throughput.counts(kpi)
        assert counts is not None
        found[label(kpi)] = float(counts.per_second)
    return found


def _requests(number: int) -> Iterator[Request]:
    asked = dialogue("openai", "m", {})
    return (asked.ask(str(i)) for i in range(number))


def main() -> int:
    """Measure and print the table; 1 where a median is beyond the bound."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=int, default=20)
    parser.add_argument("--requests", type=int, default=600)
    parser.add_argument("--runs", type=int, default=3)
    said = parser.parse_args()
    warm_up = said.requests // 5
    shape = LoadShape(
        Fraction(said.rate), warm_up, 10, (said.requests - warm_up) // 10, calibration_windows=0
    )
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}"
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
            runs = [loop.run(measured(url, shape)) for _ in range(said.runs)]
    finally:
        server.terminate()
    return report(truth(shape), runs)


def report(known: dict[str, float], runs: list[dict[str, float]]) -> int:
    """Print the truth, the median of the runs and how far it is off."""
    worst = 0.0
    print(f"{'':28}{'truth':>10}{'measured':>10}{'off by':>9}")
    for name, value in known.items():
        median = statistics.median(run[name] for run in runs)
        off = median / value - 1
        worst = max(worst, abs(off))
        shown = [f"{1000 * each:.1f} ms" if " p" in name else f"{each:.2f}/s"
                 for each in (value, median)]  # fmt: skip
        print(f"{name:28}{shown[0]:>10}{shown[1]:>10}{off:>9.2%}")
    print(f"off by {worst:.2%} at most; {BOUND:.0%} is the bound")
    return int(worst > BOUND)


if __name__ == "__main__":
    sys.exit(main())
