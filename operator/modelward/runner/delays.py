"""How late requests were sent: a distribution in constant memory."""

from collections import Counter

_STEPS = 6
"""Binary digits that are kept of a delay: it is known to one part in 64, rounded up."""


class Delays:
    """Counts delays by their size, so that a million take no more than a few."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, delay: int) -> None:
        """Count a delay in nanoseconds; one below 0 is none."""
        delay = max(delay, 0)
        digits = max(delay.bit_length() - _STEPS - 1, 0)
        self._counts[-(-delay >> digits) << digits] += 1

    @property
    def requests(self) -> int:
        """Delays that were counted."""
        return self._counts.total()

    @property
    def p99(self) -> int:
        """What 99 of 100 delays are at most, in nanoseconds; 0 where there are none."""
        left = self.requests // 100
        for delay, count in sorted(self._counts.items(), reverse=True):
            if count > left:
                return delay
            left -= count
        return 0
