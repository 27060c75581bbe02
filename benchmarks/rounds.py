"""Whether the operator's memory stays as it is, release after release.

    python -m benchmarks.rounds [--resources 20] [--rounds 10]

All resources are given a new version, again and again. One old revision of each is kept, so that
from the third round on the cluster holds as many objects after each round.
"""

import argparse
import asyncio
import sys

from benchmarks.figures import Figure, report
from benchmarks.fleet import REPLICAS, STEPS, Fleet, make_namespace
from benchmarks.place import Place, place
from tests.apiserver.kube import connected

RESOURCES, ROUNDS = 20, 10
FULL = 3
"""Rounds until the cluster holds as many objects as it ever will."""
MOST_GROWTH = 2.0
"""MiB between then and the last round: what a heap moves by itself."""


async def measure(where: Place, resources: int = RESOURCES, rounds: int = ROUNDS) -> list[Figure]:
    """Return the growth, with the memory after each round as its note."""
    async with connected(where.cluster.kubeconfig) as kube:
        await make_namespace(kube)
        fleet, memory = Fleet(kube), list[float]()
        with where.operator() as operator:
            await fleet.create(resources, "0", rollout={"steps": STEPS, "revisionHistoryLimit": 1})
            await fleet.until("Healthy", "0")
            for number in range(1, rounds + 1):
                await fleet.serve(str(number))
                await fleet.until("Healthy", str(number))
                await fleet.settled(pods=REPLICAS * resources)
                memory.append(operator.memory())
    note = "MiB after each: " + " ".join(f"{each:.1f}" for each in memory)
    growth = max(memory[FULL - 1 :]) - memory[FULL - 1]
    what = f"growth of memory from round {FULL} to {rounds}, {resources} releases each"
    return [Figure(what, growth, "MiB", MOST_GROWTH, note)]


def main() -> int:
    """Measure, print, and take the cluster down."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--resources", type=int, default=RESOURCES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    with place() as where:
        return report(asyncio.run(measure(where, arguments.resources, arguments.rounds)))


if __name__ == "__main__":
    sys.exit(main())
