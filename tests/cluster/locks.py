"""Locks that the kernel gives back when their holder dies, however it dies."""

import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path


def try_lock(path: Path) -> int | None:
    """Lock `path` without waiting; the open file descriptor holds the lock, None if taken."""
    descriptor = _open(path)
    if _is_free(descriptor):
        return descriptor
    os.close(descriptor)
    return None


@contextlib.contextmanager
def locked(path: Path, what: str | None = None) -> Iterator[int]:
    """Hold the lock of `path`, waiting for it; yields the descriptor that holds it.

    A child that inherits the descriptor holds the lock too, until it closes it. If there is
    something to wait for, `what` it is is said.
    """
    descriptor = _open(path)
    try:
        if not _is_free(descriptor):
            if what:
                print(f"Waiting for {what}", file=sys.stderr, flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    """Whether nobody else holds the lock; it is held by the descriptor then."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
