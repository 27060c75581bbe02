"""A plain client for tests: any verb on any kind, errors as they come."""

import asyncio
import itertools
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from kubernetes.aio.client import ApiClient

from modelward.cluster.connection import Connection, configure, new_client
from modelward.cluster.kinds import OURS, Kind
from modelward.writes import Document

NAMESPACE = Kind("", "v1", "Namespace", "namespaces")
SERVICE_ACCOUNT = Kind("", "v1", "ServiceAccount", "serviceaccounts")
QUOTA = Kind("", "v1", "ResourceQuota", "resourcequotas")

_LIMITS = aiohttp.ClientTimeout(total=60)
MERGE = "application/merge-patch+json"
_MOST_TRIES = 10

_numbers = itertools.count(1)


class KubeError(Exception):
    """The API server said no."""

    def __init__(self, status: int, document: Document) -> None:
        super().__init__(f"{status}: {document.get('message')}")
        self.status = status


class Kube:
    """What kubectl would do, without starting kubectl."""

    def __init__(self, client: ApiClient) -> None:
        self._connection = Connection(client)

    async def create(self, kind: Kind, document: Document) -> Document:
        namespace = document["metadata"].get("namespace")
        body = {"apiVersion": kind.api_version, "kind": kind.name, **document}
        return await self.send("POST", kind.path(namespace), body)

    async def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        try:
            return await self.send("GET", kind.path(namespace, name))
        except KubeError as error:
            if error.status == 404:
                return None
            raise

    async def list(self, kind: Kind, namespace: str, selector: str = "") -> list[Document]:
        query = {"labelSelector": selector} if selector else {}
        answer = await self.send("GET", kind.path(namespace), query=query)
        return list(answer["items"])

    async def patch(
        self, kind: Kind, namespace: str, name: str, change: Document, *, status: bool = False
    ) -> Document:
        path = kind.path(namespace, name) + ("/status" if status else "")
        return await self.send("PATCH", path, change, content_type=MERGE)

    async def delete(self, kind: Kind, namespace: str, name: str) -> None:
        try:
            # The default of a Job is to wait for a garbage collector to orphan its pods.
            options = {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}
            await self.send("DELETE", kind.path(namespace, name), options)
        except KubeError as error:
            if error.status != 404:
                raise

    async def send(
        self,
        method: str,
        path: str,
        body: Document | None = None,
        *,
        query: dict[str, str] | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Document:
        headers = {"Accept": accept, "Content-Type": content_type}
        content = None if body is None else json.dumps(body).encode()
        for tries in itertools.count(1):
            response = await self._connection.send(
                method, path, query or {}, headers, content, _LIMITS
            )
            document: Any = await response.json()
            if response.status < 300:
                break
            # "storage is (re)initializing": so a fresh CRD's first lists are answered now and then.
            if response.status != 429 or tries == _MOST_TRIES:
                raise KubeError(response.status, document)
            await asyncio.sleep(float(response.headers.get("Retry-After", 1)))
        return dict(document)


@asynccontextmanager
async def connected(kubeconfig: Path) -> AsyncIterator[Kube]:
    """A client for the cluster of this kubeconfig."""
    async with new_client(await configure(kubeconfig, None)) as client:
        client.user_agent = "tests"
        yield Kube(client)


@asynccontextmanager
async def fresh_namespace(kube: Kube) -> AsyncIterator[str]:
    """A namespace of its own, in which no later operator finds work."""
    name = f"operator-{os.getpid()}-{next(_numbers)}"
    await kube.create(NAMESPACE, {"metadata": {"name": name}})
    account = {"metadata": {"name": "default", "namespace": name}}
    await kube.create(SERVICE_ACCOUNT, account)
    yield name
    for kind in OURS:
        await kube.send("DELETE", kind.path(name))
