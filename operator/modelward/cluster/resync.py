"""Checking the cache against the API server: at the start whether it is filled, then now and then.

A watch may lose an event. Kopf has open bugs of that kind (#1178), and after its watch expired it
begins anew without saying what has gone meanwhile. So then, and every few minutes, a second watch,
of metadata only, is opened for each kind, begins with all that exists and ends there; what the
cache has otherwise is mended. Where nothing happens the operator so sends no request but watches.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from modelward.cluster.api import Api, Listing
from modelward.cluster.documents import Key, concerned, terminating, uid, version
from modelward.cluster.errors import ApiError
from modelward.cluster.kinds import OURS, WATCHED, Kind
from modelward.cluster.logs import about
from modelward.cluster.metrics import Metrics
from modelward.cluster.store import Store
from modelward.writes import Document

log = logging.getLogger(__name__)

_AGAIN = 1.0
"""Seconds until the next look at what the cache must hold before anything is decided."""
_GLANCE = 0.02
"""Seconds between two looks at whether the cache holds it."""


@dataclass
class Resync:
    """Compares the store with the API server."""

    api: Api
    store: Store
    metrics: Metrics
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
        # One by one: of many requests one may always fail, and what a watch has told stays known.
        for kind in WATCHED:
            for namespace in self.namespaces:
                filled = await self.is_filled(kind, namespace)
                while not filled:
                    # With jitter no rhythm of what fails can meet this one again and again.
                    await asyncio.sleep(_AGAIN * random.uniform(0.5, 1.5))  # noqa: S311
                    filled = await self.is_filled(kind, namespace)
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

    async def is_filled(self, kind: Kind, namespace: str | None) -> bool:
        """Tell whether the store knows every object of a kind that the API server has.

        The watch is given some time to tell of them; an object that goes meanwhile never comes.
        """
        try:
            listing = await self.api.survey(kind, namespace)
        except ApiError as error:
            log.warning("Waiting for the API server: %s", error)
            return False
        return await self._knows(kind, {uid(item) for item in listing.items})

    async def _knows(self, kind: Kind, missing: set[str]) -> bool:
        """Wait until the store has these uids; give up once nothing comes for a while."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.patience
        while missing:
            left = {each for each in missing if not self.store.has(kind, each)}
            if len(left) < len(missing):
                deadline = loop.time() + self.patience
            elif loop.time() >= deadline:
                return False
            missing = left
            await asyncio.sleep(_GLANCE)
        return True

    async def check(self) -> None:
        """Mend what the store has wrong, and have every resource looked at some time soon."""
        try:
            for kind in WATCHED:
                for namespace in self.namespaces:
                    listing = await self.api.survey(kind, namespace)
                    await asyncio.sleep(self.patience)
                    await self._mend(kind, namespace, listing)
        except ApiError as error:
            log.warning("The cache was not checked: %s", error)
        self.store.tidy()
        for kind in OURS:
            for its_uid in self.store.versions(kind):
                for key in concerned(kind.name, self.store.by_uid(kind, its_uid)):
                    self.wake_after(key, random.uniform(0, self.period / 10))  # noqa: S311

    async def _mend(self, kind: Kind, namespace: str | None, listing: Listing) -> None:
        known = self.store.versions(kind)
        for item in listing.items:
            cached = known.pop(uid(item), None)
            if cached is None and terminating(item):
                continue  # most likely one that we deleted
            if cached is None or cached < version(item):
                await self._reread(kind, item)
        for its_uid, cached in known.items():
            document = self.store.by_uid(kind, its_uid)
            elsewhere = namespace not in (None, document["metadata"].get("namespace"))
            # What is newer than the list was created since.
            if cached <= listing.version and not elsewhere:
                self._corrected(kind, document, "is gone")
                self.store.bury(kind, its_uid)

    async def _reread(self, kind: Kind, item: Document) -> None:
        metadata = item["metadata"]
        document = await self.api.find(kind, metadata["namespace"], metadata["name"])
        if document is not None:
            self._corrected(kind, document, "has changed")
            self.store.learn(kind, document)

    def _corrected(self, kind: Kind, document: Document, what: str) -> None:
        metadata = document["metadata"]
        with about(Key(kind.name, metadata.get("namespace") or "", metadata["name"])):
            log.info("No watch has told that %s %s %s.", kind.name, metadata["name"], what)
        self.metrics.corrected(kind.name)
