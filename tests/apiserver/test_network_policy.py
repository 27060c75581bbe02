"""The network policy goes with every overlay and means the operator's pods.

No network of the test clusters enforces policies; what it lets through was not tried.
"""

import json
from pathlib import Path

import pytest

from tests.apiserver.manifests import MANIFESTS, account_of, built, one, with_components
from tests.cluster.provider import Cluster

pytestmark = pytest.mark.apiserver


@pytest.mark.parametrize("overlay", sorted(f.name for f in (MANIFESTS / "overlays").iterdir()))
def test_it_selects_the_operator_s_pods_in_the_operator_s_namespace(
    served: Cluster, overlay: str, tmp_path: Path
) -> None:
    documents = built(served, with_components(tmp_path / "own", overlay, "network-policy"))
    policy, deployment = one(documents, "NetworkPolicy"), one(documents, "Deployment")
    assert policy["metadata"]["namespace"] == deployment["metadata"]["namespace"]
    template = deployment["spec"]["template"]
    selected = policy["spec"]["podSelector"]["matchLabels"].items()
    assert selected <= template["metadata"]["labels"].items()
    (container,) = template["spec"]["containers"]
    ((ingress,),) = [rule["ports"] for rule in policy["spec"]["ingress"]]
    assert ingress["port"] in {port["name"] for port in container["ports"]}


def test_the_api_server_takes_it(served: Cluster, tmp_path: Path) -> None:
    folder = with_components(tmp_path / "own", "cluster-wide", "network-policy")
    documents = built(served, folder)
    served.kubectl("create", "namespace", account_of(documents).namespace, check=False)
    text = json.dumps(one(documents, "NetworkPolicy"))
    taken = served.kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=text)
    assert "networkpolicy.networking.k8s.io/modelward-operator serverside-applied" in taken.stdout
