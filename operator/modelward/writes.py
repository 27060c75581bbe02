"""The vocabulary between deciding and acting: what a plan can ask for.

A decision returns a Plan of plain values; modelward.cluster.act carries it out in order. Objects
are plain Kubernetes documents with apiVersion, kind and metadata (namespace, name).
"""

from dataclasses import dataclass
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


def target(write: Write) -> tuple[str, str] | None:
    """Return kind and name of the object that is made or changed; an Event is about another one."""
    match write:
        case Create(body) | Apply(body):
            return body["kind"], body["metadata"]["name"]
        case PatchStatus():
            return write.kind, write.name
        case _:
            return None


@dataclass(frozen=True)
class ReleaseEnded:
    """A release came to its end."""

    outcome: Literal["Promoted", "RolledBack", "Superseded"]
    reason: str
    """One word out of few, never a KPI's name: see modelward.cluster.metrics."""


@dataclass(frozen=True)
class StepEnded:
    """A step of a release came to its end."""

    step: Literal["benchmark", "weight", "pause", "takeover"]
    result: Literal["passed", "failed", "abandoned"]
    seconds: float
    """How long it took, without the time that spec.paused held it."""


@dataclass(frozen=True)
class VerdictReached:
    """A BenchmarkRun finished."""

    verdict: str
    reason: str


Happening = ReleaseEnded | StepEnded | VerdictReached


@dataclass(frozen=True)
class Measured:
    """Something to count once, when the write that makes it so has been carried out.

    Not when the whole plan has: a later write may fail, and the next plan does not say it again.
    """

    kind: str
    name: str
    """The object whose write makes it so."""
    what: Happening


@dataclass(frozen=True)
class Subject:
    """The release that a plan is about, for the log."""

    revision: str
    """Its revision's hash."""
    release: str
    """Its name: see modelward.release.memory."""


@dataclass(frozen=True)
class Plan:
    """What to write, in this order, and when to look again without being asked."""

    writes: tuple[Write, ...] = ()
    wake_after: timedelta | None = None
    metrics: tuple[Measured, ...] = ()
    subject: Subject | None = None


@dataclass(frozen=True)
class Refusal:
    """A create that the API server refused; kept in memory by the one who acts."""

    kind: str
    name: str
    reason: str
    """NameTaken, or the API server's reason (Invalid, Forbidden)."""
    message: str
    at: datetime
