"""A Prometheus as objects of a cluster: it scrapes once a second the pods that ask for it."""

import json
from pathlib import Path
from typing import Any

Document = dict[str, Any]

IMAGE = "modelward-prometheus:dev"
NAME = "prometheus"
PORT = 9090
_DISCOVERY_PORT = 9091
_FILES = "/etc/prometheus"
_DISCOVERY = Path(__file__).with_name("discovery.py")
_LABELS = {"app.kubernetes.io/name": NAME}
_RBAC = "rbac.authorization.k8s.io"


def annotations(port: int) -> dict[str, str]:
    """Return what a pod says that is to be scraped at a port."""
    return {"prometheus.io/scrape": "true", "prometheus.io/port": str(port)}


def objects(namespace: str) -> list[Document]:
    """Return all of it; what is cluster-scoped is named after the namespace."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return [
        _named("v1", "Namespace", namespace, labels=labels),
        *_account(namespace),
        _in(namespace, "v1", "ConfigMap") | {"data": _files()},
        _in(namespace, "apps/v1", "Deployment") | {"spec": _deployment()},
        _in(namespace, "v1", "Service")
        | {"spec": {"selector": _LABELS, "ports": [{"port": PORT}]}},
    ]


def cluster_scoped(namespace: str) -> list[str]:
    """Return what does not go with the namespace, as kubectl names it."""
    return [f"{kind}/{namespace}" for kind in ("clusterrole", "clusterrolebinding")]


def _account(namespace: str) -> list[Document]:
    """It may list pods, and nothing else."""
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": namespace}
    subject = {"kind": "ServiceAccount", "name": NAME, "namespace": namespace}
    return [
        _in(namespace, "v1", "ServiceAccount"),
        _named(f"{_RBAC}/v1", "ClusterRole", namespace) | {"rules": rules},
        _named(f"{_RBAC}/v1", "ClusterRoleBinding", namespace)
        | {"roleRef": reference, "subjects": [subject]},
    ]


def _files() -> dict[str, str]:
    found = {"url": f"http://127.0.0.1:{_DISCOVERY_PORT}", "refresh_interval": "1s"}
    settings = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [{"job_name": "pods", "http_sd_configs": [found]}],
    }
    return {"prometheus.yml": json.dumps(settings), "discovery.py": _DISCOVERY.read_text()}


def _service() -> Document:
    return {"selector": _LABELS, "ports": [{"port": PORT}]}


def _deployment() -> Document:
    served = [
        "prometheus",
        f"--config.file={_FILES}/prometheus.yml",
        "--storage.tsdb.path=/data",
        f"--web.listen-address=:{PORT}",
    ]
    probe = {"httpGet": {"path": "/-/ready", "port": PORT}, "periodSeconds": 1}
    spec = {
        "serviceAccountName": NAME,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            _container(NAME, served) | {"readinessProbe": probe},
            _container("discovery", ["python", f"{_FILES}/discovery.py", str(_DISCOVERY_PORT)]),
        ],
        "volumes": [
            {"name": "files", "configMap": {"name": NAME}},
            {"name": "data", "emptyDir": {}},
        ],
    }
    template = {"metadata": {"labels": _LABELS}, "spec": spec}
    return {"selector": {"matchLabels": _LABELS}, "template": template}


def _container(name: str, command: list[str]) -> Document:
    return {
        "name": name,
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": command,
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [
            {"name": "files", "mountPath": _FILES},
            {"name": "data", "mountPath": "/data"},
        ],
    }


def _in(namespace: str, api_version: str, kind: str) -> Document:
    return _named(api_version, kind, NAME, namespace=namespace)


def _named(api_version: str, kind: str, name: str, **metadata: object) -> Document:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **metadata}}
