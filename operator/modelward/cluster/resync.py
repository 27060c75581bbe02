"""Checking the cache against the API server: at the start whether it is filled, then now and then.

A watch may lose an event. Kopf has open bugs of that kind (#1178), and after its watch expired it
lists anew without saying what has gone meanwhile. So then, and every few minutes, the names and
versions of all watched objects are listed (their metadata only), and what the cache has otherwise
is mended.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, repeat

from modelward.cluster.api import Api, Listing
from modelward.cluster.documents import Key, concerned, terminating, uid, version
from modelward.cluster.errors import ApiError
from modelward.cluster.kinds import OURS, WATCHED, Kind
from modelward.cluster.metrics import Metrics
from modelward.cluster.store import Store
from modelward.writes import Document

log = logging.getLogger(__name__)

_FIRST_CHECKS = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between the checks after the start; the last one is repeated."""


@dataclass
class Resync:
    """Compares the store with the API server."""

    api: Api
    store: Store
    metrics: Metrics
    wake: Callable[[Key], None]
    wake_after: Callable[[Key, float], None]
    namespaces: Sequence[str | None]
    """Those that are watched; a single None for the whole cluster."""
    period: float
    """Seconds between two checks."""
    patience: float = 2.0
    """Seconds that a watch may lag behind the list before it counts as having lost something."""
    filled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the store held everything that the API server had; no decision is taken before."""
    _asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Wait until the store is filled, then check it once in each period, until cancelled."""
        for kind in WATCHED:
            for namespace in self.namespaces:
                await self._until_filled(kind, namespace)
        self.filled.set()
        log.info("Ready: the cache holds what the API server has.")
        while True:
            await self._until_due()
            await self.check()

    def ask(self) -> None:
        """Ask for a check soon, as a watch may have lost something; none is due at the start."""
        if self.filled.is_set():
            self._asked.set()

    async def _until_due(self) -> None:
        # Jitter keeps many operators from asking at the same moment.
        period = self.period * random.uniform(0.9, 1.1)  # noqa: S311
        with suppress(TimeoutError):
            async with asyncio.timeout(period):
                await self._asked.wait()
        self._asked.clear()

    async def _until_filled(self, kind: Kind, namespace: str | None) -> None:
        # One by one: of many lists one may always fail, and what a watch has told stays known.
        for wait in chain(_FIRST_CHECKS, repeat(_FIRST_CHECKS[-1])):
            if await self.is_filled(kind, namespace):
                return
            await asyncio.sleep(wait)

    async def is_filled(self, kind: Kind, namespace: str | None) -> bool:
        """Tell whether the store knows every object of a kind that the API server has."""
        try:
            listing = await self._list(kind, namespace)
        except ApiError as error:
            log.warning("Waiting for the API server: %s", error)
            return False
        known = self.store.known(kind)
        return all(uid(item) in known for item in listing.items)

    async def check(self) -> None:
        """Mend what the store has wrong, and have every resource looked at some time soon."""
        try:
            for kind in WATCHED:
                for namespace in self.namespaces:
                    listing = await self._list(kind, namespace)
                    await asyncio.sleep(self.patience)
                    await self._mend(kind, namespace, listing)
        except ApiError as error:
            log.warning("The cache was not checked: %s", error)
        self.store.tidy()
        for kind in OURS:
            for document in self.store.known(kind).values():
                for key in concerned(kind.name, document):
                    self.wake_after(key, random.uniform(0, self.period / 10))  # noqa: S311

    async def _list(self, kind: Kind, namespace: str | None) -> Listing:
        return await self.api.list(kind, namespace, selector=kind.selector, metadata_only=True)

    async def _mend(self, kind: Kind, namespace: str | None, listing: Listing) -> None:
        known = {
            its_uid: document
            for its_uid, document in self.store.known(kind).items()
            if namespace in (None, document["metadata"].get("namespace"))
        }
        for item in listing.items:
            cached = known.pop(uid(item), None)
            if cached is None and terminating(item):
                continue  # most likely one that we deleted
            if cached is None or version(cached) < version(item):
                await self._reread(kind, item)
        for its_uid, document in known.items():
            # What is newer than the list was created since.
            if version(document) <= listing.version:
                self._corrected(kind, document, "is gone")
                self.store.bury(kind, its_uid)

    async def _reread(self, kind: Kind, item: Document) -> None:
        metadata = item["metadata"]
        document = await self.api.get(kind, metadata["namespace"], metadata["name"])
        if document is not None:
            self.store.learn(kind, document)
            self._corrected(kind, document, "has changed")

    def _corrected(self, kind: Kind, document: Document, what: str) -> None:
        log.info("%s %s %s.", kind.name, document["metadata"]["name"], what)
        self.metrics.corrected(kind.name)
        for key in concerned(kind.name, document):
            self.wake(key)
