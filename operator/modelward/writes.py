"""The vocabulary between deciding and acting: what a plan can ask for.

A decision returns a Plan of plain values; modelward.cluster.act carries it out in order. Objects
are plain Kubernetes documents with apiVersion, kind and metadata (namespace, name).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Document = dict[str, Any]


@dataclass(frozen=True)
class Create:
    """POST an object that must not exist yet. If the name is taken, act says so (NameTaken)."""

    body: Document


@dataclass(frozen=True)
class Apply:
    """Server-side apply, forced, of the fields we own; body.metadata.uid is the precondition."""

    body: Document


@dataclass(frozen=True)
class Delete:
    """Delete the object with this uid; already gone is fine."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str


@dataclass(frozen=True)
class PatchStatus:
    """Merge-patch the status of one of our resources, with its resourceVersion as precondition."""

    kind: Literal["ModelDeployment", "BenchmarkRun"]
    namespace: str
    name: str
    resource_version: str
    status: Document
    """Only the members that change; a member that must go is null."""


@dataclass(frozen=True)
class Announce:
    """Write an events.k8s.io Event; `key` makes its name deterministic, so twice is once."""

    regarding: Document
    """apiVersion, kind, namespace, name, uid of the object that the Event is about."""
    type: Literal["Normal", "Warning"]
    reason: str
    action: str
    note: str
    key: str


Write = Create | Apply | Delete | PatchStatus | Announce


@dataclass(frozen=True)
class Plan:
    """What to write, in this order, and when to look again without being asked."""

    writes: tuple[Write, ...] = ()
    wake_after: timedelta | None = None
    metrics: tuple[tuple[str, str], ...] = field(default=())
    """Counted turns, as (metric, label value): see modelward.cluster.metrics."""


@dataclass(frozen=True)
class Refusal:
    """A create that the API server refused; kept in memory by the one who acts."""

    kind: str
    name: str
    reason: str
    """NameTaken, or the API server's reason (Invalid, Forbidden)."""
    message: str
    at: datetime
