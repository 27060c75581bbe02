"""Many ModelDeployments at once, and what becomes of them."""

import asyncio
import json
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field

from modelward.api.names import NAME
from modelward.cluster.kinds import CONFIG_MAP, MODEL_DEPLOYMENT, POD
from modelward.writes import Document
from tests.apiserver.kube import NAMESPACE as NAMESPACES
from tests.apiserver.kube import Kube

NAMESPACE = "models"
"""The namespace that everything is in."""

_AT_ONCE = 16
"""Requests that are under way at a time."""
_TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"
_EACH = 0.25
"""Seconds between two looks."""

REPLICAS = 2
STEPS = [{"benchmark": {"upTo": "10m"}}, {"weight": 20}, {"weight": 50}]
"""Of a release: weight 100 follows by itself."""


@dataclass
class Fleet:
    """The ModelDeployments of the namespace."""

    kube: Kube
    names: list[str] = field(default_factory=list)

    async def create(self, count: int, version: str, **spec: object) -> None:
        """Make so many more of them."""
        first = len(self.names)
        new = [f"m{number:04}" for number in range(first, first + count)]
        await together(
            self.kube.create(MODEL_DEPLOYMENT, deployment(name, version, **spec)) for name in new
        )
        self.names += new

    async def serve(self, version: str) -> None:
        """Ask all of them for this version at once."""
        change = {"spec": serving(version)}
        await together(
            self.kube.patch(MODEL_DEPLOYMENT, NAMESPACE, name, change) for name in self.names
        )

    async def until(self, phase: str, version: str, seconds: float = 600) -> None:
        """Wait until all of them are in this phase and this version serves."""
        async with asyncio.timeout(seconds):
            there = await self.count(phase, version)
            while there < len(self.names):
                await asyncio.sleep(_EACH)
                there = await self.count(phase, version)

    async def settled(self, pods: int, seconds: float = 120) -> None:
        """Wait until no more serving pods are there than these: old ones have drained."""
        async with asyncio.timeout(seconds):
            present = await self.kube.list(POD, NAMESPACE, NAME)
            while len(present) > pods:
                await asyncio.sleep(1)
                present = await self.kube.list(POD, NAMESPACE, NAME)

    async def count(self, phase: str, version: str) -> int:
        """Return how many are in this phase while this version serves."""
        answer = await self.kube.send("GET", MODEL_DEPLOYMENT.path(NAMESPACE), accept=_TABLE)
        columns = [column["name"] for column in answer["columnDefinitions"]]
        rows = (dict(zip(columns, row["cells"], strict=True)) for row in answer["rows"] or ())
        return sum((row["Phase"], row["Stable-Version"]) == (phase, version) for row in rows)


async def make_namespace(kube: Kube) -> None:
    """Create the namespace and the data set that all share."""
    await kube.create(NAMESPACES, {"metadata": {"name": NAMESPACE}})
    rows = [json.dumps({"id": str(each), "inputs": [], "expected": each}) for each in range(100)]
    metadata = {"name": "golden", "namespace": NAMESPACE}
    await kube.create(CONFIG_MAP, {"metadata": metadata, "data": {"rows.jsonl": "\n".join(rows)}})


async def together(calls: Iterable[Awaitable[object]]) -> None:
    """Wait for all calls, of which a few are under way at a time."""
    free = asyncio.Semaphore(_AT_ONCE)

    async def one(call: Awaitable[object]) -> None:
        async with free:
            await call

    async with asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(one(call))


def deployment(name: str, version: str, **spec: object) -> Document:
    """Return a ModelDeployment as users have them; `spec` replaces members of its spec."""
    return {
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "replicas": REPLICAS,
            **serving(version),
            "datasets": [{"name": "golden", "configMap": {"name": "golden", "key": "rows.jsonl"}}],
            "kpis": [
                {
                    "name": "accuracy",
                    "benchmark": {"dataset": "golden", "metric": "accuracy"},
                    "objective": {"atLeast": "92%"},
                }
            ],
            "rollout": {"steps": STEPS},
            **spec,
        },
    }


def serving(version: str) -> Document:
    """Return the members of spec that make a revision: a model server with the usual settings."""
    container = {
        "name": "server",
        "image": f"registry.example.com/models/fraud:{version}",
        "env": [
            {"name": "MLSERVER_PARALLEL_WORKERS", "value": "0"},
            {"name": "MLSERVER_MODELS_DIR", "value": "/mnt/models"},
        ],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "cache", "mountPath": "/mnt/cache"}],
    }
    pod = {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [{"name": "cache", "emptyDir": {"sizeLimit": "1Gi"}}],
    }
    template = {"metadata": {"labels": {"team": "risk"}}, "spec": pod}
    return {"model": {"version": version}, "serving": {"port": 8080, "template": template}}
