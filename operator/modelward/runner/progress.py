"""How far a measurement is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far an attempt is, for people who wait for it."""

    stage: str
    """What is under way: rows of a data set, or load."""
    done: int
    most: int
    """Rows or requests after which the stage ends at the latest; 0 where that is not known."""
