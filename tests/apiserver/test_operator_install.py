"""The manifests on a real API server, and the operator with just the permissions they give."""

import asyncio
import json
from pathlib import Path

import pytest
import yaml

from modelward.cluster.documents import condition
from modelward.cluster.kinds import MODEL_DEPLOYMENT
from modelward.writes import Document
from tests.apiserver.controllers import Controllers
from tests.apiserver.kube import Kube
from tests.apiserver.measured import exam
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import make_deployment, serving
from tests.apiserver.waiting import until
from tests.cluster.provider import Cluster

pytestmark = pytest.mark.apiserver

BASE = Path(__file__).parents[2] / "manifests" / "base"
ACCOUNT = "modelward-operator"
NAMESPACE = "modelward-system"


@pytest.fixture(scope="module")
def installed(served: Cluster) -> Cluster:
    served.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(BASE))
    return served


@pytest.fixture
def as_operator(installed: Cluster, tmp_path: Path) -> Path:
    """A kubeconfig of the operator's service account."""
    config = yaml.safe_load(installed.kubeconfig.read_text())
    token = installed.kubectl("create", "token", ACCOUNT, "-n", NAMESPACE).stdout.strip()
    (user,) = config["users"]
    user["user"] = {"token": token}
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


def test_it_can_be_applied_twice(installed: Cluster) -> None:
    again = installed.kubectl("apply", "--server-side", "-k", str(BASE))
    assert f"deployment.apps/{ACCOUNT} serverside-applied" in again.stdout


def test_the_operator_s_pod_is_allowed_where_pod_security_is_restricted(
    installed: Cluster, tmp_path: Path
) -> None:
    deployment = yaml.safe_load((BASE / "deployment.yaml").read_text())
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "operator", "namespace": NAMESPACE},
        "spec": deployment["spec"]["template"]["spec"],
    }
    path = tmp_path / "pod.json"
    path.write_text(json.dumps(pod))
    installed.kubectl("apply", "--dry-run=server", "-f", str(path))


async def test_whole_releases_need_no_permission_that_the_manifests_do_not_give(
    as_operator: Path,
    installed: Cluster,
    kube: Kube,
    namespace: str,
    controllers: Controllers,
    tmp_path: Path,
) -> None:
    offset = installed.audit_log.stat().st_size
    controllers.ending = exam(lambda _: 95)
    operator = OperatorProcess(as_operator, tmp_path / "operator.log")
    operator.start()
    try:
        await make_deployment(kube, namespace, rollout={"drainDelay": "0s"})
        await _until_ready(kube, namespace)
        controllers.ending = exam(lambda _: 20)
        await kube.patch(MODEL_DEPLOYMENT, namespace, "fraud", {"spec": {"serving": serving("2")}})
        await _until_ready(kube, namespace, "False")
        await asyncio.sleep(0.5)
    finally:
        operator.kill()
    entries = map(json.loads, installed.audit_log.read_bytes()[offset:].splitlines())
    mine = [entry for entry in entries if ACCOUNT in entry["user"]["username"]]
    assert {entry["verb"] for entry in mine} >= {"create", "patch", "list"}
    refused = [entry["requestURI"] for entry in mine if entry["responseStatus"]["code"] == 403]
    assert refused == []


async def _until_ready(kube: Kube, namespace: str, status: str = "True") -> None:
    async def ready() -> bool:
        now: Document = await kube.get(MODEL_DEPLOYMENT, namespace, "fraud") or {}
        current = now["status"]["observedGeneration"] == now["metadata"]["generation"]
        return current and condition(now, "Ready").get("status") == status

    await until(ready, f"Ready {status}", seconds=60)
