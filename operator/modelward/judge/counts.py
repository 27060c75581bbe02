"""The integers that a verdict about load rests on."""

from dataclasses import dataclass, replace

CALIBRATION_WINDOWS = 60
"""Windows that a dispersion rests on at least; with fewer independence is only assumed."""
UNMEASURED = 125
"""Dispersion (hundredths) that is assumed where too few requests were bad to measure it. It is good
enough to promote and not to roll back, and no measured one is equal to it."""


@dataclass(frozen=True)
class Tally:
    """One kind of bad request."""

    dispersion: int
    """By how much evidence is tempered, in hundredths, at least 100."""
    bad: int = 0
    """Bad requests among the evidence."""

    @property
    def is_measured(self) -> bool:
        """False where the dispersion is only assumed."""
        return self.dispersion != UNMEASURED

    def __add__(self, other: "Tally") -> "Tally":
        """Return both, tempered by the larger dispersion."""
        return Tally(max(self.dispersion, other.dispersion), self.bad + other.bad)


@dataclass(frozen=True)
class RateCounts:
    """All that a verdict about a rate rests on. The order of windows does not matter to it.

    Counts of several pods add up.
    """

    windows: int
    """Calibration windows; none of their requests is evidence."""
    requests: int
    """Evidence requests."""
    limit: Tally
    """Failed requests, or those beyond the limit."""
    expected: Tally | None = None
    """Those beyond `expected`, where that is a count of its own."""

    def __post_init__(self) -> None:
        tallies = [self.limit] if self.expected is None else [self.limit, self.expected]
        for tally in tallies:
            if tally.dispersion < 100:
                raise ValueError(f"dispersion {tally.dispersion} is below 100 hundredths")
            if not 0 <= tally.bad <= self.requests:
                raise ValueError(f"{tally.bad} bad ones of {self.requests} requests")

    def with_window(self, requests: int, beyond_limit: int, beyond_expected: int) -> "RateCounts":
        """Return the counts after one more window of evidence."""
        expected = self.expected and replace(self.expected, bad=self.expected.bad + beyond_expected)
        return RateCounts(
            windows=self.windows,
            requests=self.requests + requests,
            limit=replace(self.limit, bad=self.limit.bad + beyond_limit),
            expected=expected,
        )

    def __add__(self, other: "RateCounts") -> "RateCounts":
        """Return the counts of both, for example of two pods of one subject.

        Evidence is tempered by the larger dispersion, and calibrated if both parts are.
        """
        return RateCounts(
            windows=min(self.windows, other.windows),
            requests=self.requests + other.requests,
            limit=self.limit + other.limit,
            expected=_sum_of(self.expected, other.expected),
        )

    @property
    def rollback(self) -> Tally:
        """The tally that the rollback test reads."""
        return self.expected or self.limit


def _sum_of(one: Tally | None, other: Tally | None) -> Tally | None:
    if one is None and other is None:
        return None
    if one is None or other is None:
        raise ValueError("only one of the two counts has requests beyond `expected`")
    return one + other
