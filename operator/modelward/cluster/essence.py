"""What is kept of an object: the fields that decisions read, and nothing else.

That keeps a thousand resources in a few dozen megabytes, and it keeps the loops quiet: an event
that changes none of these fields (a count that nobody reads, another controller's annotation) is
no news. Whoever reads a field that is not kept yet adds it here.
"""

from collections.abc import Callable, Iterable, Mapping

from modelward.api.names import PREFIX, RUN
from modelward.cluster.documents import labels
from modelward.cluster.kinds import JOB, POD, REPLICA_SET, SERVICE, Kind
from modelward.writes import Document

JOB_UID_LABEL = "batch.kubernetes.io/controller-uid"
"""Label that the Job controller gives to a Job's pods."""


def essence(kind: Kind, document: Document) -> Document:
    """Return what is kept of an object of this kind; of our own kinds, all of spec and status."""
    spec, status = document.get("spec") or {}, document.get("status") or {}
    keep = _PARTS.get(kind.name)
    kept = keep(document, spec, status) if keep else {"spec": spec, "status": status}
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "metadata": metadata(document["metadata"]),
        **kept,
    }


def metadata(whole: Document) -> Document:
    """Return identity, owner and times, and those labels and annotations that are ours."""
    kept = _only(whole, _IDENTITY)
    for name in ("labels", "annotations"):
        marks = whole.get(name) or {}
        kept[name] = {
            key: value
            for key, value in marks.items()
            if key.startswith(PREFIX) or key == JOB_UID_LABEL
        }
    owners = whole.get("ownerReferences") or ()
    kept["ownerReferences"] = [
        _only(owner, ("uid", "controller")) for owner in owners if owner.get("controller")
    ]
    return kept


_IDENTITY = (
    *("name", "namespace", "uid", "resourceVersion", "generation"),
    *("creationTimestamp", "deletionTimestamp"),
)


def _replica_set(_: Document, spec: Document, status: Document) -> Document:
    failure = _conditions(status, "ReplicaFailure")
    return {
        "spec": _only(spec, ("replicas",)),
        "status": {**_only(status, ("replicas",)), "conditions": failure},
    }


def _service(_: Document, spec: Document, __: Document) -> Document:
    return {"spec": _only(spec, ("selector",))}


def _job(_: Document, spec: Document, status: Document) -> Document:
    counts = _only(status, ("active", "succeeded", "failed"))
    ends = _conditions(status, "Complete", "Failed")
    return {"spec": _only(spec, ("template",)), "status": {**counts, "conditions": ends}}


def _pod(document: Document, spec: Document, status: Document) -> Document:
    """Keep the spec of a benchmark pod, which must be what its Job asked for, and of no other."""
    marks = labels(document)
    judged = RUN in marks or JOB_UID_LABEL in marks
    names = [{"name": container["name"]} for container in (spec.get("containers") or ())[:1]]
    kept = _only(status, ("phase", "reason", "message"))
    kept["conditions"] = _conditions(status, "Ready", "PodScheduled", "PodReadyToStartContainers")
    for each in ("initContainerStatuses", "containerStatuses"):
        kept[each] = [_only(container, _CONTAINER) for container in status.get(each) or ()]
    return {"spec": spec if judged else {"containers": names}, "status": kept}


_CONTAINER = ("name", "imageID", "state", "lastState")

_PARTS: Mapping[str, Callable[[Document, Document, Document], Document]] = {
    REPLICA_SET.name: _replica_set,
    SERVICE.name: _service,
    JOB.name: _job,
    POD.name: _pod,
}


def _conditions(status: Document, *types: str) -> list[Document]:
    members = ("type", "status", "reason", "message", "lastTransitionTime")
    found = (entry for entry in status.get("conditions") or () if entry.get("type") in types)
    return [_only(entry, members) for entry in found]


def _only(whole: Document, members: Iterable[str]) -> Document:
    return {key: whole[key] for key in members if key in whole}
