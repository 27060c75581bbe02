"""Saying how far a long piece of work has come."""

import sys
import textwrap
import time
from typing import TextIO

_SECONDS_BETWEEN_LINES = 10.0
_WIDTH = 70


class Progress:
    """On a terminal one line that changes; elsewhere a new line every few seconds."""

    def __init__(self, title: str, stream: TextIO | None = None) -> None:
        self._title = title
        self._stream = stream or sys.stderr
        self._started = self._last = time.monotonic()
        self._live = self._stream.isatty()
        if not self._live:
            self._print(f"{title} ...")

    def update(self, text: str) -> None:
        """Say how far it is; more than a line's worth is cut."""
        text = textwrap.shorten(text, _WIDTH, placeholder=" ...")
        now = time.monotonic()
        if self._live:
            self._stream.write(f"\r\x1b[K{self._title}: {text} ({now - self._started:.0f} s)")
            self._stream.flush()
        elif now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            self._print(f"{self._title}: {text} ({now - self._started:.0f} s)")

    def done(self, text: str = "done") -> None:
        """Say that it is over."""
        start = "\r\x1b[K" if self._live else ""
        self._print(f"{start}{self._title}: {text} in {time.monotonic() - self._started:.1f} s")

    def _print(self, line: str) -> None:
        print(line, file=self._stream, flush=True)
