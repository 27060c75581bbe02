"""Requests that are not independent, many streams at once: queues and bursts."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
from scipy import optimize

from benchmarks.judging.evidence import Floats, Ints

WARM_UP = 300
"""Requests after which a queue that began empty is taken as in its ordinary state."""
BURST = 5


class Source(ABC):
    """Streams of requests, each of which is bad or not."""

    def __init__(self, streams: int, share: float, rng: np.random.Generator) -> None:
        self.streams, self.share, self.rng = streams, share, rng

    def window(self, requests: int) -> Ints:
        """Return the number of bad requests among the next ones of each stream."""
        bad = np.zeros(self.streams, dtype=np.int64)
        for _ in range(requests):
            bad += self.step()
        return bad

    @abstractmethod
    def step(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Return whether the next request of each stream is bad."""

    def keep(self, going: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> None:
        """Go on with these streams alone."""
        self.streams = int(going.sum())


class Queue(Source):
    """Poisson arrivals at workers with exponential service of mean 1; bad is who takes too long."""

    def __init__(
        self, streams: int, share: float, rng: np.random.Generator, workers: int, load: float
    ) -> None:
        super().__init__(streams, share, rng)
        self._arrivals = workers * load
        self._threshold = threshold(workers, load, share)
        self._work: Floats = np.zeros((streams, workers))
        """Work that each worker has before it."""
        for _ in range(WARM_UP):
            self.step()

    def step(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Send one request to the worker that is free first."""
        service = self.rng.standard_exponential(self.streams)
        rows, free = np.arange(self.streams), self._work.argmin(axis=1)
        takes = self._work[rows, free] + service
        self._work[rows, free] = takes
        self._work -= (self.rng.standard_exponential(self.streams) / self._arrivals)[:, None]
        np.maximum(self._work, 0.0, out=self._work)
        return np.asarray(takes > self._threshold)

    def keep(self, going: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> None:
        """Go on with these streams alone."""
        super().keep(going)
        self._work = self._work[going]


class Bursts(Source):
    """Bad requests in a row, five or geometrically many with mean five."""

    def __init__(
        self, streams: int, share: float, rng: np.random.Generator, geometric: bool
    ) -> None:
        super().__init__(streams, share, rng)
        self._starts = share / (BURST - (BURST - 1) * share)
        self._geometric = geometric
        self._left: Ints = np.zeros(streams, dtype=np.int64)

    def step(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Begin a burst, go on with one, or neither."""
        starts = (self._left == 0) & (self.rng.random(self.streams) < self._starts)
        number = int(starts.sum())
        lengths = self.rng.geometric(1 / BURST, number) if self._geometric else BURST
        self._left[starts] = lengths
        bad = self._left > 0
        self._left -= bad
        return np.asarray(bad)

    def keep(self, going: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> None:
        """Go on with these streams alone."""
        super().keep(going)
        self._left = self._left[going]


class Independent(Source):
    """Requests of which each is bad by itself."""

    def step(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Draw one request of each stream."""
        return np.asarray(self.rng.random(self.streams) < self.share)


Make = Callable[[int, float, np.random.Generator], Source]

SOURCES: dict[str, Make] = {
    "independent": Independent,
    "M/M/1 at .2": lambda n, share, rng: Queue(n, share, rng, 1, 0.2),
    "M/M/1 at .5": lambda n, share, rng: Queue(n, share, rng, 1, 0.5),
    "M/M/1 at .7": lambda n, share, rng: Queue(n, share, rng, 1, 0.7),
    "4 workers at .7": lambda n, share, rng: Queue(n, share, rng, 4, 0.7),
    "bursts of 5": lambda n, share, rng: Bursts(n, share, rng, geometric=False),
    "geometric bursts": lambda n, share, rng: Bursts(n, share, rng, geometric=True),
}


def threshold(workers: int, load: float, share: float) -> float:
    """Return the time in the system that a share of requests exceeds (Erlang C)."""
    arrivals = workers * load
    last = arrivals**workers / math.factorial(workers) / (1 - load)
    waits = last / (sum(arrivals**k / math.factorial(k) for k in range(workers)) + last)
    freed = workers - arrivals

    def beyond(time: float) -> float:
        if math.isclose(freed, 1.0):
            both = (1 + time) * math.exp(-time)
        else:
            both = (freed * math.exp(-time) - math.exp(-freed * time)) / (freed - 1)
        return (1 - waits) * math.exp(-time) + waits * both - share

    return float(optimize.brentq(beyond, 0.0, 1_000.0))
