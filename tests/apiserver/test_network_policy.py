"""The network policies go with every overlay and mean the operator's pods.

No network of the test clusters enforces policies; what it lets through was not tried.
"""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from modelward.writes import Document
from tests.apiserver.manifests import (
    MANIFESTS,
    OPERATOR,
    account_of,
    built,
    one,
    with_components,
)
from tests.cluster.provider import Cluster

pytestmark = pytest.mark.apiserver


PROMETHEUS = "modelward-operator-prometheus"


@pytest.mark.parametrize("overlay", sorted(f.name for f in (MANIFESTS / "overlays").iterdir()))
def test_they_select_the_operator_s_pods_in_the_operator_s_namespace(
    served: Cluster, overlay: str, tmp_path: Path
) -> None:
    documents = built(served, with_components(tmp_path / "own", overlay, "network-policy"))
    deployment = one(documents, "Deployment")
    template = deployment["spec"]["template"]
    policies = [d for d in documents if d["kind"] == "NetworkPolicy"]
    assert {p["metadata"]["name"] for p in policies} == {OPERATOR.name, PROMETHEUS}
    for policy in policies:
        assert policy["metadata"]["namespace"] == deployment["metadata"]["namespace"]
        selected = policy["spec"]["podSelector"]["matchLabels"].items()
        assert selected <= template["metadata"]["labels"].items()
    (container,) = template["spec"]["containers"]
    ((ingress,),) = [rule["ports"] for rule in one(policies, "NetworkPolicy")["spec"]["ingress"]]
    assert ingress["port"] in {port["name"] for port in container["ports"]}


def test_the_port_of_the_prometheus_that_the_docs_name_is_let_through() -> None:
    """The example of docs/operations.md, which names no other port than the component."""
    settings = _block("operations.md", "prometheus.yaml: |")["data"]["prometheus.yaml"]
    component = MANIFESTS / "components" / "network-policy" / "prometheus.yaml"
    to_pods, to_names = yaml.safe_load(component.read_text())["spec"]["egress"]
    assert [port["port"] for port in to_pods["ports"]] == [
        urlsplit(yaml.safe_load(settings)["url"]).port
    ]
    assert [port["port"] for port in to_names["ports"]] == [53, 53]


def test_the_api_server_takes_them_also_with_another_port_as_the_docs_patch_it(
    served: Cluster, tmp_path: Path
) -> None:
    folder = with_components(tmp_path / "own", "cluster-wide", "network-policy")
    as_delivered = built(served, folder)
    kustomization = folder / "kustomization.yaml"
    patched = yaml.safe_load(kustomization.read_text()) | _block("security.md", "patches:")
    kustomization.write_text(yaml.safe_dump(patched))
    documents = built(served, folder)
    served.kubectl("create", "namespace", account_of(documents).namespace, check=False)
    for found in (as_delivered, documents):
        for name in (OPERATOR.name, PROMETHEUS):
            text = json.dumps(one(found, "NetworkPolicy", name))
            dry = ("apply", "--server-side", "--dry-run=server", "-f", "-")
            assert f"networkpolicy.networking.k8s.io/{name} serverside-applied" in (
                served.kubectl(*dry, stdin=text).stdout
            )
    rule = one(documents, "NetworkPolicy", PROMETHEUS)["spec"]["egress"][0]
    assert [port["port"] for port in rule["ports"]] == [8428]


def _block(document: str, words: str) -> Document:
    """Return the YAML of a page that has these words in it."""
    text = (MANIFESTS.parent / "docs" / document).read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (found,) = (block for block in blocks if words in block)
    content: Document = yaml.safe_load(found)
    return content
