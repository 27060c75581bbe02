"""A right too many and a right too few are found, with a real operator on a real API server."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from modelward.cluster.permissions import PERMISSIONS
from modelward.writes import Document
from tests.apiserver.controllers import Controllers
from tests.apiserver.kube import Kube
from tests.apiserver.manifests import CLUSTER_WIDE, OPERATOR, applied
from tests.apiserver.measured import exam
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.samples import make_deployment
from tests.apiserver.waiting import until
from tests.cluster.provider import Cluster
from tests.cluster.rights import (
    AuditLog,
    Right,
    account_kubeconfig,
    granted,
    refused,
    rights_of,
    unused,
)

pytestmark = pytest.mark.apiserver


@pytest.fixture(scope="module")
def installed(served: Cluster) -> Iterator[Cluster]:
    with applied(served, CLUSTER_WIDE):
        yield served


@pytest.fixture
async def audit(
    installed: Cluster, kube: Kube, namespace: str, controllers: Controllers, tmp_path: Path
) -> AsyncIterator[AuditLog]:
    """What an operator with a release to do asks of the API server."""
    log = AuditLog(installed.audit_log)
    controllers.ending = exam(lambda _: 95)
    kubeconfig = account_kubeconfig(installed, OPERATOR, tmp_path / "kubeconfig")
    operator = OperatorProcess(kubeconfig, tmp_path / "operator.log", (namespace,))
    operator.launch()
    await make_deployment(kube, namespace)
    yield log
    operator.kill()
    role(installed, [permission.to_rule() for permission in PERMISSIONS])


def role(cluster: Cluster, rules: list[Document]) -> None:
    """Have the operator's ClusterRole grant these rules."""
    patch = json.dumps([{"op": "replace", "path": "/rules", "value": rules}])
    cluster.kubectl("patch", "clusterrole", OPERATOR.name, "--type=json", f"--patch={patch}")


def without(resource: str) -> list[Document]:
    return [each.to_rule() for each in PERMISSIONS if each.resource != resource]


@pytest.fixture
def deprived(installed: Cluster, request: pytest.FixtureRequest) -> str:
    """Take a right away before the operator starts."""
    role(installed, without(request.param))
    return str(request.param)


@pytest.mark.parametrize(
    ("deprived", "asked"),
    [
        ("configmaps", "get "),
        ("modeldeployments/status", "patch "),
        # What is on finalizers is asked for by admission: each of these three is needed.
        ("modeldeployments/finalizers", "create "),
        ("replicasets/finalizers", "create "),
        ("benchmarkruns/finalizers", "create "),
    ],
    indirect=["deprived"],
)
async def test_a_right_too_few_is_found_by_what_the_operator_was_refused(
    deprived: str, audit: AuditLog, asked: str
) -> None:
    async def found() -> list[str]:
        return refused(audit.entries(OPERATOR))

    refusals = await until(found, f"a refusal for want of {deprived}", seconds=180)
    assert all(each.startswith(asked) for each in refusals), refusals


async def test_a_right_too_many_is_found_wherever_it_is_granted(
    installed: Cluster, audit: AuditLog, namespace: str
) -> None:
    secrets = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
    role(installed, [*(permission.to_rule() for permission in PERMISSIONS), secrets])
    account = f"--serviceaccount={OPERATOR.namespace}:{OPERATOR.name}"
    more = ("--verb=update", "--resource=pods", "-n", namespace)
    installed.kubectl("create", "role", "more", *more)
    installed.kubectl("create", "rolebinding", "more", "--role=more", account, "-n", namespace)

    async def said() -> bool:
        rules = [each.to_rule() for each in PERMISSIONS if each.subresource == "status"]
        used = {*rights_of(rules)} - {*unused(rights_of(rules), audit.entries(OPERATOR))}
        return Right("modelward.dev", "modeldeployments/status", "patch") in used

    await until(said, "the operator's work", seconds=180)
    too_many = unused(granted(installed, OPERATOR), audit.entries(OPERATOR))
    assert {Right("", "secrets", "get"), Right("", "pods", "update")} <= {*too_many}
    assert Right("", "configmaps", "get") not in too_many
    assert refused(audit.entries(OPERATOR)) == []
