"""Reading what every Kubernetes document has: identity, owner, version, labels."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from modelward.api import names
from modelward.cluster.kinds import BENCHMARK_RUN, MODEL_DEPLOYMENT
from modelward.writes import Document


class Key(NamedTuple):
    """Names one of our resources: what a loop works on."""

    kind: str
    namespace: str
    name: str


def uid(document: Document) -> str:
    """The object's uid: another object of the same name has another one."""
    return str(document["metadata"].get("uid", ""))


def version(document: Document) -> int:
    """The object's resourceVersion; a later state of the same object has a larger one.

    Comparing them as numbers is part of the API contract since Kubernetes 1.35 (KEP-5504) and
    was true before for everything that is stored in etcd.
    """
    text = str(document["metadata"].get("resourceVersion", ""))
    return int(text) if text.isdecimal() else 0


def labels(document: Document) -> Mapping[str, str]:
    """The object's labels."""
    return document["metadata"].get("labels") or {}


def controller(document: Document) -> str:
    """The uid of the owner that controls the object; empty where nobody does."""
    return str(_controller(document).get("uid", ""))


def controller_name(document: Document) -> tuple[str, str]:
    """The kind and name of the owner that controls the object; empty where nobody does."""
    owner = _controller(document)
    return str(owner.get("kind", "")), str(owner.get("name", ""))


def _controller(document: Document) -> Document:
    owners: list[Document] = document["metadata"].get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), {})


def terminating(document: Document) -> bool:
    """Whether the object's deletion has begun."""
    return bool(document["metadata"].get("deletionTimestamp"))


def condition(document: Document, of_type: str) -> Mapping[str, Any]:
    """The status condition of this type; empty where there is none."""
    for entry in (document.get("status") or {}).get("conditions") or ():
        if entry.get("type") == of_type:
            found: Mapping[str, Any] = entry
            return found
    return {}


def moment(text: str | None) -> datetime | None:
    """Parse a Kubernetes timestamp; None where there is none."""
    return datetime.fromisoformat(text) if text else None


def concerned(kind: str, document: Document) -> tuple[Key, ...]:
    """Return the keys of our resources that must be looked at when this object has changed.

    Labels are enough to wake a loop. What belongs to a resource is decided by uid, so a foreign
    object that carries our labels costs a look and nothing else.
    """
    namespace = document["metadata"].get("namespace") or ""
    marks = labels(document)
    keys = []
    if kind in (MODEL_DEPLOYMENT.name, BENCHMARK_RUN.name):
        keys.append(Key(kind, namespace, document["metadata"]["name"]))
    if kind != MODEL_DEPLOYMENT.name:
        whose = (marks[label] for label in (names.NAME, names.COPY_FOR) if label in marks)
        keys += [Key(MODEL_DEPLOYMENT.name, namespace, name) for name in whose]
    if names.RUN in marks:
        keys.append(Key(BENCHMARK_RUN.name, namespace, marks[names.RUN]))
    return tuple(keys)
