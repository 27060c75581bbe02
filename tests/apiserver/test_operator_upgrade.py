"""A later version's schema fills more defaults into stored objects; nothing moves for that."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from modelward.cluster.kinds import BENCHMARK_RUN, MODEL_DEPLOYMENT, REPLICA_SET, Kind
from modelward.writes import Document
from tests.apiserver.controllers import Controllers
from tests.apiserver.kube import Kube
from tests.apiserver.measured import exam
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import make_deployment, serving
from tests.apiserver.waiting import until

pytestmark = pytest.mark.apiserver

CRD = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions")
NAME = "modeldeployments.modelward.dev"
FIELD = "later"
ADDED = {"type": "string", "default": "as ever"}
ROLLOUT = {"steps": [{"benchmark": {"upTo": "5m"}}], "drainDelay": "0s"}


def _extended(crd: Document) -> Document:
    """Give the spec, its rollout and its KPIs one more field with a default each."""
    extended: Document = json.loads(json.dumps(crd))
    spec = extended["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    members = spec["properties"]
    for place in (spec, members["rollout"], members["kpis"]["items"]):
        place["properties"][FIELD] = ADDED
    return extended


async def _replace_schema(kube: Kube, wanted: Document) -> None:
    current = await kube.send("GET", f"{CRD.path(None)}/{NAME}")
    current["spec"] = wanted["spec"]
    await kube.send("PUT", f"{CRD.path(None)}/{NAME}", current)


@pytest.fixture
async def later_schema(kube: Kube) -> AsyncIterator[Callable[[], Any]]:
    """Have the API server serve a later schema; the present one is put back afterwards."""
    present = await kube.send("GET", f"{CRD.path(None)}/{NAME}")
    yield lambda: _replace_schema(kube, _extended(present))
    await _replace_schema(kube, present)


async def _phase(kube: Kube, namespace: str, phase: str) -> Document:
    async def reached() -> Document | None:
        now = await kube.get(MODEL_DEPLOYMENT, namespace, "fraud")
        assert now is not None
        current = now["status"]["observedGeneration"] == now["metadata"]["generation"]
        return now if current and now["status"].get("phase") == phase else None

    return await until(reached, f"phase {phase}", seconds=180)


async def _children(kube: Kube, namespace: str) -> tuple[dict[str, Document], list[str]]:
    """Return the ReplicaSets' templates and labels by name, and the names of all runs."""
    sets = await kube.list(REPLICA_SET, namespace)
    made = {
        each["metadata"]["name"]: {
            "template": each["spec"]["template"],
            "labels": each["metadata"]["labels"],
        }
        for each in sets
    }
    runs = await kube.list(BENCHMARK_RUN, namespace)
    return made, sorted(run["metadata"]["name"] for run in runs)


async def test_a_schema_with_more_defaults_makes_no_revision_and_tries_no_failure_again(
    kube: Kube,
    namespace: str,
    controllers: Controllers,
    start_operator: Callable[..., OperatorProcess],
    later_schema: Callable[[], Any],
) -> None:
    controllers.ending = exam(lambda _: 95)
    await make_deployment(kube, namespace, replicas=2, rollout=ROLLOUT)
    operator = start_operator()
    await _phase(kube, namespace, "Healthy")
    controllers.ending = exam(lambda _: 91)
    change = {"spec": {"serving": serving("2")}}
    await kube.patch(MODEL_DEPLOYMENT, namespace, "fraud", change)
    await _phase(kube, namespace, "Degraded")
    before = await _children(kube, namespace)
    operator.kill()
    await later_schema()

    async def filled_in() -> bool:
        now = await kube.get(MODEL_DEPLOYMENT, namespace, "fraud")
        assert now is not None
        places = (now["spec"], now["spec"]["rollout"], *now["spec"]["kpis"])
        return all(place.get(FIELD) == ADDED["default"] for place in places)

    await until(filled_in, "the new defaults to be filled in")
    operator.start()
    await kube.patch(MODEL_DEPLOYMENT, namespace, "fraud", {"spec": {"replicas": 3}})
    scaled = await _phase(kube, namespace, "Degraded")
    assert scaled["status"]["failedRevision"]["reason"] == "accuracy"
    assert await _children(kube, namespace) == before
