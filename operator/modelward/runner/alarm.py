"""Waits until a moment, to some microseconds.

Event loops count in milliseconds, so that a request would be sent early or late by up to one: as
much as a fast model takes in all. Linux has timers that are files, and a loop can watch a file.
Python has a function for them from 3.13 on; until then the C library is asked.
"""

import asyncio
import ctypes
import os
import sys
from time import perf_counter_ns
from typing import Self

_CLOCK_MONOTONIC = 1
_ABSOLUTE = 1
_SECOND = 1_000_000_000
_LIBC = ctypes.CDLL(None, use_errno=True)


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class Alarm:
    """Wakes one waiter. A context manager, to be entered in a running event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._file: int | None = None

    def __enter__(self) -> Self:
        """Open the timer. Raises OSError where no more files can be opened."""
        if sys.platform == "linux":
            self._file = _timer()
            self._loop.add_reader(self._file, self._ring)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._loop.remove_reader(self._file)
            os.close(self._file)

    async def until(self, moment: int) -> None:
        """Return at a time.perf_counter_ns; at once where it has passed."""
        wait = moment - perf_counter_ns()
        if wait <= 0:
            return
        if self._file is None:
            await asyncio.sleep(wait / _SECOND)
            return
        self._waiter = self._loop.create_future()
        _set(self._file, moment)
        await self._waiter

    def _ring(self) -> None:
        assert self._file is not None
        os.read(self._file, 8)
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)


def _timer() -> int:
    file: int = _LIBC.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
    return _checked(file)


def _set(file: int, moment: int) -> None:
    value = _Itimerspec(_Timespec(0, 0), _Timespec(*divmod(moment, _SECOND)))
    _checked(_LIBC.timerfd_settime(file, _ABSOLUTE, ctypes.byref(value), None))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
