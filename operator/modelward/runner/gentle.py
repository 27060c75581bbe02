"""A gentle rate for questions to pods that serve users meanwhile.

Their users must not notice: one question at a time, no more than a few a second, and after each as
long a rest as its answer took, so that a slow model is asked for at most half of the time.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PER_SECOND = 20
"""Questions to pods that serve users, at most."""


class Gentle:
    """Lets one question through at a time, at a bounded rate."""

    def __init__(self, per_second: float = PER_SECOND) -> None:
        self._interval = 1 / per_second
        self._one = asyncio.Lock()
        self._free_at = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until a question may be asked; it ends with the block."""
        clock = asyncio.get_running_loop().time
        async with self._one:
            await asyncio.sleep(max(self._free_at - clock(), 0))
            began = clock()
            try:
                yield
            finally:
                ended = clock()
                self._free_at = max(began + self._interval, ended + (ended - began))
