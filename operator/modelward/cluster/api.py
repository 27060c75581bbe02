"""The one adapter to the Kubernetes API: typed methods over untyped documents.

Authentication, TLS and connections are the kubernetes client's. Its dynamic client is not used:
the few kinds are known beforehand, so nothing has to be discovered.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic

import aiohttp
from kubernetes.aio.client import ApiClient

from modelward.cluster import errors
from modelward.cluster.documents import essence, uid
from modelward.cluster.kinds import Kind, kind_named
from modelward.writes import Document

FIELD_MANAGER = "modelward"

_JSON = "application/json"
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=10)
"""Of each request."""

Observer = Callable[[str, str, int, float], None]
"""Called after each request with verb, kind, HTTP status (0: no answer) and seconds."""


@dataclass(frozen=True)
class Listing:
    """The objects of one kind at one moment."""

    version: int
    """resourceVersion of the list: everything older than this is in it."""
    items: tuple[Document, ...]


class Api:
    """Requests to the API server. Every method raises an `errors.ApiError` when it fails."""

    def __init__(self, client: ApiClient, observer: Observer) -> None:
        self._client = client
        self._observer = observer

    async def create(self, body: Document) -> Document:
        """POST an object and return it as stored; NameTakenError if the name is in use.

        Field validation is strict: a misspelt field in a user's pod template is an InvalidError
        here, not a field that silently has no effect.
        """
        kind, namespace, _ = _identity(body)
        query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
        return await self._send("create", kind, kind.path(namespace), query=query, body=body)

    async def apply(self, body: Document) -> Document:
        """Server-side apply, forced, if the object still has the uid in the body.

        GoneError if it doesn't. The API server answers a wrong uid with 422 and an absent object
        with 409, both of which can mean other things too, so a failure is followed by a look.
        """
        kind, namespace, name = _identity(body)
        query = {"fieldManager": FIELD_MANAGER, "force": "true", "fieldValidation": "Strict"}
        try:
            return await self._send(
                "apply",
                kind,
                kind.path(namespace, name),
                query=query,
                body=body,
                content_type="application/apply-patch+yaml",
            )
        except (errors.ConflictError, errors.InvalidError) as error:
            current = await self.get(kind, namespace, name)
            if current is None or uid(current) != uid(body):
                raise errors.GoneError(str(error), error.status) from error
            raise

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """Delete the object with this uid, its dependents in the background.

        An object that is gone already, or whose name is another's by now, is fine. The API server
        answers 409 to a wrong uid and to what it can't do just now, so that is followed by a look.
        """
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid},
            "propagationPolicy": "Background",
        }
        try:
            await self._send("delete", kind, kind.path(namespace, name), body=body)
        except errors.NotFoundError:
            return
        except errors.ConflictError:
            current = await self.get(kind, namespace, name)
            if current is not None and current["metadata"]["uid"] == uid:
                raise

    async def patch_status(
        self, kind: Kind, namespace: str, name: str, resource_version: str, status: Document
    ) -> Document:
        """Merge-patch the status; ConflictError if the object is not at this version any more."""
        return await self._send(
            "patch",
            kind,
            kind.path(namespace, name) + "/status",
            query={"fieldManager": FIELD_MANAGER},
            body={"metadata": {"resourceVersion": resource_version}, "status": status},
            content_type="application/merge-patch+json",
        )

    async def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        """Return the object, or None if there is none."""
        try:
            return await self._send("get", kind, kind.path(namespace, name))
        except errors.NotFoundError:
            return None

    async def list(
        self, kind: Kind, namespace: str | None, *, selector: str = "", metadata_only: bool = False
    ) -> Listing:
        """Return the objects of a kind as they are now, not as some cache had them."""
        answer = await self._send(
            "list",
            kind,
            kind.path(namespace),
            query={"labelSelector": selector} if selector else None,
            accept=_METADATA_ONLY if metadata_only else _JSON,
        )
        # The members of a list have neither kind nor apiVersion of their own.
        common = {} if metadata_only else {"apiVersion": kind.api_version, "kind": kind.name}
        items = tuple(essence({**common, **item}) for item in answer["items"] or ())
        return Listing(int(answer["metadata"]["resourceVersion"]), items)

    async def serves(self, kind: Kind) -> bool:
        """Whether the API server knows this kind."""
        try:
            path = f"/apis/{kind.api_version}"
            answer = await self._send("discover", kind, path)
        except errors.NotFoundError:
            return False
        return any(entry["name"] == kind.plural for entry in answer.get("resources") or ())

    async def _send(
        self,
        verb: str,
        kind: Kind,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Document | None = None,
        content_type: str = _JSON,
        accept: str = _JSON,
    ) -> Document:
        request = await self._client.param_serialize(
            _METHODS[verb],
            path,
            query_params=list((query or {}).items()),
            header_params={"Accept": accept, "Content-Type": content_type},
            body=body,
            auth_settings=["BearerToken"],
        )
        began, status = monotonic(), 0
        try:
            response = await self._client.call_api(*request, _request_timeout=TIMEOUT)
            data: bytes = await response.response.read()
            status = response.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            message = f"no answer from the API server: {str(error) or type(error).__name__}"
            raise errors.UnavailableError(message) from error
        finally:
            self._observer(verb, kind.name, status, monotonic() - began)
        if not 200 <= status < 300:
            raise errors.from_response(status, data, response.headers.get("Retry-After"))
        try:
            document: Document = json.loads(data)
        except ValueError as error:
            raise errors.UnavailableError(f"the answer is not JSON: {error}", status) from error
        return document


_METHODS = {
    "create": "POST",
    "apply": "PATCH",
    "patch": "PATCH",
    "delete": "DELETE",
    "get": "GET",
    "list": "GET",
    "discover": "GET",
}


def _identity(body: Document) -> tuple[Kind, str, str]:
    metadata = body["metadata"]
    return kind_named(body["kind"]), metadata["namespace"], metadata["name"]
