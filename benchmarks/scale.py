"""Many releases at once: how long, and at what cost to the operator.

    python -m benchmarks.scale [--releases 20 100 300]

All ModelDeployments are given a second version at the same moment: 2 replicas, a benchmark that is
one canned result, weights 20, 50 and 100. etcd, kube-apiserver, kube-controller-manager (with
raised limits, or it is the bound) and kube-scheduler are real, nodes and pods are kwok's. The
operator has its default settings.
"""

import argparse
import asyncio
import sys
import time

from benchmarks.figures import Figure, report
from benchmarks.fleet import REPLICAS, Fleet, make_namespace
from benchmarks.place import Place, place
from tests.apiserver.kube import connected

RELEASES = (20, 100, 300)
SECONDS = {100: 30.0}
"""Bound on the wall clock: what Argo Rollouts took with raised limits."""
CPU_SECONDS = {100: 0.2}
"""Bound on CPU seconds per release: Argo Rollouts'."""


async def measure(where: Place, counts: tuple[int, ...] = RELEASES) -> list[Figure]:
    """Return the figures for each number of releases, the smallest number first."""
    async with connected(where.cluster.kubeconfig) as kube:
        await make_namespace(kube)
        fleet, figures = Fleet(kube), list[Figure]()
        for count in sorted(counts):
            figures += await _measure(where, fleet, count)
        return figures


async def _measure(where: Place, fleet: Fleet, count: int) -> list[Figure]:
    version, before = str(count), str(len(fleet.names))
    with where.operator() as operator:
        await fleet.create(count - len(fleet.names), version=before)
        await fleet.until("Healthy", before)
        await fleet.settled(pods=REPLICAS * count)
        cpu, began = operator.cpu_seconds(), time.monotonic()
        await fleet.serve(version)
        await fleet.until("Healthy", version)
        seconds = time.monotonic() - began
        await fleet.settled(pods=REPLICAS * count)
        cpu = (operator.cpu_seconds() - cpu) / count
        what = f"{count} releases at once"
        return [
            Figure(what, seconds, "s", SECONDS.get(count)),
            Figure(f"{what}: CPU of the operator, each", cpu, "s", CPU_SECONDS.get(count)),
            Figure(f"{what}: peak memory of the operator", operator.memory("VmHWM"), "MiB"),
        ]


def main() -> int:
    """Measure, print, and take the cluster down."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--releases", type=int, nargs="+", default=list(RELEASES))
    arguments = parser.parse_args()
    with place() as where:
        return report(asyncio.run(measure(where, tuple(arguments.releases))))


if __name__ == "__main__":
    sys.exit(main())
