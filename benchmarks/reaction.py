"""How soon the operator acts: from the API server's response to a user's change to our write.

    python -m benchmarks.reaction [--changes 50]

Both moments are from the API server's own audit log: when it completed the response to a change
of spec.replicas, and when it received the operator's first write after it. Only etcd and
kube-apiserver run; pods are played.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from modelward.cluster.documents import condition
from modelward.cluster.kinds import MODEL_DEPLOYMENT
from modelward.writes import Document
from tests.apiserver.conftest import CRDS
from tests.apiserver.controllers import Controllers, playing
from tests.apiserver.kube import NAMESPACE, SERVICE_ACCOUNT, Kube, connected
from tests.apiserver.measured import exam
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import make_deployment
from tests.apiserver.waiting import until
from tests.cluster.provider import Cluster
from tests.cluster.providers import provider

_NAMESPACE = "reaction"


def main() -> int:
    """Measure, print, and take the control plane down."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--changes", type=int, default=50)
    arguments = parser.parse_args()
    clusters = provider()
    cluster = clusters.up("reaction", control_plane_only=True)
    try:
        milliseconds = asyncio.run(_measure(cluster, arguments.changes))
    finally:
        clusters.down("reaction")
    print(f"{len(milliseconds)} changes: from the API server's response to our first write,")
    quantiles = statistics.quantiles(milliseconds, n=20)
    print(f"median {statistics.median(milliseconds):.1f} ms, p95 {quantiles[-1]:.1f} ms")
    return 0


async def _measure(cluster: Cluster, changes: int) -> list[float]:
    cluster.kubectl("apply", "--server-side", "-k", str(CRDS))
    with tempfile.TemporaryDirectory() as folder:
        operator = OperatorProcess(cluster.kubeconfig, Path(folder, "operator.log"))
        operator.start()
        try:
            async with connected(cluster.kubeconfig) as kube:
                await kube.create(NAMESPACE, {"metadata": {"name": _NAMESPACE}})
                account = {"metadata": {"name": "default", "namespace": _NAMESPACE}}
                await kube.create(SERVICE_ACCOUNT, account)
                played = Controllers(kube, _NAMESPACE, ending=exam(lambda _: 95))
                async with playing(played):
                    await make_deployment(kube, _NAMESPACE, rollout={"drainDelay": "0s"})
                    await _healthy(kube, 1)
                    for number in range(changes):
                        replicas = 2 if number % 2 == 0 else 1
                        change = {"spec": {"replicas": replicas}}
                        await kube.patch(MODEL_DEPLOYMENT, _NAMESPACE, "fraud", change)
                        await _healthy(kube, replicas)
        finally:
            operator.kill()
    return _reactions(cluster.audit_log)


async def _healthy(kube: Kube, replicas: int) -> None:
    async def settled() -> bool:
        now: Document = await kube.get(MODEL_DEPLOYMENT, _NAMESPACE, "fraud") or {}
        ready = condition(now, "Ready")
        current = ready.get("observedGeneration") == now["metadata"]["generation"]
        serves = now["status"].get("replicas") == replicas
        return current and serves and ready.get("status") == "True"

    await until(settled, f"{replicas} replicas to serve", seconds=60)
    await asyncio.sleep(0.1)


def _reactions(audit_log: Path) -> list[float]:
    """Milliseconds from each change to the first write of the operator that follows it."""
    entries = [json.loads(line) for line in audit_log.read_bytes().splitlines()]
    writes = sorted(
        datetime.fromisoformat(entry["requestReceivedTimestamp"])
        for entry in entries
        if entry.get("userAgent", "").startswith("modelward/")
        and entry["verb"] in ("create", "patch", "delete")
    )
    changes = [
        datetime.fromisoformat(entry["stageTimestamp"])
        for entry in entries
        if entry.get("userAgent") == "tests"
        and entry["verb"] == "patch"
        and entry.get("objectRef", {}).get("resource") == "modeldeployments"
    ]
    reactions = []
    for change in changes:
        first = next((write for write in writes if write > change), None)
        if first:
            reactions.append((first - change).total_seconds() * 1000)
    return reactions


if __name__ == "__main__":
    sys.exit(main())
