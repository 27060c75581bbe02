"""What a release asks of the API server, and what the operator asks while nothing happens.

    python -m benchmarks.requests

The release is the promotion of a second version: a benchmark, weight 50, three replicas, maxSurge
1, one data set. Controllers and scheduler are real, pods are kwok's. Counted in the audit log.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable

from benchmarks.audit import Request, Tail, count
from benchmarks.figures import Figure, report
from benchmarks.fleet import Fleet, make_namespace
from benchmarks.place import Place, place
from tests.apiserver.kube import connected

REPLICAS = 3
MOST_WRITES = 24
IDLE_SECONDS = 90.0
"""Between the two versions. Longer than the pause between two bookmarks, and than a reading of the
data set counts, which is a minute each."""
RESYNC_SECONDS = 20.0
"""The check of the cache is made frequent, so that it happens meanwhile; by default 600."""

_QUIET = 3.0
"""Seconds after which all that belongs together has been asked."""
_ROLLOUT = {
    "steps": [{"benchmark": {"upTo": "10m"}}, {"weight": 50}],
    "maxSurge": 1,
    "maxUnavailable": 0,
}


async def measure(where: Place, idle_seconds: float = IDLE_SECONDS) -> list[Figure]:
    """Return the figures."""
    async with connected(where.cluster.kubeconfig) as kube:
        await make_namespace(kube)
        fleet = Fleet(kube)
        with where.operator(f"--resync={RESYNC_SECONDS}"):
            await fleet.create(1, "1", replicas=REPLICAS, rollout=_ROLLOUT)
            await fleet.until("Healthy", "1")
            await asyncio.sleep(_QUIET)
            idle = await _requests(where, asyncio.sleep(idle_seconds))
            released = await _requests(where, _release(fleet))
    return [*_figures(released), _idle_figure(idle, idle_seconds)]


async def _requests(where: Place, meanwhile: Awaitable[None]) -> list[Request]:
    """Return the operator's requests meanwhile; watches are no requests here."""
    tail = Tail(where.cluster.audit_log)
    await meanwhile
    return [each for each in tail.requests() if each.verb != "watch"]


async def _release(fleet: Fleet) -> None:
    """Release the second version; it ends when its predecessor's pods are gone."""
    await fleet.serve("2")
    await fleet.until("Healthy", "2")
    await fleet.settled(pods=REPLICAS)
    await asyncio.sleep(_QUIET)


def _figures(requests: list[Request]) -> list[Figure]:
    writes = [each for each in requests if each.is_write]
    reads = [each for each in requests if each.is_read]
    expected = {("get", "configmaps"), ("list", "pods")}
    other = [each for each in reads if (each.verb, each.resource) not in expected]
    events = [each for each in requests if each.is_event]
    return [
        Figure("writes of a release", len(writes), "", MOST_WRITES, count(writes), inclusive=True),
        Figure("GETs of its data set", len(reads) - len(other) - _lists(reads), "", 1, "", True),
        Figure("LISTs of its Job's pods", _lists(reads), "", 1, "", True),
        Figure("other reads of a release", len(other), "", 0, count(other), inclusive=True),
        Figure("Events of a release", len(events), ""),
    ]


def _lists(reads: list[Request]) -> int:
    return sum((each.verb, each.resource) == ("list", "pods") for each in reads)


def _idle_figure(idle: list[Request], seconds: float) -> Figure:
    note = f"in {seconds:.0f} s with {seconds / RESYNC_SECONDS:.0f} checks of the cache"
    if idle:
        note += f": {count(idle)}"
    return Figure("requests while nothing happens", len(idle), "", 0, note, inclusive=True)


def main() -> int:
    """Measure, print, and take the cluster down."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, metavar="SECONDS")
    arguments = parser.parse_args()
    with place() as where:
        return report(asyncio.run(measure(where, arguments.idle)))


if __name__ == "__main__":
    sys.exit(main())
