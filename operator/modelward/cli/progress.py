"""A progress bar for those who wait at a terminal; nothing anywhere else."""

import asyncio
import sys
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar

from modelward.runner.attempt import Attempt

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_SECONDS = 0.25
"""How often the bar is drawn: drawing takes a millisecond from the requests."""
_Result = TypeVar("_Result")


async def watched(attempt: Attempt, measuring: Awaitable[_Result]) -> _Result:
    """Return what `measuring` returns, and show on standard error how far `attempt` is."""
    if not sys.stderr.isatty():
        return await measuring
    try:
        from rich.console import Console  # noqa: PLC0415 (part of the extra `cli`)
        from rich.progress import Progress, TimeElapsedColumn  # noqa: PLC0415
    except ModuleNotFoundError:
        return await measuring
    with Progress(
        *Progress.get_default_columns()[:-1],
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        auto_refresh=False,
    ) as bar:
        task = bar.add_task(attempt.progress.stage, total=None)
        drawing = asyncio.create_task(_draw(attempt, bar, task))
        try:
            return await measuring
        finally:
            drawing.cancel()


async def _draw(attempt: Attempt, bar: "Progress", task: "TaskID") -> None:
    while True:
        now = attempt.progress
        bar.update(task, description=now.stage, completed=now.done, total=now.most or None)
        bar.refresh()
        await asyncio.sleep(_SECONDS)
