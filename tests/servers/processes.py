"""Servers as plain processes on the loopback interface."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from modelward.protocols import Dialogue
from modelward.runner.client import Client

_START_SECONDS = 120.0
_PAUSE_SECONDS = 0.2


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def serving(
    command: Sequence[str], log: Path, url: str, dialogue: Dialogue
) -> AsyncIterator[None]:
    """Run a server until it is left; begins once its model is ready, as its protocol tells.

    Raises AssertionError with the server's log where it ends or doesn't get ready.
    """
    process = _started(command, log)
    try:
        async with asyncio.timeout(_START_SECONDS), Client(url, dialogue, 5.0) as client:
            while not (await client.ready())[1]:
                assert process.poll() is None, _told(log)
                await asyncio.sleep(_PAUSE_SECONDS)
        yield
    except TimeoutError:
        raise AssertionError(f"not ready in time: {_told(log)}") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _started(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            command, stdout=out, stderr=out, start_new_session=True, cwd=log.parent
        )


def _told(log: Path) -> str:
    return log.read_text(errors="replace")[-4000:]
