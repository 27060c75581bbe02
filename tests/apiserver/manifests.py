"""The manifests as tests build and apply them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from modelward.writes import Document
from tests.cluster.provider import Cluster
from tests.cluster.rights import Account

MANIFESTS = Path(__file__).parents[2] / "manifests"
CLUSTER_WIDE = MANIFESTS / "overlays" / "cluster-wide"
OPERATOR = Account("modelward-system", "modelward-operator")


def built(cluster: Cluster, folder: Path) -> list[Document]:
    """Return what `kubectl kustomize` makes of a folder."""
    return [*yaml.safe_load_all(cluster.kubectl("kustomize", str(folder)).stdout)]


def one(documents: list[Document], kind: str, name: str = OPERATOR.name) -> Document:
    """Return the one document of this kind and name."""
    (found,) = (d for d in documents if (d["kind"], d["metadata"]["name"]) == (kind, name))
    return found


def account_of(documents: list[Document]) -> Account:
    """Return the account that the operator runs under."""
    return Account(one(documents, "Deployment")["metadata"]["namespace"], OPERATOR.name)


def namespaces_of(documents: list[Document]) -> tuple[str, ...]:
    """Return the namespaces that the operator is told to look after; none means all."""
    deployment = one(documents, "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    for entry in container["env"]:
        if entry["name"] == "MODELWARD_NAMESPACES":
            if "value" in entry:
                return tuple(entry["value"].split(","))
            assert entry["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.namespace"
            return (deployment["metadata"]["namespace"],)
    return ()


def with_components(folder: Path, overlay: str, *components: str) -> Path:
    """Write a kustomization as a user has it: an overlay with components; its folder."""
    text = {
        "resources": [os.path.relpath(MANIFESTS / "overlays" / overlay, folder)],
        "components": [os.path.relpath(MANIFESTS / "components" / c, folder) for c in components],
    }
    folder.mkdir(exist_ok=True)
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(text))
    return folder


@contextmanager
def applied(cluster: Cluster, folder: Path) -> Iterator[list[Document]]:
    """Apply a folder, and take its bindings away in the end, so that the next one starts bare."""
    documents = built(cluster, folder)
    wanted = {account_of(documents).namespace, *namespaces_of(documents)}
    for namespace in sorted(wanted - {OPERATOR.namespace}):
        cluster.kubectl("create", "namespace", namespace, check=False)
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(folder))
    try:
        yield documents
    finally:
        for document in documents:
            if document["kind"].endswith("Binding"):
                kind, metadata = document["kind"], document["metadata"]
                where = ("-n", metadata["namespace"]) if "namespace" in metadata else ()
                cluster.kubectl("delete", *where, kind, metadata["name"])
