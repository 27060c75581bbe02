"""Waiting, as a value: who asks whether a time has passed also says when to look again."""

from datetime import datetime, timedelta


class Timer:
    """Answers for one decision at one moment, and keeps the earliest moment that was waited for."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._earliest: datetime | None = None

    def passed(self, since: datetime, wait: timedelta) -> bool:
        """Tell whether `wait` has passed since then; where it hasn't, wake up when it has."""
        return self.reached(since + wait)

    def reached(self, moment: datetime) -> bool:
        """Tell whether the moment has come; where it hasn't, wake up when it does."""
        if moment <= self.now:
            return True
        if self._earliest is None or moment < self._earliest:
            self._earliest = moment
        return False

    @property
    def wake_after(self) -> timedelta | None:
        """How long until the earliest moment that was waited for; None when none was."""
        return None if self._earliest is None else self._earliest - self.now
