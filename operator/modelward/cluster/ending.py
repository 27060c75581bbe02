"""Ending in good order: no new rounds, those in progress to their end, then the connections.

A pod has 30 seconds from SIGTERM on (terminationGracePeriodSeconds). Whatever is not finished by
then, the next operator finishes: it goes on from the objects alone.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Collection, Sequence
from typing import Any

from modelward.cluster.assembly import Assembly

log = logging.getLogger(__name__)

ROUND_SECONDS = 15.0
"""How long rounds in progress may take to their end."""


def on_signal(call: Callable[[], object]) -> None:
    """Call this, and nothing that was set before, when the process is told to end."""
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, call)


async def finish_rounds(
    assembly: Assembly, workers: Sequence[asyncio.Task[None]], seconds: float = ROUND_SECONDS
) -> None:
    """Begin no more rounds, and wait for those in progress, but not for longer than this."""
    assembly.end()
    if not assembly.resync.filled.is_set():
        return  # no round has begun
    _, late = await asyncio.wait(workers, timeout=seconds)
    if late:
        kept = (key for queue in assembly.queues.values() for key in queue.in_progress)
        names = ", ".join(f"{key.kind} {key.namespace}/{key.name}" for key in kept)
        log.warning("Not finished within %.0f s: %s.", seconds, names)


async def cancel(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel what still runs, and wait for it, whatever it says at its end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
