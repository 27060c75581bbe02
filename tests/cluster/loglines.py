"""Logs of JSON lines that somebody writes while they are read."""

from pathlib import Path


def whole_lines(log: Path, since: int = 0) -> list[bytes]:
    """Return the lines from an offset on, without one that is not written to its end yet."""
    with log.open("rb") as file:
        file.seek(since)
        *lines, _ = file.read().split(b"\n")
    return lines


def end_of(log: Path) -> int:
    """Return the offset at which the line after the last whole one begins."""
    return log.read_bytes().rfind(b"\n") + 1
