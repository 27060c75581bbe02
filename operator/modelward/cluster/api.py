"""The one adapter to the Kubernetes API: typed methods over untyped documents.

Authentication, TLS and connections are the kubernetes client's. Its dynamic client is not used:
the few kinds are known beforehand, so nothing has to be discovered.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from kubernetes.aio.client import ApiClient
from pydantic_core import from_json, to_json

from modelward.cluster import errors
from modelward.cluster.connection import Connection
from modelward.cluster.documents import uid
from modelward.cluster.essence import essence, metadata
from modelward.cluster.kinds import Kind, kind_named
from modelward.cluster.stream import lines
from modelward.writes import Document

FIELD_MANAGER = "modelward"

_JSON = "application/json"
_METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=10)
"""Of each request that is answered at once."""
SURVEY_TIMEOUT = aiohttp.ClientTimeout(total=300, sock_connect=10, sock_read=30)
"""Of a survey, which tells all objects of a kind, one by one."""
_EXISTING = {
    "watch": "true",
    "sendInitialEvents": "true",
    "resourceVersionMatch": "NotOlderThan",
    "allowWatchBookmarks": "true",
}
_THAT_WAS_ALL = "k8s.io/initial-events-end"
"""Annotation of the bookmark that follows the last object that exists."""


@dataclass(frozen=True)
class Listing:
    """The objects of one kind at one moment."""

    version: int
    """resourceVersion of the list: everything older than this is in it."""
    items: tuple[Document, ...]


class Api:
    """Requests to the API server. Every method raises an `errors.ApiError` when it fails."""

    def __init__(self, client: ApiClient) -> None:
        self._connection = Connection(client)

    async def create(self, body: Document) -> Document:
        """POST an object and return it as stored; NameTakenError if the name is in use.

        Field validation is strict: a misspelt field in a user's pod template is an InvalidError
        here, not a field that silently has no effect.
        """
        kind, namespace, _ = _identity(body)
        query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
        return await self._send("create", kind.path(namespace), query=query, body=body)

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
                kind.path(namespace, name),
                query=query,
                body=body,
                content_type="application/apply-patch+yaml",
            )
        except (errors.ConflictError, errors.InvalidError) as error:
            current = await self.find(kind, namespace, name)
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
            await self._send("delete", kind.path(namespace, name), body=body)
        except errors.NotFoundError:
            return
        except errors.ConflictError:
            current = await self.find(kind, namespace, name)
            if current is not None and current["metadata"]["uid"] == uid:
                raise

    async def patch_status(
        self, kind: Kind, namespace: str, name: str, resource_version: str, status: Document
    ) -> Document:
        """Merge-patch the status; ConflictError if the object is not at this version any more."""
        return await self._send(
            "patch",
            kind.path(namespace, name) + "/status",
            query={"fieldManager": FIELD_MANAGER},
            body={"metadata": {"resourceVersion": resource_version}, "status": status},
            content_type="application/merge-patch+json",
        )

    async def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        """Return the object, or None if there is none.

        For kinds that are not watched; `find` needs no right to get.
        """
        try:
            return await self._send("get", kind.path(namespace, name))
        except errors.NotFoundError:
            return None

    async def find(self, kind: Kind, namespace: str, name: str) -> Document | None:
        """Return the object of a watched kind, or None."""
        query = {"fieldSelector": f"metadata.name={name}"}
        found = await self._existing(kind, namespace, query)
        return next(iter(found.items), None)

    async def list(self, kind: Kind, namespace: str, *, selector: str) -> Listing:
        """Return the objects of a watched kind as they are now, not as some cache had them."""
        query = {"labelSelector": selector}
        return await self._existing(kind, namespace, query, lambda each: essence(kind, each))

    async def survey(self, kind: Kind, namespace: str | None) -> Listing:
        """Return the metadata of all watched objects of a kind as they are now."""
        query = {"labelSelector": kind.selector} if kind.selector else {}
        return await self._existing(
            kind, namespace, query, _metadata, accept=_METADATA_ONLY, limits=SURVEY_TIMEOUT
        )

    async def _existing(
        self,
        kind: Kind,
        namespace: str | None,
        query: dict[str, str],
        keep: Callable[[Document], Document] = lambda whole: whole,
        accept: str = _JSON,
        limits: aiohttp.ClientTimeout | None = None,
    ) -> Listing:
        """Return what exists, by a watch that begins with it and ends there.

        That is a streaming list (Kubernetes 1.34). The API server sends object by object, so that
        neither side holds all of them whole, and the right to watch is all that it takes.
        """
        items = []
        async with self._request(
            "watch", kind.path(namespace), _EXISTING | query, accept=accept, limits=limits
        ) as response:
            async for line in lines(response.content):
                event = _parsed(line, response.status)
                if event["type"] == "ERROR":
                    told: Document = event["object"]
                    raise errors.from_response(told["code"], to_json(told), None)
                about = event["object"]["metadata"]
                if event["type"] != "BOOKMARK":
                    items.append(keep(event["object"]))
                elif (about.get("annotations") or {}).get(_THAT_WAS_ALL) == "true":
                    return Listing(int(about["resourceVersion"]), tuple(items))
        raise errors.UnavailableError("the API server ended a list before its end")

    async def serves(self, kind: Kind) -> bool:
        """Whether the API server knows this kind."""
        try:
            path = f"/apis/{kind.api_version}"
            answer = await self._send("discover", path)
        except errors.NotFoundError:
            return False
        return any(entry["name"] == kind.plural for entry in answer.get("resources") or ())

    async def _send(
        self,
        verb: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Document | None = None,
        content_type: str = _JSON,
    ) -> Document:
        async with self._request(
            verb, path, query or {}, body=body, content_type=content_type
        ) as response:
            return _parsed(await response.read(), response.status)

    @asynccontextmanager
    async def _request(
        self,
        verb: str,
        path: str,
        query: Mapping[str, str],
        *,
        body: Document | None = None,
        content_type: str = _JSON,
        accept: str = _JSON,
        limits: aiohttp.ClientTimeout | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request and yield the response, if it is a success."""
        headers = {"Accept": accept, "Content-Type": content_type}
        content = None if body is None else to_json(body)
        try:
            async with await self._connection.send(
                _METHODS[verb], path, query, headers, content, limits or TIMEOUT
            ) as response:
                if not 200 <= response.status < 300:
                    told, after = await response.read(), response.headers.get("Retry-After")
                    raise errors.from_response(response.status, told, after)
                yield response
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            message = f"no answer from the API server: {str(error) or type(error).__name__}"
            raise errors.UnavailableError(message) from error


def _parsed(text: bytes, status: int) -> Document:
    try:
        document: Document = from_json(text)
    except ValueError as error:
        raise errors.UnavailableError(f"the answer is not JSON: {error}", status) from error
    return document


def _metadata(whole: Document) -> Document:
    return {"metadata": metadata(whole["metadata"])}


_METHODS = {
    "create": "POST",
    "apply": "PATCH",
    "patch": "PATCH",
    "delete": "DELETE",
    "get": "GET",
    "watch": "GET",
    "discover": "GET",
}


def _identity(body: Document) -> tuple[Kind, str, str]:
    metadata = body["metadata"]
    return kind_named(body["kind"]), metadata["namespace"], metadata["name"]
