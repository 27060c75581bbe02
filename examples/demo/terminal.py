"""Readable lines and tables; colours only where someone sees them."""

import os
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TextIO

Colour = Literal["red", "green", "grey", "bold", "plain"]
_CODES: dict[Colour, str] = {"red": "31", "green": "32", "grey": "90", "bold": "1", "plain": "0"}


class Terminal:
    """Where the demo speaks; several threads may."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._coloured = stream.isatty() and "NO_COLOR" not in os.environ
        self._lock = threading.Lock()

    def heading(self, text: str) -> None:
        """Begin a new part."""
        self._write(f"\n{self._paint(text, 'bold')}")

    def line(self, text: str, colour: Colour = "plain") -> None:
        """Say what has just happened, with the time of day."""
        clock = datetime.now().astimezone().strftime("%H:%M:%S")  # noqa: TID251
        self._write(f"{self._paint(clock, 'grey')}  {self._paint(text, colour)}")

    def text(self, text: str, colour: Colour = "plain") -> None:
        """Print text as it is."""
        self._write(self._paint(text, colour))

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Print rows in columns; the first row is the heading."""
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self._write("   ".join(cells).rstrip())

    def _paint(self, text: str, colour: Colour) -> str:
        if colour == "plain" or not self._coloured:
            return text
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m"

    def _write(self, text: str) -> None:
        with self._lock:
            print(text, file=self._stream, flush=True)
