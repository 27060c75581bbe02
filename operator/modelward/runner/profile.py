"""What one revision's requests came to, in bounded memory: for people, no verdict rests on it."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable

from modelward.benchmark.log import (
    LONGEST_MICROS,
    MOST_REASONS,
    MOST_SLOTS,
    LoadProfile,
    bucket_floor,
)

_MOST_KEPT = 100
_ANOTHER = "another reason"


class Profile:
    """Answers over time, and a histogram of latencies with buckets of at most 1/16 of their value.

    Buckets are those of HdrHistogram: 16 of equal width in each power of two. However many requests
    there are, that is at most 240 stretches of time and 400 buckets.
    """

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()
        self._slot_seconds = 1
        self._answered = array("q")
        self._failed = array("q")
        self._slowest = array("q")
        self._buckets: Counter[int] = Counter()

    def add(self, due: int, latency: int, problem: str | None = None) -> None:
        """Take note of a request that ended `latency` ns after it was due, well or badly.

        `due` is in ns after the first request that counts. A request belongs to the second in which
        it ended: a server that stalls shows as a gap, and what it answers then as a peak.
        """
        slot = self._slot(max(due + latency, 0) // 1_000_000_000)
        if problem:
            self._failed[slot] += 1
            self._count_failure(problem)
            return
        micros = min(max(latency // 1000, 0), LONGEST_MICROS)
        self._answered[slot] += 1
        self._slowest[slot] = max(self._slowest[slot], micros)
        self._buckets[bucket_floor(micros)] += 1

    def _count_failure(self, problem: str) -> None:
        """Count a failed request by its reason; a server that always has a new one has few."""
        known = problem in self.failures or len(self.failures) < _MOST_KEPT
        self.failures[problem if known else _ANOTHER] += 1

    def seen(self, of: str, *, by_turns: bool = False) -> LoadProfile:
        """Return what the log tells of it; `of` is the revision, for people."""
        return LoadProfile(
            of=of,
            by_turns=by_turns,
            slot_seconds=self._slot_seconds,
            answered=tuple(self._answered),
            failed=tuple(self._failed),
            slowest_us=tuple(self._slowest),
            latency_us=tuple(sorted(self._buckets.items())),
            failures=dict(self.failures.most_common(MOST_REASONS)),
        )

    def _slot(self, second: int) -> int:
        while second // self._slot_seconds >= MOST_SLOTS:
            self._halve()
        slot = second // self._slot_seconds
        for each in (self._answered, self._failed, self._slowest):
            each.extend([0] * (slot + 1 - len(each)))
        return slot

    def _halve(self) -> None:
        self._slot_seconds *= 2
        self._answered = _merged(self._answered, sum)
        self._failed = _merged(self._failed, sum)
        self._slowest = _merged(self._slowest, max)


def _merged(slots: "array[int]", how: Callable[[Iterable[int]], int]) -> "array[int]":
    return array("q", (how(slots[i : i + 2]) for i in range(0, len(slots), 2)))
