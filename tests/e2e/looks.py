"""Looks at a cluster that are repeated until something is so, without starting kubectl for each.

A process of kubectl costs a tenth of a second of a core, and stories that are told at the same
time look dozens of times a second.
"""

from functools import cache
from pathlib import Path
from typing import Any, cast

from kubernetes.client import ApiClient, CoreV1Api, CustomObjectsApi
from kubernetes.config import new_client_from_config

from modelward.cluster.kinds import MODEL_DEPLOYMENT

Document = dict[str, Any]


class Looks:
    """The API server, asked as the administrator. Raises the client's ApiException."""

    def __init__(self, kubeconfig: Path) -> None:
        api: ApiClient = new_client_from_config(str(kubeconfig))  # type: ignore[no-untyped-call]
        self._resources, self._core = CustomObjectsApi(api), CoreV1Api(api)

    def deployment(self, namespace: str, name: str) -> Document:
        """Return a ModelDeployment."""
        kind = MODEL_DEPLOYMENT
        found = self._resources.get_namespaced_custom_object(
            kind.group, kind.version, namespace, kind.plural, name
        )
        return cast("Document", found)

    def has_pods(self, namespace: str, selector: str) -> bool:
        """Whether there are pods with these labels, terminating ones too."""
        return bool(self._core.list_namespaced_pod(namespace, label_selector=selector).items)


looks = cache(Looks)
"""One client for all stages of a cluster; threads may share it."""
