"""Sends documents to the API server for a decision, without keeping them."""

import json
from collections.abc import Callable
from pathlib import Path

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from tests.apiserver.crd.paths import Document, Json

GROUP, VERSION, NAMESPACE = "modelward.dev", "v1alpha1", "default"
KEPT = "kept"
"""Name of the object of each kind whose status is written."""
_PLURALS = {"ModelDeployment": "modeldeployments", "BenchmarkRun": "benchmarkruns"}


class Server:
    """An API server that the CRDs are installed on."""

    def __init__(self, kubeconfig: Path) -> None:
        configuration: Json = config  # untyped
        found = configuration.new_client_from_config(config_file=str(kubeconfig))
        self._custom: Json = client.CustomObjectsApi(found)

    def create(self, document: Document, *, keep: bool = False) -> Document:
        """The object as the server would store it, or stores it (keep)."""
        stored: Document = self._custom.create_namespaced_custom_object(
            *_place(document), document, **_dry(keep)
        )
        return stored

    def replace(self, document: Document) -> Document:
        """The object with another spec, as the server would store it."""
        stored: Document = self._custom.replace_namespaced_custom_object(
            *_place(document), document["metadata"]["name"], document, **_dry(keep=False)
        )
        return stored

    def replace_status(self, document: Document, *, keep: bool = False) -> Document:
        """The object with another status, as the server would store it, or stores it (keep)."""
        stored: Document = self._custom.replace_namespaced_custom_object_status(
            *_place(document), document["metadata"]["name"], document, **_dry(keep)
        )
        return stored

    def take(self, document: Document) -> None:
        """Have spec and status judged; the spec's kept object lends its place to the status."""
        self.create(document)
        if "status" in document:
            self.replace_status(self.kept(document["kind"]) | {"status": document["status"]})

    def refusal(self, document: Document) -> str:
        """What the server says against a document; fails where it takes it."""
        return self.refused(lambda: self.take(document))

    @staticmethod
    def refused(send: Callable[[], object]) -> str:
        """What the server says against what is sent; fails where it takes it."""
        try:
            send()
        except ApiException as refused:
            return str(json.loads(refused.body or "{}")["message"])
        raise AssertionError("the API server took it")

    def delete(self, document: Document) -> None:
        """Delete a kept object."""
        self._custom.delete_namespaced_custom_object(
            *_place(document), document["metadata"]["name"]
        )

    def kept(self, kind: str) -> Document:
        """The kept object of a kind."""
        found: Document = self._custom.get_namespaced_custom_object(
            GROUP, VERSION, NAMESPACE, _PLURALS[kind], KEPT
        )
        return found


def _place(document: Document) -> tuple[str, str, str, str]:
    return GROUP, VERSION, NAMESPACE, _PLURALS[document["kind"]]


def _dry(keep: bool) -> dict[str, str]:
    return {} if keep else {"dry_run": "All"}
