"""Kopf, wired to watch and to index: its handlers do nothing but wake our loops.

Only event, index, login and startup handlers are used. Others leave traces on users' objects:
create, update and resume handlers an annotation, daemons and timers a finalizer.

No decision is taken before everything that exists has been indexed: Kopf runs no event handler
before the initial lists of all indexed kinds are in the indexes (`operator_indexed` in
kopf._core.reactor.processing), and without an event nothing is on a queue.
"""

from collections.abc import Callable, Collection, Mapping
from typing import cast

import kopf
from kubernetes.aio.client import Configuration

from modelward.api.names import PREFIX
from modelward.cluster.connection import kopf_login
from modelward.cluster.documents import Key, concerned, essence
from modelward.cluster.kinds import WATCHED, Kind
from modelward.cluster.store import Index, Store, index_keys
from modelward.writes import Document

Wake = Callable[[Key], None]


class _NoDiffBase(kopf.DiffBaseStorage):
    """Kopf compares no versions of an object for us, so it need not copy each one to do so."""

    def build(self, **_: object) -> kopf.BodyEssence:
        return {}

    def fetch(self, **_: object) -> kopf.BodyEssence | None:
        return None

    def store(self, **_: object) -> None:
        return None


def settings() -> kopf.OperatorSettings:
    """How Kopf behaves: it watches, and does nothing else."""
    result = kopf.OperatorSettings()
    result.peering.standalone = True
    result.posting.enabled = False
    result.scanning.disabled = True
    # Never used, and no other operator's: Kopf takes its own finalizer off whatever it sees.
    result.persistence.finalizer = PREFIX + "never-used"
    result.persistence.diffbase_storage = _NoDiffBase()
    # Survive connections that die without a word. The server ends a watch after 300 s.
    result.watching.inactivity_timeout = 70
    result.watching.server_timeout = 300
    result.watching.client_timeout = 310
    result.watching.connect_timeout = 30
    result.queueing.worker_limit = None
    # After these, a watch begins anew; the last ones bound how late we notice that the API
    # server is back.
    result.networking.error_backoffs = (0.1, 0.2, 0.5, 1, 2, 3, 5)
    for kind in WATCHED:
        if kind.selector:
            # The key is a tuple. A single "apps/replicasets" would match nothing, without a word,
            # and the whole cluster be watched.
            where = (kind.group, kind.version, kind.plural)
            result.watching.label_selectors[where] = kind.selector
    return result


def registry(
    configuration: Configuration, store: Store, wake: Wake, kinds: Collection[Kind] = WATCHED
) -> kopf.OperatorRegistry:
    """Kopf's handlers: fill the indexes behind `store`, and wake the loops by key."""
    result = kopf.OperatorRegistry()

    async def login(**_: object) -> kopf.ConnectionInfo:
        return await kopf_login(configuration)

    async def attach(**indexes: object) -> None:
        store.attach({kind.name: cast("Index", indexes[kind.name]) for kind in kinds})

    kopf.on.login(registry=result)(login)
    kopf.on.startup(registry=result)(attach)
    for kind in kinds:
        _watch(kind, result, store, wake)
    return result


def _watch(kind: Kind, registry: kopf.OperatorRegistry, store: Store, wake: Wake) -> None:
    # Both are coroutines, as Kopf runs plain functions in threads.
    async def index(body: kopf.Body, **_: object) -> Mapping[str, Document]:
        document = essence(body)
        return dict.fromkeys(index_keys(document), document)

    async def changed(event: kopf.RawEvent, **_: object) -> None:
        document = cast("Document", event["object"])
        store.saw(kind, document, gone=event["type"] == "DELETED")
        for key in concerned(kind.name, document):
            wake(key)

    where = (kind.group, kind.version, kind.plural)
    kopf.index(*where, id=kind.name, registry=registry)(index)
    kopf.on.event(*where, id=f"{kind.name}-changed", registry=registry)(changed)
