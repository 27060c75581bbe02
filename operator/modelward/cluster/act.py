"""Acting: carry out a plan's writes in their order, and take note of what came of each."""

import json
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from modelward.api.names import MANAGED
from modelward.cluster import errors, events
from modelward.cluster.api import Api
from modelward.cluster.documents import Key, controller, controller_name, labels, uid
from modelward.cluster.kinds import SERVICE, Kind, kind_named
from modelward.cluster.refusals import Refusals
from modelward.cluster.store import Store
from modelward.writes import (
    Announce,
    Apply,
    Create,
    Delete,
    Document,
    Happening,
    PatchStatus,
    Plan,
    Write,
    target,
)

log = logging.getLogger(__name__)

_MOST_ROUNDS = 3
"""Rounds in a row that may end at an Event that the API server could not take.

The next round says it again, and so does another process after a kill; only then goes the plan on
without it. What is remembered here alone is lost with this process.
"""
_MOST_TRIES = 10
"""How often an Event is tried again that the API server could not take; over five minutes."""
_LONGEST_WAIT = 60.0
"""Seconds between two of these tries at most, unless the API server asks for more."""
_ANNOUNCED_LIMIT = 10_000
"""Events remembered as written. One that was forgotten costs a request and changes nothing."""


class OutdatedError(Exception):
    """The plan was made from a state that has changed: look again and decide anew."""


@dataclass(frozen=True)
class _Unsaid:
    """An Event that could not be written when its turn was taken."""

    announce: Announce
    tries: int
    due: datetime
    """When it is tried again; rounds before that leave it alone."""


