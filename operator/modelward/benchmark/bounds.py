"""What the integers of a result may be."""

MAX_REQUESTS = 9_999_999
MAX_DISPERSION = 99_999
MAX_BET = 5_000
MAX_MICROSECONDS = 99_999_999
MAX_VALUE = 10_000_000_000_000
"""Beyond every limit that a field takes."""


class CountsError(ValueError):
    """Integers that cannot have been counted; the message says why."""


def within(*checks: tuple[str, int, int, int]) -> None:
    """Raise CountsError for the first value that is not between the two that follow it."""
    for what, value, low, high in checks:
        if not low <= value <= high:
            raise CountsError(f"{what}: {value} is not between {low} and {high}")
