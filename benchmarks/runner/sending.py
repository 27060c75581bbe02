"""The runner's load generator by itself, in a process whose CPU the kernel counts.

    python -m benchmarks.runner.sending URL RATE REQUESTS [--callers N] [--stack NAME]

All is as in a benchmark pod: schedule, client, protocol, judging after each window. Only that the
judging never comes to an end before the load does. Prints one line of JSON.
"""

import argparse
import gc
import json
import time
from fractions import Fraction
from typing import Any, cast

import uvloop

from benchmarks.runner import stacks
from benchmarks.runner.truth import SHARES
from modelward.judge import LoadKpi, LoadSession, LoadShape, latency_objective
from modelward.protocols import dialogue
from modelward.runner.client import Client
from modelward.runner.load import Load, Pace, Target

REQUEST = dialogue("v2", "m", {}).ask(
    [{"name": "x", "shape": [1], "datatype": "INT64", "data": [7]}]
)
BODY = REQUEST.body
_MOST_PER_WINDOW = 2_500
_UNCOUNTED = 10
"""One request of so many is warm-up."""


class Endless(LoadSession):
    """A session that goes on after its verdicts."""

    def _is_over(self) -> bool:
        return self._judged == self.shape.calibration_windows + self.shape.evidence_windows


def session(rate: Fraction, requests: int) -> Endless:
    """Return a session that measures a latency, without calibration."""
    window = min(LoadShape.of(rate, Fraction(1), Fraction(0)).window, _MOST_PER_WINDOW)
    skipped = requests // _UNCOUNTED
    shape = LoadShape(rate, skipped, window, (requests - skipped) // window, calibration_windows=0)
    five = Fraction(5, 100)
    objective = latency_objective(Fraction(95, 100), True, five, five)
    return Endless(shape, (LoadKpi(objective, limit=250_000_000, expected=150_000_000),))


async def send(arguments: argparse.Namespace) -> dict[str, Any]:
    """Send the load and return what came of it."""
    judged = session(Fraction(arguments.rate), arguments.requests)
    client = Client(arguments.url, dialogue("v2", "m", {}), 10.0)
    async with stacks.STACKS[arguments.stack](arguments.url) if arguments.stack else client as asks:
        target = Target(cast(Client, asks), [REQUEST])
        load = Load(judged, target, pace=Pace(concurrency=arguments.callers))
        gc.freeze()
        began = time.perf_counter()
        await load.send()
        took = time.perf_counter() - began
    requests, skipped = judged.shape.requests, judged.shape.warm_up
    return {
        "requests": requests,
        "seconds": took,
        "send_delay": load.delays.p99 / 1e9,
        "quantiles": [judged.quantile(share, 0, requests - skipped) / 1e9 for share in SHARES],
        "failed": target.problems.total(),
    }


def main() -> None:
    """Send, and print what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("rate")
    parser.add_argument("requests", type=int)
    parser.add_argument("--callers", type=int)
    parser.add_argument("--stack", choices=stacks.STACKS)
    print(json.dumps(uvloop.run(send(parser.parse_args()))))


if __name__ == "__main__":
    main()