@dataclass
class Actor:
    """Writes to the API server. Everything it writes is in the store when it returns."""

    api: Api
    store: Store
    refusals: Refusals
    now: Callable[[], datetime]
    instance: str
    """Name of this process, as Events tell it."""
    wake_after: Callable[[Key, float], None]
    """Asks for another look at a resource in so many seconds."""
    count: Callable[[Happening], None] = field(default=lambda _: None)
    """Called with what a write has brought about."""
    _unsaid: dict[Key, list[_Unsaid]] = field(default_factory=dict)
    _ended_at_event: Counter[Key] = field(default_factory=Counter)
    _announced: OrderedDict[tuple[str, str], None] = field(default_factory=OrderedDict)

    async def carry_out(self, key: Key, plan: Plan) -> None:
        """Carry out the writes; the first that fails ends it.

        Raises OutdatedError where a fresh decision is due, and ApiError where only time helps.
        """
        for unsaid in self._due(key):
            await self._announce(key, unsaid.announce, unsaid.tries)
        for write in plan.writes:
            await self._write(key, write)
            for measured in plan.metrics:
                if target(write) == (measured.kind, measured.name):
                    self.count(measured.what)
        self._ended_at_event.pop(key, None)

    def _due(self, key: Key) -> list[_Unsaid]:
        """Take out the Events that are to be tried again now.

        For the others another look is asked for again: an earlier one took its place in the queue.
        """
        unsaid, now = self._unsaid.pop(key, []), self.now()
        for each in (each for each in unsaid if each.due > now):
            self._unsaid.setdefault(key, []).append(each)
            self.wake_after(key, (each.due - now).total_seconds())
        return [each for each in unsaid if each.due <= now]

    async def _write(self, key: Key, write: Write) -> None:
        match write:
            case Create():
                await self._create(key, write.body)
            case Apply():
                await self._apply(write.body)
            case Delete():
                await self._delete(write)
            case PatchStatus():
                await self._patch_status(write)
            case Announce():
                await self._announce(key, write)

    async def _create(self, key: Key, body: Document) -> None:
        try:
            stored = await self.api.create(body)
        except errors.NameTakenError as error:
            await self._name_taken(key, body, error)
        except errors.InvalidError as error:
            self._refused(key, body, "Invalid", error)
        except errors.ForbiddenError as error:
            self._refused(key, body, "Forbidden", error)
        else:
            self.refusals.created(key, body)
            self.store.learn(kind_named(body["kind"]), stored)
            log.info("Created %s %s.", body["kind"], body["metadata"]["name"])

    async def _name_taken(self, key: Key, body: Document, error: errors.NameTakenError) -> None:
        """Find out who has the name: we, while our cache lags behind, or somebody else."""
        kind, metadata = kind_named(body["kind"]), body["metadata"]
        existing = await self.api.find(kind, metadata["namespace"], metadata["name"])
        what = f"{kind.name} {metadata['name']}"
        if existing is not None and _is_left_over(existing, body):
            raise OutdatedError(f"{what} belongs to one that is gone and goes, too") from error
        if existing is not None and controller(existing) != controller(body):
            message = _foreign(kind, body, existing)
        elif existing is not None and kind.selector and labels(existing).get(MANAGED) != "true":
            message = (
                f"it exists and is ours, but lost its label {MANAGED}=true and can't be watched. "
                f"Put it back: kubectl label {kind.plural} {metadata['name']} {MANAGED}=true"
            )
        else:
            if existing is not None:
                self.store.learn(kind, existing)
            raise OutdatedError(f"{what} exists already and is ours") from error
        self.refusals.record(key, body, "NameTaken", message)
        raise OutdatedError(f"{what}: {message}") from error

    def _refused(self, key: Key, body: Document, reason: str, error: errors.ApiError) -> None:
        self.refusals.record(key, body, reason, str(error))
        raise OutdatedError(f"{body['kind']} {body['metadata']['name']}: {error}") from error

    async def _apply(self, body: Document) -> None:
        kind = kind_named(body["kind"])
        try:
            stored = await self.api.apply(body)
        except errors.GoneError as error:
            self.store.bury(kind, body["metadata"]["uid"])
            message = f"{kind.name} {body['metadata']['name']} is gone"
            raise OutdatedError(message) from error
        self.store.learn(kind, stored)
        log.info("Applied %s %s.", body["kind"], body["metadata"]["name"])

    async def _delete(self, write: Delete) -> None:
        kind = kind_named(write.kind)
        await self.api.delete(kind, write.namespace, write.name, write.uid)
        self.store.bury(kind, write.uid)
        log.info("Deleted %s %s.", write.kind, write.name)

    async def _patch_status(self, write: PatchStatus) -> None:
        kind = kind_named(write.kind)
        try:
            stored = await self.api.patch_status(
                kind, write.namespace, write.name, write.resource_version, write.status
            )
        except errors.ConflictError as error:
            message = f"{write.kind} {write.name} has changed since it was looked at"
            raise OutdatedError(message) from error
        except errors.NotFoundError as error:
            current = self.store.get(kind, write.namespace, write.name)
            if current and current["metadata"]["resourceVersion"] == write.resource_version:
                self.store.bury(kind, uid(current))
            raise OutdatedError(f"{write.kind} {write.name} is gone") from error
        self.store.learn(kind, stored)

    async def _announce(self, key: Key, announce: Announce, tries: int = 0) -> None:
        """Write an Event; one that can't be written is said later, and holds nothing up for long.

        Raises UnavailableError or ConflictError where the round is worth another try.
        """
        said = (announce.regarding["uid"], announce.key)
        if said in self._announced:
            return
        try:
            await self.api.create(events.render(announce, self.now(), self.instance))
        except errors.NameTakenError:
            pass  # said before a restart
        except (errors.UnavailableError, errors.ConflictError) as error:
            if not tries and self._is_round_over(key, error):
                raise
            log.warning("Event %s was not written: %s", announce.reason, error)
            if tries < _MOST_TRIES:
                wait = max(error.retry_after, min(2.0**tries, _LONGEST_WAIT))
                due = self.now() + timedelta(seconds=wait)
                self._unsaid.setdefault(key, []).append(_Unsaid(announce, tries + 1, due))
                self.wake_after(key, wait)
            return
        except errors.ApiError as error:
            log.warning("Event %s was not written: %s", announce.reason, error)
            return
        else:
            # Not its note, which may quote what a container said at its end.
            log.info("Announced %s.", announce.reason)
        self._announced[said] = None
        if len(self._announced) > _ANNOUNCED_LIMIT:
            self._announced.popitem(last=False)

    def _is_round_over(self, key: Key, error: errors.ApiError) -> bool:
        """Whether to plan anew for the sake of an Event."""
        if not error.status:
            return True  # no connection: nothing else would work either
        self._ended_at_event[key] += 1
        return self._ended_at_event[key] <= _MOST_ROUNDS


def _is_left_over(existing: Document, body: Document) -> bool:
    """Whether an object's controller had the name of ours, and is therefore gone.

    Somebody deleted our owner, which was made again before the garbage collector came by.
    """
    same_name = controller_name(existing) == controller_name(body)
    return same_name and controller(existing) != controller(body)


def _foreign(kind: Kind, body: Document, existing: Document) -> str:
    """Say what to do about an object that has a name we need."""
    metadata = body["metadata"]
    ours = {name: metadata[name] for name in ("labels", "ownerReferences")}
    orphaned = not controller(existing) and ours["labels"].items() <= labels(existing).items()
    message = "another object has this name. Delete it, or give this resource another name."
    if orphaned:
        message = "it was ours, and belongs to nobody now, as after a restore from a backup."
    elif kind is not SERVICE:
        return message
    patch = json.dumps({"metadata": ours}, separators=(",", ":"))
    hand_over = f"kubectl patch {kind.name.lower()} {metadata['name']} --type=merge -p '{patch}'"
    return f"{message} {'H' if orphaned else 'Or h'}and it over: {hand_over}"
