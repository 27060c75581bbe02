"""An API server in a dictionary, for tests of what acts on one. It can be told to fail."""

import itertools
from collections.abc import Iterator
from typing import Any

from modelward.cluster import errors
from modelward.cluster.api import Api, Listing
from modelward.cluster.documents import uid
from modelward.cluster.kinds import Kind, kind_named
from modelward.writes import Document


class FakeApi(Api):
    """Keeps objects by kind, namespace and name."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], Document] = {}
        self.failures: dict[tuple[str, str], errors.ApiError] = {}
        """By verb and kind: what the next such request raises, again and again."""
        self.requests: list[tuple[str, str, str]] = []
        self.missing: dict[str, int] = {}
        """By kind: how many more times it is said not to be served."""
        self._versions: Iterator[int] = itertools.count(100)

    async def serves(self, kind: Kind) -> bool:
        self.missing[kind.name] = self.missing.get(kind.name, 0) - 1
        return self.missing[kind.name] < 0

    def put(self, document: Document) -> Document:
        """Store an object as if somebody else had written it."""
        metadata = dict(document["metadata"])
        metadata.setdefault("uid", f"uid-{metadata['name']}")
        metadata["resourceVersion"] = str(next(self._versions))
        stored = {**document, "metadata": metadata}
        self.objects[document["kind"], metadata["namespace"], metadata["name"]] = stored
        return stored

    async def create(self, body: Document) -> Document:
        key = self._asked("create", body["kind"], body["metadata"])
        if key in self.objects:
            raise errors.NameTakenError("already exists", 409)
        return self.put(body)

    async def apply(self, body: Document) -> Document:
        key = self._asked("apply", body["kind"], body["metadata"])
        current = self.objects.get(key)
        if current is None or uid(current) != uid(body):
            raise errors.GoneError("uid mismatch", 422)
        return self.put({**current, "spec": {**current.get("spec", {}), **body.get("spec", {})}})

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        key = self._asked("delete", kind.name, {"namespace": namespace, "name": name})
        if key in self.objects and self.objects[key]["metadata"]["uid"] == uid:
            del self.objects[key]

    async def patch_status(
        self, kind: Kind, namespace: str, name: str, resource_version: str, status: Document
    ) -> Document:
        key = self._asked("patch", kind.name, {"namespace": namespace, "name": name})
        if key not in self.objects:
            raise errors.NotFoundError("not found", 404)
        current = self.objects[key]
        if current["metadata"]["resourceVersion"] != resource_version:
            raise errors.ConflictError("the object has been modified", 409)
        return self.put({**current, "status": {**current.get("status", {}), **status}})

    async def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        key = self._asked("get", kind.name, {"namespace": namespace, "name": name})
        return self.objects.get(key)

    async def find(self, kind: Kind, namespace: str, name: str) -> Document | None:
        key = self._asked("find", kind.name, {"namespace": namespace, "name": name})
        return self.objects.get(key)

    async def list(self, kind: Kind, namespace: str, *, selector: str) -> Listing:
        self._asked("list", kind.name, {"namespace": namespace, "name": ""})
        return self._listing(kind, selector)

    async def survey(self, kind: Kind, namespace: str | None) -> Listing:
        self._asked("watch", kind.name, {"namespace": namespace or "", "name": ""})
        return self._listing(kind, kind.selector)

    def _listing(self, kind: Kind, selector: str) -> Listing:
        label, _, value = selector.partition("=")
        items = [
            each
            for (of_kind, _, _), each in self.objects.items()
            if of_kind == kind.name
            and (not label or each["metadata"].get("labels", {}).get(label) == value)
        ]
        return Listing(next(self._versions), tuple(items))

    def _asked(self, verb: str, kind: str, metadata: dict[str, Any]) -> tuple[str, str, str]:
        assert kind_named(kind)
        self.requests.append((verb, kind, metadata["name"]))
        failure = self.failures.get((verb, kind))
        if failure:
            raise failure
        return kind, metadata["namespace"], metadata["name"]
