"""How much memory the operator holds, with many resources that were each released twice.

    python -m benchmarks.memory [--resources 100 1000]

The objects are real and on a real API server: two releases of one resource by the operator, real
controllers and kwok's pods, and copies of what they left (see copies.py). An operator is started on
them, finds nothing to write, and is looked at a minute later in /proc.
"""

import argparse
import asyncio
import sys

from benchmarks.audit import Tail, count
from benchmarks.copies import copies, family
from benchmarks.figures import Figure, report
from benchmarks.fleet import REPLICAS, Fleet, make_namespace
from benchmarks.place import Place, place
from tests.apiserver.kube import connected
from tests.cluster.local import simulated

RESOURCES = (100, 1000)
MOST_MEBIBYTES = {100: 90.0, 1000: 140.0}
SECONDS = 60.0


async def measure(
    where: Place, counts: tuple[int, ...] = RESOURCES, seconds: float = SECONDS
) -> list[Figure]:
    """Return the resident memory for each number of resources, the smallest first.

    Controllers and simulated nodes are stopped for good.
    """
    async with connected(where.cluster.kubeconfig) as kube:
        await make_namespace(kube)
        fleet, figures, made = Fleet(kube), list[Figure](), 1
        await _release_twice(where, fleet)
        simulated.stop(where.cluster.layout)
        original = await family(kube, fleet.names[0])
        for wanted in sorted(counts):
            await copies(kube, original, range(made, wanted))
            made = max(made, wanted)
            figures.append(await _look(where, wanted, seconds, len(original.members)))
        return figures


async def _release_twice(where: Place, fleet: Fleet) -> None:
    with where.operator():
        await fleet.create(1, "1")
        await fleet.until("Healthy", "1")
        await fleet.serve("2")
        await fleet.until("Healthy", "2")
        await fleet.settled(pods=REPLICAS)
        await asyncio.sleep(3)


async def _look(where: Place, wanted: int, seconds: float, each: int) -> Figure:
    tail = Tail(where.cluster.audit_log)
    with where.operator() as operator:
        await asyncio.sleep(seconds)
        note = f"{wanted * each:,} objects, peak {operator.memory('VmHWM'):.0f} MiB"
        held = operator.memory()
    written = [request for request in tail.requests() if request.is_write]
    if written:
        raise AssertionError(f"the copies are not what releases leave: {count(written)}")
    return Figure(
        f"memory with {wanted:,} resources", held, "MiB", MOST_MEBIBYTES.get(wanted), note
    )


def main() -> int:
    """Measure, print, and take the cluster down."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--resources", type=int, nargs="+", default=list(RESOURCES))
    arguments = parser.parse_args()
    with place() as where:
        return report(asyncio.run(measure(where, tuple(arguments.resources))))


if __name__ == "__main__":
    sys.exit(main())
