"""The operator's view of the cluster: of each object the latest state that anybody told us.

A watch lags behind. Deciding on a state older than our own writes would do things twice, so the
response to each write is taken in like an event, the larger resourceVersion counts, and what we
deleted stays deleted although the watch still tells of it. Nothing here waits or asks.
"""

from dataclasses import dataclass, field

from modelward.cluster.documents import controller, essence, labels, uid, version
from modelward.cluster.kinds import POD, WATCHED, Kind
from modelward.writes import Document

JOB_UID_LABEL = "batch.kubernetes.io/controller-uid"
"""Label that the Job controller gives to a Job's pods."""


@dataclass
class _Objects:
    """All objects of one kind."""

    latest: dict[str, Document] = field(default_factory=dict)
    """By uid."""
    places: dict[str, set[str]] = field(default_factory=dict)
    """uids by name, controller and Job: see `_keys`."""
    deleted: set[str] = field(default_factory=set)
    """uids that are gone, although the watch may not have said so yet."""
    deleted_before: set[str] = field(default_factory=set)
    """Those that were in `deleted` at the last tidying."""

    def put(self, document: Document) -> None:
        its_uid = uid(document)
        known = self.latest.get(its_uid)
        if its_uid in self.deleted or (known and version(known) >= version(document)):
            return
        self.drop(its_uid)
        self.latest[its_uid] = essence(document)
        for key in _keys(document):
            self.places.setdefault(key, set()).add(its_uid)

    def drop(self, its_uid: str) -> None:
        document = self.latest.pop(its_uid, None)
        for key in _keys(document) if document else ():
            self.places[key].discard(its_uid)
            if not self.places[key]:
                del self.places[key]

    def at(self, key: str) -> list[Document]:
        found = (self.latest[its_uid] for its_uid in self.places.get(key, ()))
        return sorted(found, key=lambda document: str(document["metadata"]["name"]))


class Store:
    """What is known of the watched kinds. Reads are from memory."""

    def __init__(self) -> None:
        self._kinds = {kind.name: _Objects() for kind in WATCHED}

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

    def known(self, kind: Kind) -> dict[str, Document]:
        """Return all objects of a kind, by uid."""
        return dict(self._kinds[kind.name].latest)

    def versions(self, kind: Kind) -> dict[str, int]:
        """Return the resourceVersion of each object of a kind, by uid."""
        return {
            its_uid: version(document)
            for its_uid, document in self._kinds[kind.name].latest.items()
        }

    def by_uid(self, kind: Kind, its_uid: str) -> Document:
        """Return the object with this uid; KeyError where it is not known."""
        return self._kinds[kind.name].latest[its_uid]

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
