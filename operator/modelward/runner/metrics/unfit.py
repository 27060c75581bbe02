"""Rows that a metric can't be measured on."""

from typing import Literal

Reason = Literal["RowsUnfit", "ClassMissing", "SlicesTooSmall", "StableUnanswered"]


class UnfitError(Exception):
    """A KPI that can't be judged on these rows; the message says what to mend."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason
