"""The only clock: everything else gets the time as a value."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment, with its time zone."""
    return datetime.now(UTC)  # noqa: TID251
