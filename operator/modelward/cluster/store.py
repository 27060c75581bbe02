"""The operator's view of the cluster: of each object the latest state that anybody told us.

A watch lags behind. Deciding on a state older than our own writes would do things twice, so the
response to each write is taken in like an event, the larger resourceVersion counts, and what we
deleted stays deleted although the watch still tells of it. Nothing here waits or asks.

Whoever brings news, an event or a write of ours, wakes the resources that it concerns. The echo of
our own write is no news, and neither is an event that changes nothing which decisions read.

Objects are kept as compact JSON, not as dictionaries: that takes a fifth of the memory, and most
objects of a cluster are read once in many minutes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic_core import from_json, to_json

from modelward.cluster.documents import Key, concerned, controller, labels, uid, version
from modelward.cluster.essence import JOB_UID_LABEL, essence
from modelward.cluster.kinds import POD, WATCHED, Kind
from modelward.writes import Document


class _Kept(NamedTuple):
    """One object."""

    version: int
    content: bytes
    """Its essence as JSON, without the resourceVersion."""

    @classmethod
    def of(cls, kind: Kind, document: Document) -> "_Kept":
        kept = essence(kind, document)
        kept["metadata"].pop("resourceVersion", None)
        return cls(version(document), to_json(kept))

    @property
    def document(self) -> Document:
        found: Document = from_json(self.content)
        found["metadata"]["resourceVersion"] = str(self.version)
        return found


@dataclass
class _Objects:
    """All objects of one kind."""

    kind: Kind
    wake: Callable[[Key], None]
    latest: dict[str, _Kept] = field(default_factory=dict)
    """By uid."""
    places: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """uids by name, controller and Job: see `_keys`."""
    deleted: set[str] = field(default_factory=set)
    """uids that are gone, although the watch may not have said so yet."""
    deleted_before: set[str] = field(default_factory=set)
    """Those that were in `deleted` at the last tidying."""

    def put(self, document: Document) -> None:
        its_uid = uid(document)
        known = self.latest.get(its_uid)
        if its_uid in self.deleted or (known and known.version >= version(document)):
            return
        kept = _Kept.of(self.kind, document)
        if known and known.content == kept.content:
            self.latest[its_uid] = kept
            return
        before = self._remove(its_uid)
        self.latest[its_uid] = kept
        for key in _keys(document):
            self.places[key] = (*self.places.get(key, ()), its_uid)
        self._tell(*before, document)

    def drop(self, its_uid: str) -> None:
        self._tell(*self._remove(its_uid))

    def _remove(self, its_uid: str) -> list[Document]:
        """Forget the object; return it as it was, if it was known."""
        known = self.latest.pop(its_uid, None)
        if known is None:
            return []
        document = known.document
        for key in _keys(document):
            rest = tuple(each for each in self.places[key] if each != its_uid)
            if rest:
                self.places[key] = rest
            else:
                del self.places[key]
        return [document]

    def at(self, key: str) -> list[Document]:
        found = [self.latest[its_uid].document for its_uid in self.places.get(key, ())]
        return sorted(found, key=lambda document: str(document["metadata"]["name"]))

    def _tell(self, *documents: Document) -> None:
        keys = (key for document in documents for key in concerned(self.kind.name, document))
        for key in dict.fromkeys(keys):
            self.wake(key)


def _nobody(_: Key) -> None:
    """Wake nobody."""


class Store:
    """What is known of the watched kinds. Reads are from memory."""

    def __init__(self, wake: Callable[[Key], None] = _nobody) -> None:
        """`wake` is called with the key of each resource that news concern."""
        self._kinds = {kind.name: _Objects(kind, wake) for kind in WATCHED}

    def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        """Return the object of this name. While it is being replaced, the later one."""
        found = self._kinds[kind.name].at(_name_key(namespace, name))
        return max(found, key=version, default=None)

    def controlled_by(self, kind: Kind, owner: str) -> list[Document]:
        """Return what the object with uid `owner` controls, sorted by name."""
        return self._kinds[kind.name].at(owner)

    def pods_of_job(self, job: str) -> list[Document]:
        """Return the pods that are a Job's by owner or by label, sorted by name."""
        pods = self._kinds[POD.name]
        by_label = {uid(pod): pod for pod in pods.at(_job_key(job))}
        by_owner = {uid(pod): pod for pod in pods.at(job)}
        return sorted((by_label | by_owner).values(), key=lambda pod: str(pod["metadata"]["name"]))

    def versions(self, kind: Kind) -> dict[str, int]:
        """Return the resourceVersion of each object of a kind, by uid."""
        return {its_uid: kept.version for its_uid, kept in self._kinds[kind.name].latest.items()}

    def has(self, kind: Kind, its_uid: str) -> bool:
        """Tell whether an object with this uid is known."""
        return its_uid in self._kinds[kind.name].latest

    def by_uid(self, kind: Kind, its_uid: str) -> Document:
        """Return the object with this uid; KeyError where it is not known."""
        return self._kinds[kind.name].latest[its_uid].document

    def learn(self, kind: Kind, document: Document) -> None:
        """Take in a state of an object: an event, a read, or the response to a write of ours."""
        self._kinds[kind.name].put(document)

    def forget(self, kind: Kind, its_uid: str) -> None:
        """Take in that the watch says: this object is gone. No event of it can follow."""
        self._kinds[kind.name].drop(its_uid)
        self._kinds[kind.name].deleted.discard(its_uid)

    def bury(self, kind: Kind, its_uid: str) -> None:
        """Take in that this object is gone, whatever the watch still has to tell of it."""
        self._kinds[kind.name].drop(its_uid)
        self._kinds[kind.name].deleted.add(its_uid)

    def tidy(self) -> None:
        """Forget the burials that are older than the last tidying: no event is so late."""
        for objects in self._kinds.values():
            objects.deleted -= objects.deleted_before
            objects.deleted_before = set(objects.deleted)


def _name_key(namespace: str, name: str) -> str:
    # No uid contains a slash or an equals sign.
    return f"{namespace}/{name}"


def _job_key(job: str) -> str:
    return f"job={job}"


def _keys(document: Document) -> list[str]:
    """Where an object is found: under its name, its controller and its Job, if it has them."""
    metadata = document["metadata"]
    keys = [_name_key(metadata.get("namespace") or "", metadata["name"])]
    owner, job = controller(document), labels(document).get(JOB_UID_LABEL)
    if owner:
        keys.append(owner)
    if job:
        keys.append(_job_key(job))
    return keys
