"""Tables for terminals."""

from collections.abc import Sequence


def table(heading: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "") -> str:
    """Return lines with columns as wide as they must be, two blanks between them."""
    lines = [heading, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heading))]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )
    return "\n".join(f"{indent}{line}".rstrip() for line in padded)
