"""The operator's view of the cluster: what was watched, overlaid with what it has just written.

A watch lags behind. Deciding on a state older than our own writes would do things twice, so the
response to each write is kept until the watch has caught up, and what was deleted stays hidden
until the watch has said so too. Nothing here waits or asks the API server.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from modelward.cluster.documents import controller, essence, labels, uid, version
from modelward.cluster.kinds import POD, WATCHED, Kind
from modelward.writes import Document

Index = Mapping[str, Collection[Document]]
"""Objects of one kind by any of their `index_keys`; Kopf's indexes are of this form."""


JOB_UID_LABEL = "batch.kubernetes.io/controller-uid"
"""Label that the Job controller gives to a Job's pods."""


def name_key(namespace: str, name: str) -> str:
    """The index key of an object's name. No uid contains a slash."""
    return f"{namespace}/{name}"


def owner_key(owner: str) -> str:
    """The index key of what the object with uid `owner` controls."""
    return owner


def job_key(job: str) -> str:
    """The index key of the pods that say by label that the Job with this uid made them."""
    return f"job={job}"


def index_keys(document: Document) -> tuple[str, ...]:
    """Where an object is found: under its name, its controller and its Job, if it has them."""
    metadata = document["metadata"]
    keys = [name_key(metadata.get("namespace") or "", metadata["name"])]
    owner, job = controller(document), labels(document).get(JOB_UID_LABEL)
    if owner:
        keys.append(owner_key(owner))
    if job:
        keys.append(job_key(job))
    return tuple(keys)


@dataclass
class _Overlay:
    """What we know of one kind that the watch may not."""

    written: dict[str, Document] = field(default_factory=dict)
    """By uid: responses to our writes."""
    places: dict[str, set[str]] = field(default_factory=dict)
    """uids of `written` by index key."""
    deleted: set[str] = field(default_factory=set)
    """uids that we deleted, or found to be gone."""

    def put(self, document: Document) -> None:
        self.written[uid(document)] = document
        for key in index_keys(document):
            self.places.setdefault(key, set()).add(uid(document))

    def outdates(self, document: Document) -> bool:
        """Whether a later state of this object was written, perhaps under other keys."""
        written = self.written.get(uid(document))
        return written is not None and version(written) > version(document)

    def drop(self, its_uid: str) -> None:
        document = self.written.pop(its_uid, None)
        for key in index_keys(document) if document else ():
            self.places[key].discard(its_uid)
            if not self.places[key]:
                del self.places[key]


class Store:
    """Reads are from memory; empty until `attach`ed to the indexes."""

    def __init__(self) -> None:
        self._indexes: Mapping[str, Index] = {}
        self._overlays = {kind.name: _Overlay() for kind in WATCHED}

    def attach(self, indexes: Mapping[str, Index]) -> None:
        """Read from these indexes, one for each watched kind, by the kind's name."""
        self._indexes = indexes

    def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        """Return the object of this name. While it is being replaced, the later one."""
        return max(self._read(kind, name_key(namespace, name)), key=version, default=None)

    def controlled_by(self, kind: Kind, owner: str) -> list[Document]:
        """Return what the object with uid `owner` controls, sorted by name."""
        return sorted(self._read(kind, owner_key(owner)), key=_name)

    def pods_of_job(self, job: str) -> list[Document]:
        """Return the pods that are a Job's by owner or by label, sorted by name."""
        found = [*self._read(POD, owner_key(job)), *self._read(POD, job_key(job))]
        return sorted({uid(pod): pod for pod in found}.values(), key=_name)

    def known(self, kind: Kind) -> dict[str, Document]:
        """Return all objects of a kind, by uid."""
        overlay = self._overlays[kind.name]
        keys = {key for key in self._index(kind) if "/" in key}
        keys |= {key for key in overlay.places if "/" in key}
        return {uid(document): document for key in keys for document in self._read(kind, key)}

    def wrote(self, kind: Kind, document: Document) -> None:
        """Take note of the response to a write, or of a read that is newer than the watch."""
        overlay = self._overlays[kind.name]
        previous = overlay.written.get(uid(document))
        if previous is None or version(document) > version(previous):
            overlay.drop(uid(document))
            overlay.put(essence(document))

    def deleted(self, kind: Kind, its_uid: str) -> None:
        """Take note that this object is gone, whatever the watch still says."""
        overlay = self._overlays[kind.name]
        overlay.drop(its_uid)
        overlay.deleted.add(its_uid)

    def saw(self, kind: Kind, document: Document, *, gone: bool) -> None:
        """Forget what was overlaid, as far as the watch has caught up with it."""
        overlay = self._overlays[kind.name]
        written = overlay.written.get(uid(document))
        if gone or (written is not None and version(written) <= version(document)):
            overlay.drop(uid(document))
        if gone:
            overlay.deleted.discard(uid(document))

    def tidy(self, kind: Kind) -> None:
        """Forget deletions that the watch has caught up with without saying so (a relisting)."""
        index = self._index(kind)
        watched = {uid(document) for key in index if "/" in key for document in index.get(key, ())}
        self._overlays[kind.name].deleted &= watched

    def _index(self, kind: Kind) -> Index:
        return self._indexes.get(kind.name, {})

    def _read(self, kind: Kind, key: str) -> list[Document]:
        overlay = self._overlays[kind.name]
        written = [overlay.written[its_uid] for its_uid in overlay.places.get(key, ())]
        watched = [each for each in self._index(kind).get(key, ()) if not overlay.outdates(each)]
        latest = {uid(document): document for document in sorted(watched + written, key=version)}
        return [each for its_uid, each in latest.items() if its_uid not in overlay.deleted]


def _name(document: Document) -> str:
    return str(document["metadata"]["name"])
