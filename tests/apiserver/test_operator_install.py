"""Each overlay on a real API server, and the operator with just the rights that it gives."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from modelward.cluster.documents import condition
from modelward.cluster.kinds import MODEL_DEPLOYMENT
from modelward.writes import Document
from tests.apiserver.controllers import Controllers, playing
from tests.apiserver.kube import Kube
from tests.apiserver.manifests import MANIFESTS, account_of, applied, namespaces_of, one
from tests.apiserver.measured import exam
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import make_deployment, serving
from tests.apiserver.waiting import until
from tests.cluster.provider import Cluster
from tests.cluster.rights import AuditLog, account_kubeconfig, refused

pytestmark = pytest.mark.apiserver

ROLLOUT = {"steps": [{"benchmark": {}}, {"weight": 50}], "drainDelay": "0s"}
OVERLAYS = sorted(folder.name for folder in (MANIFESTS / "overlays").iterdir())


@pytest.fixture(scope="module", params=OVERLAYS)
def overlay(served: Cluster, request: pytest.FixtureRequest) -> Iterator[list[Document]]:
    """What an overlay consists of; it is applied."""
    with applied(served, MANIFESTS / "overlays" / request.param) as documents:
        yield documents


@pytest.fixture
async def places(
    overlay: list[Document], served: Cluster, kube: Kube, namespace: str
) -> AsyncIterator[list[str]]:
    """The namespaces of the overlay, played by controllers; any one where it is cluster-wide."""
    found = [*namespaces_of(overlay)] or [namespace]
    async with AsyncExitStack() as stack:
        for place in found:
            # The control plane alone makes none, and without one no pod can be created.
            served.kubectl("create", "serviceaccount", "default", "-n", place, check=False)
            controllers = Controllers(kube, place)
            controllers.ending = exam(lambda _: 95)
            await stack.enter_async_context(playing(controllers))
        yield found


def test_it_can_be_applied_twice(overlay: list[Document], served: Cluster) -> None:
    documents = {"apiVersion": "v1", "kind": "List", "items": overlay}
    again = served.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(documents))
    assert "deployment.apps/modelward-operator serverside-applied" in again.stdout


def test_the_operator_s_pod_is_allowed_where_pod_security_is_restricted(
    overlay: list[Document], served: Cluster
) -> None:
    served.kubectl("apply", "--server-side", "-k", str(MANIFESTS / "system"))
    template = one(overlay, "Deployment")["spec"]["template"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "operator", "namespace": "modelward-system"},
        "spec": template["spec"],
    }
    served.kubectl("apply", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))


async def test_a_release_in_each_namespace_needs_no_more_rights_than_the_overlay_gives(
    overlay: list[Document], places: list[str], served: Cluster, kube: Kube, tmp_path: Path
) -> None:
    account, audit = account_of(overlay), AuditLog(served.audit_log)
    kubeconfig = account_kubeconfig(served, account, tmp_path / "kubeconfig")
    operator = OperatorProcess(kubeconfig, tmp_path / "operator.log", namespaces_of(overlay))
    operator.start()
    try:
        for place in places:
            await make_deployment(kube, place, rollout=ROLLOUT)
            await _until_ready(kube, place)
            change = {"spec": {"serving": serving("2")}}
            await kube.patch(MODEL_DEPLOYMENT, place, "fraud", change)
            await _until_ready(kube, place)
        await asyncio.sleep(0.5)
    finally:
        operator.kill()
    entries = audit.entries(account)
    assert {entry["verb"] for entry in entries} >= {"create", "patch", "watch"}
    assert refused(entries) == []
    if namespaces_of(overlay):
        asked = {e["objectRef"].get("namespace") for e in entries if "objectRef" in e}
        assert asked == set(places)


def test_a_namespaced_operator_may_read_no_other_namespace(
    overlay: list[Document], served: Cluster
) -> None:
    user = f"--as={account_of(overlay).user}"
    question = ("auth", "can-i", "watch", "modeldeployments.modelward.dev", user)
    answers = {
        place: served.kubectl(*question, "-n", place, check=False).stdout.strip()
        for place in (*namespaces_of(overlay), "default")
    }
    everywhere = served.kubectl(*question, "--all-namespaces", check=False).stdout.strip()
    named = namespaces_of(overlay)
    assert answers.pop("default") == everywhere == ("no" if named else "yes")
    assert set(answers.values()) <= {"yes"}


async def _until_ready(kube: Kube, namespace: str) -> None:
    async def ready() -> bool:
        now: Document = await kube.get(MODEL_DEPLOYMENT, namespace, "fraud") or {}
        current = now["status"].get("observedGeneration") == now["metadata"]["generation"]
        return current and condition(now, "Ready").get("status") == "True"

    await until(ready, "Ready", seconds=180)
