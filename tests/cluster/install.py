"""Installing the operator into a cluster from its manifests."""

import json
import os
from pathlib import Path

from tests.cluster.errors import ClusterError, LacksError
from tests.cluster.images import build_image, image_archive, push
from tests.cluster.paths import CLUSTERS, PROJECT_ROOT
from tests.cluster.provider import Cluster
from tests.cluster.rights import Account

IMAGE, REGISTRY = "MODELWARD_IMAGE", "MODELWARD_REGISTRY"
OPERATOR = Account("modelward-system", "modelward-operator")
DEPLOYMENT = ("-n", OPERATOR.namespace, f"deployment/{OPERATOR.name}")
CLUSTER_WIDE = PROJECT_ROOT / "manifests" / "overlays" / "cluster-wide"
_NAME = "modelward"
_BUILT = f"{_NAME}:dev"
_SECONDS = 120


def image() -> str:
    """The operator's image, as pods name it.

    MODELWARD_IMAGE names one that exists already; else the one that is built here is used, from
    MODELWARD_REGISTRY if that is set.
    """
    registry = os.environ.get(REGISTRY)
    built = f"{registry}/{_BUILT}" if registry else _BUILT
    return os.environ.get(IMAGE) or built


def install_operator(cluster: Cluster, overlay: Path = CLUSTER_WIDE) -> None:
    """Let the cluster have the image, apply an overlay with it, and wait until it runs.

    Raises ClusterError with what the operator's pods say where they don't.
    """
    built = _provide_image(cluster)
    folder = _kustomization(overlay, built)
    installed = cluster.kubectl("get", *DEPLOYMENT, check=False).returncode == 0
    cluster.kubectl("apply", "--server-side", "-k", str(folder))
    if installed and not built:  # the image may have changed under its tag
        cluster.kubectl("rollout", "restart", *DEPLOYMENT)
    rollout = cluster.kubectl(
        "rollout", "status", *DEPLOYMENT, f"--timeout={_SECONDS}s", check=False
    )
    if rollout.returncode != 0:
        waiting = "{range .items[*].status.containerStatuses[*]}{.state.waiting.message} {end}"
        pods = ("get", "pods", *DEPLOYMENT[:2], "-l", "app.kubernetes.io/component=operator")
        said = cluster.kubectl(*pods, "-o", f"jsonpath={waiting}", check=False).stdout
        message = f"the operator with image {image()} does not run: {rollout.stderr}{said}"
        raise ClusterError(message)


def remove_operator(cluster: Cluster, overlay: Path = CLUSTER_WIDE) -> None:
    """Delete all that an overlay consists of, the CRDs and with them every resource included."""
    cluster.kubectl("delete", "--ignore-not-found", "-k", str(_kustomization(overlay)))


def build_operator_image() -> None:
    """Build the image, unless one is given or it is kept from earlier."""
    if not os.environ.get(IMAGE):
        build_image(PROJECT_ROOT, PROJECT_ROOT / "Dockerfile", _BUILT)


def _provide_image(cluster: Cluster) -> str:
    """Return what tells the image from others of its tag; empty where it was built elsewhere."""
    if os.environ.get(IMAGE):
        return ""
    build_operator_image()
    built = image_archive(_BUILT).stem
    if os.environ.get(REGISTRY):
        push(_BUILT, image())
        return built
    try:
        cluster.load_image(_BUILT)
    except LacksError as error:
        message = (
            f"{error}. Name a registry to push it to by REGISTRY=..., "
            f"or an image that the nodes can have already by IMAGE=..."
        )
        raise ClusterError(message) from error
    return built


def _kustomization(overlay: Path, built: str = "") -> Path:
    """Write what a user would: the overlay, with the image's name; its folder.

    What was `built` is an annotation of the pods, so that the same image again starts none anew.
    """
    folder = CLUSTERS / ".install"
    folder.mkdir(parents=True, exist_ok=True)
    wanted: dict[str, object] = {
        "resources": [os.path.relpath(overlay, folder.resolve())],
        "images": [{"name": _NAME, **renamed(image())}],
    }
    if built:
        wanted["patches"] = [_pods_of(built)]
    (folder / "kustomization.yaml").write_text(json.dumps(wanted, indent=2))
    return folder


def _pods_of(built: str) -> dict[str, object]:
    target = {"kind": "Deployment", "name": OPERATOR.name}
    metadata = {"annotations": {"modelward.dev/built": built}}
    patch = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": OPERATOR.name},
        "spec": {"template": {"metadata": metadata}},
    }
    return {"target": target, "patch": json.dumps(patch)}


def renamed(reference: str) -> dict[str, str]:
    """Return kustomize's words for an image: name and digest, or name and tag, or name alone."""
    name, at, digest = reference.partition("@")
    if at:
        return {"newName": name, "digest": digest}
    name, _, tag = reference.rpartition(":")
    # What follows the last colon may be a registry's port.
    return {"newName": name, "newTag": tag} if name and "/" not in tag else {"newName": reference}
