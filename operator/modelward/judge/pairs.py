"""Pairs of requests, one to each of two revisions: which of the two was bad.

What bad means is up to the test: a request that failed (modelward.judge.paired), or one that took
too long (modelward.judge.quantiles). What is bad for both cancels either way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Self

from modelward.judge.calibration import Scatter, scatter


@dataclass(frozen=True)
class PairedWindow:
    """The pairs of one window."""

    requests: int
    """Requests to each revision."""
    lost: int
    """Pairs in which the candidate's alone was bad."""
    won: int
    """Pairs in which stable's alone was bad."""
    both: int
    """Pairs in which both were bad."""


@dataclass(frozen=True)
class Pairs:
    """The counts that a verdict about pairs rests on. The order of pairs does not matter."""

    windows: int
    """Calibration windows; none of their requests is evidence."""
    dispersion: int
    """By how much evidence is tempered, in hundredths, at least 100."""
    requests: int = field(default=0, kw_only=True)
    """Evidence requests to each revision."""
    lost: int = field(default=0, kw_only=True)
    """Pairs in which the candidate's alone was bad."""
    won: int = field(default=0, kw_only=True)
    """Pairs in which stable's alone was bad."""
    both: int = field(default=0, kw_only=True)
    """Pairs in which both were bad."""

    def __post_init__(self) -> None:
        if self.dispersion < 100:
            raise ValueError(f"dispersion {self.dispersion} is below 100 hundredths")
        equal = self.requests - self.lost - self.won - self.both
        if min(self.lost, self.won, self.both, equal) < 0:
            raise ValueError(f"{self.lost}, {self.won} and {self.both} of {self.requests} are bad")

    def with_window(self, window: PairedWindow) -> Self:
        """Return the counts after one more window of evidence."""
        return replace(
            self,
            requests=self.requests + window.requests,
            lost=self.lost + window.lost,
            won=self.won + window.won,
            both=self.both + window.both,
        )

    @property
    def share(self) -> Fraction:
        """The part of the candidate's requests that was bad."""
        return Fraction(self.lost + self.both, self.requests)

    @property
    def baseline_share(self) -> Fraction:
        """The part of stable's requests that was bad."""
        return Fraction(self.won + self.both, self.requests)


def scatter_of_differences(windows: Sequence[PairedWindow]) -> Scatter:
    """Return how much differences between the two revisions scatter."""
    return scatter([w.lost - w.won for w in windows], [w.lost + w.won for w in windows])
