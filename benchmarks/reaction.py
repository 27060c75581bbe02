"""How soon the operator acts: from the API server's response to a user's change to our write.

    python -m benchmarks.reaction [--changes 200]

Both moments are from the API server's own audit log: when it completed the response to a change
of spec.replicas, and when it received the operator's first write after it.
"""

import argparse
import asyncio
import statistics
import sys
from datetime import datetime

from benchmarks.audit import Tail
from benchmarks.figures import Figure, report
from benchmarks.fleet import NAMESPACE, Fleet, make_namespace
from benchmarks.place import Place, place
from modelward.cluster.documents import condition
from modelward.cluster.kinds import MODEL_DEPLOYMENT
from tests.apiserver.kube import connected
from tests.apiserver.waiting import until

CHANGES = 200
MOST_MILLISECONDS = 20.0
_NAME = "m0000"


async def measure(where: Place, changes: int = CHANGES) -> list[Figure]:
    """Return the median, with the 95th percentile as its note."""
    async with connected(where.cluster.kubeconfig) as kube:
        await make_namespace(kube)
        fleet = Fleet(kube)
        with where.operator():
            await fleet.create(1, "1", replicas=1)
            await fleet.until("Healthy", "1")
            tail = Tail(where.cluster.audit_log)
            for number in range(changes):
                replicas = 2 - number % 2
                change = {"spec": {"replicas": replicas}}
                await kube.patch(MODEL_DEPLOYMENT, NAMESPACE, _NAME, change)
                await _settled(fleet, replicas)
    milliseconds = reactions(tail)
    p95 = statistics.quantiles(milliseconds, n=20)[-1]
    note = f"{len(milliseconds)} changes, p95 {p95:.1f} ms"
    return [Figure("reaction", statistics.median(milliseconds), "ms", MOST_MILLISECONDS, note)]


async def _settled(fleet: Fleet, replicas: int) -> None:
    async def settled() -> bool:
        now = await fleet.kube.get(MODEL_DEPLOYMENT, NAMESPACE, _NAME) or {}
        ready = condition(now, "Ready")
        current = ready.get("observedGeneration") == now["metadata"]["generation"]
        serves = now["status"].get("replicas") == replicas
        return current and serves and ready.get("status") == "True"

    await until(settled, f"{replicas} replicas to serve", seconds=60)
    await asyncio.sleep(0.1)


def reactions(tail: Tail) -> list[float]:
    """Return the milliseconds from each change to the first write of the operator after it."""
    writes = [each.received for each in tail.requests() if each.is_write]
    changes = (
        datetime.fromisoformat(entry["stageTimestamp"])
        for entry in tail.entries()
        if entry.get("userAgent") == "tests"
        and entry["verb"] == "patch"
        and entry.get("objectRef", {}).get("resource") == MODEL_DEPLOYMENT.plural
    )
    firsts = ((change, next((at for at in writes if at > change), None)) for change in changes)
    return [(first - change).total_seconds() * 1000 for change, first in firsts if first]


def main() -> int:
    """Measure, print, and take the cluster down."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--changes", type=int, default=CHANGES)
    arguments = parser.parse_args()
    with place() as where:
        return report(asyncio.run(measure(where, arguments.changes)))


if __name__ == "__main__":
    sys.exit(main())
