"""A job that measures by Locust: users who call the model as fast as it answers.

    python measure.py --users 10 --seconds 30 --slower-than 0.25

It reports the requests that failed as the KPI "errors", those slower than the limit as the KPI
"slow", and the requests per second as "throughput"; of these, the ones that it is asked for. The
payload is the data set "golden", whose rows are sent in turn.
"""

import argparse
import itertools
import json
import time
from collections import Counter

import gevent
from contract import Plan, dispersion_of, requests
from locust import FastHttpUser, task
from locust.env import Environment

LONGEST_STRETCH = 0.25
"""Seconds."""
STRETCHES = 80
"""At least so many, also where it measures for a few seconds: a dispersion takes 60 of them."""


class Seen:
    """What came of the requests, by the stretch of time in which they ended."""

    def __init__(self, slower_than: float, seconds: float) -> None:
        """`seconds` is for how long it will be seen."""
        self.slower_than = slower_than
        self.stretch = min(LONGEST_STRETCH, seconds / STRETCHES)
        self.requests: Counter[int] = Counter()
        self.failed: Counter[int] = Counter()
        self.slow: Counter[int] = Counter()
        self.began = time.monotonic()

    def note(self, response_time: float, exception: Exception | None, **_: object) -> None:
        """Take note of a request, as Locust tells it: its time in milliseconds."""
        stretch = int((time.monotonic() - self.began) / self.stretch)
        self.requests[stretch] += 1
        self.failed[stretch] += exception is not None
        # What failed was no answer in time, however fast it came.
        self.slow[stretch] += exception is not None or response_time > self.slower_than * 1000

    def counted(self, bad: "Counter[int]") -> dict[str, int]:
        """Return bad requests as the operator counts them."""
        stretches = range(max(self.requests, default=0) + 1)
        clumped = dispersion_of([bad[i] for i in stretches])
        return requests(self.requests.total(), bad.total(), clumped)


def main() -> None:
    """Measure as the plan says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--slower-than", type=float, default=0.25, help="seconds")
    options = parser.parse_args()
    plan = Plan.read()
    lines = plan.dataset("golden").read_text(encoding="utf-8").splitlines()
    bodies = itertools.cycle([{"inputs": json.loads(line)["inputs"]} for line in lines if line])

    class Caller(FastHttpUser):
        """One who calls the model again as soon as it has answered."""

        host = plan.target

        @task
        def predict(self) -> None:
            self.client.post(f"/v2/models/{plan.model}/infer", json=next(bodies))

    environment = Environment(user_classes=[Caller])
    seen = Seen(options.slower_than, options.seconds)
    environment.events.request.add_listener(seen.note)
    runner = environment.create_local_runner()
    runner.start(options.users, spawn_rate=options.users)
    gevent.sleep(options.seconds)
    runner.quit()
    rate = (seen.requests.total() - seen.failed.total()) / options.seconds
    found = {
        "errors": seen.counted(seen.failed),
        "slow": seen.counted(seen.slow),
        "throughput": f"{rate:.2f}",
    }
    plan.write_result({name: found[name] for name in plan.kpis if name in found})


if __name__ == "__main__":
    main()
