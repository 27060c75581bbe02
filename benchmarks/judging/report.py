"""Lines of tables, and goals beside their figures."""

from collections.abc import Sequence


def title(text: str) -> str:
    """Return a heading."""
    return f"\n{text}\n{'-' * min(100, max(map(len, text.splitlines())))}"


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return cells in columns; the first one at the left, the others at the right."""
    first, *rest = (
        cell.ljust(width) if i == 0 else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return " ".join([first, *rest]).rstrip()


def met(figure: float, goal: float) -> str:
    """Return whether a figure is at most its goal."""
    return "met" if figure <= goal else "NOT MET"


def goal(figure: float, most: float, digits: int = 3) -> str:
    """Return a figure beside its goal."""
    return f"{figure:.{digits}f} <= {most:.{digits}f} {met(figure, most)}"
