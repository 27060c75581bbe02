"""Kopf, wired to watch: its handlers take in what they are told.

Only event and login handlers are used. Others leave traces on users' objects: create, update and
resume handlers an annotation, daemons and timers a finalizer.

Kopf's own indexes are not used, for two reasons. Filling them at the start takes quadratic time:
each object that has been indexed wakes up all that wait for the rest (with 1,200 objects 450,000
wake-ups, twice the CPU time of the whole start without). And what was just written must count
before the watch tells of it, which takes a store of our own in any case. That everything is known
before the first decision is therefore checked by ourselves: see modelward.cluster.resync.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import cast

import kopf
from kopf._core.reactor import inventory
from kubernetes.aio.client import Configuration

from modelward.api.names import PREFIX
from modelward.cluster.connection import kopf_login
from modelward.cluster.documents import uid
from modelward.cluster.kinds import WATCHED, Kind
from modelward.cluster.store import Store
from modelward.writes import Document

SILENCE_SECONDS = 70.0
"""A watch that says nothing for so long is dead: the API server sends a bookmark every minute."""
REQUEST_SECONDS = 30.0
"""Within which whatever is no watch must be answered."""


class _Backoffs:
    """Seconds between the tries of a watch; there is no last one.

    Kopf ends at the last one, and with it our process, although nothing helps but waiting. Their
    size bounds how late we notice that the API server is back.
    """

    def __iter__(self) -> Iterator[float]:
        return itertools.chain((0.1, 0.2, 0.5, 1.0, 2.0, 3.0), itertools.repeat(5.0))


class _NoDiffBase(kopf.DiffBaseStorage):
    """Kopf compares no versions of an object for us, so it need not copy each one to do so."""

    def build(self, **_: object) -> kopf.BodyEssence:
        return {}

    def fetch(self, **_: object) -> kopf.BodyEssence | None:
        return None

    def store(self, **_: object) -> None:
        return None


class NoMemories(inventory.ResourceMemories):
    """Kopf remembers nothing of an object between its events, as no handler of ours needs it to.

    Otherwise it keeps five objects and some sets for each of them, half as much as the store does.
    """

    async def recall(
        self,
        raw_body: kopf.RawBody,
        *,
        memobase: object | None = None,
        noticed_by_listing: bool = False,
        ephemeral: bool = True,
    ) -> inventory.ResourceMemory:
        """Return a new memory, which is not kept."""
        return inventory.ResourceMemory(noticed_by_listing=noticed_by_listing)


def settings() -> kopf.OperatorSettings:
    """How Kopf behaves: it watches, and does nothing else."""
    result = kopf.OperatorSettings()
    result.peering.standalone = True
    result.posting.enabled = False
    result.scanning.disabled = True
    # Never used, and no other operator's: Kopf takes its own finalizer off whatever it sees.
    result.persistence.finalizer = PREFIX + "never-used"
    result.persistence.diffbase_storage = _NoDiffBase()
    # A watch begins with all that exists. So there are no lists, neither when a watch expires in a
    # cluster where nothing happens, nor at the start, where one would fill memory at once.
    result.watching.initial_streaming = True
    # Survive connections that die without a word. The server ends a watch after 300 s.
    result.watching.inactivity_timeout = SILENCE_SECONDS
    result.watching.server_timeout = 300
    result.watching.client_timeout = 310
    result.watching.connect_timeout = 30
    result.queueing.worker_limit = None
    # A worker of its own waits so long for an object's next event: by default 5 s, in which the
    # start makes one for every object of the cluster.
    result.queueing.idle_timeout = 0.1
    result.networking.request_timeout = REQUEST_SECONDS
    result.networking.error_backoffs = _Backoffs()
    for kind in WATCHED:
        if kind.selector:
            # The key is a tuple. A single "apps/replicasets" would match nothing, without a word,
            # and the whole cluster be watched.
            where = (kind.group, kind.version, kind.plural)
            result.watching.label_selectors[where] = kind.selector
    return result


def registry(
    configuration: Configuration, store: Store, relisted: Callable[[], None]
) -> kopf.OperatorRegistry:
    """Kopf's handlers: they fill the store, which wakes the loops.

    `relisted` is called when a watch could not go on where it was: what has gone meanwhile is not
    told then.
    """
    result = kopf.OperatorRegistry()

    async def login(**_: object) -> kopf.AiohttpSession:
        return await kopf_login(configuration)

    kopf.on.login(registry=result)(login)
    for kind in WATCHED:
        _watch(kind, result, store, relisted)
    return result


def _watch(
    kind: Kind, registry: kopf.OperatorRegistry, store: Store, relisted: Callable[[], None]
) -> None:
    # A coroutine, as Kopf runs plain functions in threads.
    async def changed(event: kopf.RawEvent, **_: object) -> None:
        document = cast(Document, event["object"])
        if event["type"] == "DELETED":
            store.forget(kind, uid(document))
        else:
            store.learn(kind, document)
        if event["type"] is None:  # one of those that a watch begins with
            relisted()

    kopf.on.event(kind.group, kind.version, kind.plural, registry=registry)(changed)
