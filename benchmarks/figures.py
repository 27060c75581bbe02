"""What was measured, beside what was promised."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One number and the bound that it must stay below, where there is one."""

    what: str
    value: float
    unit: str
    bound: float | None = None
    note: str = ""
    inclusive: bool = False
    """Whether a value at the bound is within it."""

    @property
    def is_met(self) -> bool:
        """Whether the value is within its bound; always without one."""
        if self.bound is None:
            return True
        return self.value < self.bound or (self.inclusive and self.value == self.bound)

    def cells(self) -> tuple[str, str, str, str, str]:
        """Return the figure as a row of the table."""
        if self.bound is None:
            return self.what, _text(self.value, self.unit), "", "", self.note
        sign = "at most" if self.inclusive else "under"
        bound = f"{sign} {_text(self.bound, self.unit)}"
        return self.what, _text(self.value, self.unit), bound, _yes(self.is_met), self.note


def table(figures: Iterable[Figure]) -> str:
    """Return all figures as one table."""
    rows = [("WHAT", "MEASURED", "BOUND", "MET", "NOTE"), *(each.cells() for each in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = (
        "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def report(figures: list[Figure]) -> int:
    """Print the table; return the exit code, 1 where a bound is not met."""
    print(table(figures))
    return 0 if all(figure.is_met for figure in figures) else 1


def _text(value: float, unit: str) -> str:
    digits = 0 if value == int(value) or value >= 100 else 1 if value >= 1 else 3
    return f"{value:,.{digits}f} {unit}".rstrip()


def _yes(met: bool) -> str:
    return "yes" if met else "NO"
