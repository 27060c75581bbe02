"""Objects that passed the CRD's schema and still can't be read.

That happens when CRD and operator are of different versions. Nothing is done to such an object but
saying so, in its status and in the log.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from modelward.writes import Document, PatchStatus, Plan


@dataclass(frozen=True)
class Unreadable:
    """A resource of ours that doesn't fit this operator's model of it."""

    document: Document
    problem: str
    now: datetime


def told(error: ValidationError) -> str:
    """Return what is wrong with which field, without what stands in it."""
    details = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in details)


def explain(seen: Unreadable) -> Plan:
    """Say in the status, once, that the object can't be read and what to do."""
    metadata, status = seen.document["metadata"], seen.document.get("status") or {}
    message = (
        "This version of the operator can't read the object; install the CRDs of the same "
        f"version: {seen.problem}"
    )[:1024]
    if status.get("message") == message:
        return Plan()
    patch = PatchStatus(
        kind=seen.document["kind"],
        namespace=metadata["namespace"],
        name=metadata["name"],
        resource_version=metadata["resourceVersion"],
        status={
            "observedGeneration": metadata["generation"],
            "message": message,
            "conditions": _conditions(seen, message),
        },
    )
    return Plan(writes=(patch,))


def _conditions(seen: Unreadable, message: str) -> list[dict[str, Any]]:
    replaced = ("Ready", "Stalled", "Reconciling")
    before = (seen.document.get("status") or {}).get("conditions") or []
    common = {
        "reason": "Unreadable",
        "message": message,
        "observedGeneration": seen.document["metadata"]["generation"],
        "lastTransitionTime": seen.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return [
        *(entry for entry in before if entry.get("type") not in replaced),
        {"type": "Ready", "status": "False", **common},
        {"type": "Stalled", "status": "True", **common},
    ]
