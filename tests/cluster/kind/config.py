"""What kind is asked for: one node, and an API server as strict and as talkative as ours."""

import json
from pathlib import Path
from typing import Any

from tests.cluster.audit_policy import AUDIT_POLICY

_IN_NODE = "/var/lib/modelward-audit"
# kubeadm configures kind's API server with NodeRestriction alone.
_ARGUMENTS = {
    "enable-admission-plugins": "NodeRestriction,OwnerReferencesPermissionEnforcement",
    "audit-policy-file": f"{_IN_NODE}/policy.json",
    "audit-log-path": f"{_IN_NODE}/audit.jsonl",
    "audit-log-format": "json",
    "audit-log-maxsize": "2000",
}


def audit_folder(folder: Path) -> Path:
    """The folder that machine, node and API server share."""
    return folder / "audit"


def write(folder: Path) -> Path:
    """Write all that the cluster is made with into its folder; the path of kind's configuration."""
    shared = audit_folder(folder)
    shared.mkdir(parents=True, exist_ok=True)
    (shared / "policy.json").write_text(json.dumps(AUDIT_POLICY))
    path = folder / "kind.json"
    path.write_text(json.dumps(rendered(shared), indent=2))
    return path


def rendered(shared: Path) -> dict[str, Any]:
    """kind's configuration; `shared` is mounted all the way to the API server."""
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "nodes": [
            {
                "role": "control-plane",
                "extraMounts": [{"hostPath": str(shared), "containerPath": _IN_NODE}],
            }
        ],
        # Patches that add: a merge would replace the lists that kind fills itself.
        "kubeadmConfigPatchesJSON6902": [
            {
                "group": "kubeadm.k8s.io",
                "version": "v1beta4",
                "kind": "ClusterConfiguration",
                "patch": json.dumps(_additions()),
            }
        ],
    }


def _additions() -> list[dict[str, Any]]:
    volume = {"name": "audit", "hostPath": _IN_NODE, "mountPath": _IN_NODE, "pathType": "Directory"}
    arguments = [{"name": name, "value": value} for name, value in _ARGUMENTS.items()]
    return [
        *({"op": "add", "path": "/apiServer/extraArgs/-", "value": each} for each in arguments),
        {"op": "add", "path": "/apiServer/extraVolumes", "value": [volume]},
    ]
