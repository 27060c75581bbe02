"""How soon one bad candidate among idle resources is rolled back.

    python -m benchmarks.bad [--idle 100]

From the moment when the Job of its benchmark has ended, which is when a result counts, until the
status says that it is rolled back and stays at weight 0. Both are from the audit log. The median
of five such versions.
"""

import argparse
import asyncio
import statistics
import sys
from datetime import datetime

from benchmarks.audit import Tail
from benchmarks.figures import Figure, report
from benchmarks.fleet import NAMESPACE, Fleet, make_namespace, serving
from benchmarks.place import Place, place
from modelward.cluster.kinds import MODEL_DEPLOYMENT
from modelward.writes import Document
from tests.apiserver.kube import connected
from tests.apiserver.waiting import until

IDLE = 100
VERSIONS = 5
MOST_SECONDS = 0.6
_NAME = "m0000"
_FAILS = {"benchmarkPod": {"annotations": {"correct": "50"}}}
"""Tells the simulated benchmark pod how many of 100 rows are right."""


async def measure(where: Place, idle: int = IDLE) -> list[Figure]:
    """Return the figure."""
    async with connected(where.cluster.kubeconfig) as kube:
        await make_namespace(kube)
        fleet = Fleet(kube)
        with where.operator():
            await fleet.create(idle + 1, "good")
            await fleet.until("Healthy", "good")
            seconds = [await _roll_back(where, fleet, f"bad-{n}") for n in range(VERSIONS)]
    what = f"one bad candidate among {idle}: rolled back after its result"
    note = f"of {VERSIONS}, the slowest {max(seconds):.2f} s"
    return [Figure(what, statistics.median(seconds), "s", MOST_SECONDS, note)]


async def _roll_back(where: Place, fleet: Fleet, version: str) -> float:
    """Serve a version that fails; return the seconds from its result to the last write."""
    tail = Tail(where.cluster.audit_log)
    change = {"spec": {**serving(version), **_FAILS}}
    await fleet.kube.patch(MODEL_DEPLOYMENT, NAMESPACE, _NAME, change)

    async def rolled_back() -> bool:
        now = await fleet.kube.get(MODEL_DEPLOYMENT, NAMESPACE, _NAME) or {}
        failed = now["status"].get("failedRevision") or {}
        return failed.get("version") == version

    await until(rolled_back, f"{version} to be rolled back", seconds=60)
    entries = tail.entries()
    ended = max(_ends(entries, "jobs", "system:serviceaccount:kube-system:job-controller"))
    told = [at for at in _ends(entries, MODEL_DEPLOYMENT.plural) if at > ended]
    return (max(told) - ended).total_seconds()


def _ends(entries: list[Document], resource: str, user: str = "") -> list[datetime]:
    """Return when the writes of a status were completed, by this user or by the operator."""
    return [
        datetime.fromisoformat(entry["stageTimestamp"])
        for entry in entries
        if (entry.get("objectRef") or {}).get("resource") == resource
        and entry["objectRef"].get("subresource") == "status"
        and entry["verb"] in ("patch", "update")
        and (entry["user"]["username"] == user or (not user and _is_ours(entry)))
    ]


def _is_ours(entry: Document) -> bool:
    return str(entry.get("userAgent", "")).startswith("modelward/")


def main() -> int:
    """Measure, print, and take the cluster down."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--idle", type=int, default=IDLE)
    arguments = parser.parse_args()
    with place() as where:
        return report(asyncio.run(measure(where, arguments.idle)))


if __name__ == "__main__":
    sys.exit(main())
