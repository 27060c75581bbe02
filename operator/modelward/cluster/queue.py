"""A work queue with the semantics of client-go's (k8s.io/client-go/util/workqueue), on asyncio.

- A key that is added several times before it is worked on is handed out once.
- A key is never handed out while it is being worked on; if it is added meanwhile, it is handed
  out again afterwards. So an event is never lost, and one key has one writer.
- A key can be added after a delay; of several delays the earliest counts.
- A key that fails is added after an exponential back-off of its own, until it is forgotten.
- A queue that is shut down hands out nothing more; what is being worked on can be finished.
"""

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)


class Timer(Protocol):
    """A scheduled call."""

    def cancel(self) -> None:
        """Make sure that the call does not happen."""


class Clock(Protocol):
    """What the queue needs of time; an asyncio event loop has it."""

    def time(self) -> float:
        """Return a monotonic time in seconds."""

    def call_at(self, when: float, callback: Callable[[], None], /) -> Timer:
        """Call back at this time."""


class Observer:
    """Is told what happens to keys, for metrics; this one takes note of nothing."""

    def added(self) -> None:
        """A key was added that did not wait already."""

    def taken(self, waited: float) -> None:
        """A key was handed out after so many seconds."""

    def finished(self, worked: float) -> None:
        """Work on a key has ended after so many seconds."""

    def retried(self) -> None:
        """A key failed and is to be tried again."""


NOBODY = Observer()


class WorkQueue(Generic[K]):
    """Keys that need work. Not for use by several threads."""

    def __init__(
        self,
        clock: Clock,
        *,
        first_backoff: float = 0.05,
        last_backoff: float = 60.0,
        observer: Observer = NOBODY,
    ) -> None:
        """Back-offs are in seconds; each is twice the one before, up to the last."""
        self._clock = clock
        self._observer = observer
        self._first_backoff = first_backoff
        self._last_backoff = last_backoff
        self._ready: asyncio.Queue[K | None] = asyncio.Queue()
        """Keys to hand out; None wakes those who wait when the queue is shut down."""
        self._dirty: dict[K, float] = {}
        """When each key that needs work was added."""
        self._processing: dict[K, float] = {}
        self._waiting: dict[K, tuple[float, Timer]] = {}
        self._failures: dict[K, int] = {}
        self._shut_down = False

    def __len__(self) -> int:
        """Return how many keys are ready to be worked on."""
        return 0 if self._shut_down else self._ready.qsize()

    @property
    def oldest(self) -> float:
        """For how many seconds the key that takes longest has been worked on; 0 when idle."""
        return max((self._clock.time() - since for since in self._processing.values()), default=0)

    @property
    def unfinished(self) -> float:
        """For how many seconds all keys that are worked on have been, together."""
        now = self._clock.time()
        return sum(now - since for since in self._processing.values())

    @property
    def in_progress(self) -> tuple[K, ...]:
        """The keys that are worked on."""
        return tuple(self._processing)

    def add(self, key: K) -> None:
        """Ask for work on a key as soon as possible."""
        if key in self._dirty or self._shut_down:
            return
        self._observer.added()
        self._dirty[key] = self._clock.time()
        if key not in self._processing:
            self._ready.put_nowait(key)

    def add_after(self, key: K, delay: float) -> None:
        """Ask for work on a key in `delay` seconds, unless an earlier time was asked for."""
        if delay <= 0 or self._shut_down:
            self.add(key)
            return
        when = self._clock.time() + delay
        if key in self._waiting:
            earlier, timer = self._waiting[key]
            if earlier <= when:
                return
            timer.cancel()
        self._waiting[key] = (when, self._clock.call_at(when, lambda: self._due(key)))

    def retry(self, key: K, at_least: float = 0.0) -> float:
        """Ask for work on a key that has failed; return the delay in seconds.

        `at_least` is what the API server asked for (Retry-After).
        """
        self._observer.retried()
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        # The exponent is bounded: 2.0**1024 is an OverflowError.
        delay = min(self._first_backoff * 2.0 ** min(failures, 64), self._last_backoff)
        delay = max(delay, at_least)
        self.add_after(key, delay)
        return delay

    def forget(self, key: K) -> None:
        """Say that a key no longer fails: its next back-off begins at the start."""
        self._failures.pop(key, None)

    async def get(self) -> K | None:
        """Wait for a key and take it; `done` must follow. None once the queue is shut down."""
        key = await self._ready.get()
        if key is None or self._shut_down:
            self._ready.put_nowait(None)  # for the next one who waits
            return None
        now = self._clock.time()
        self._observer.taken(now - self._dirty.pop(key))
        self._processing[key] = now
        return key

    def done(self, key: K) -> None:
        """Say that work on a key has ended, well or not."""
        self._observer.finished(self._clock.time() - self._processing.pop(key))
        if key in self._dirty:
            self._ready.put_nowait(key)

    def shut_down(self) -> None:
        """Hand out nothing more, and cancel all delayed additions."""
        self._shut_down = True
        self._ready.put_nowait(None)
        for _, timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()

    def _due(self, key: K) -> None:
        self._waiting.pop(key, None)
        self.add(key)
