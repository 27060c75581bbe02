"""Which hypotheses a gate tests: when it promotes, when it rolls back.

Each gate asks two one-sided questions about the share of bad requests. Promotion tests "at least
as bad as the limit"; rollback tests "no worse than `expected`", or than the limit where nothing is
expected. What is expected is never guessed: with a hidden target of half the limit, a version at
80% of its limit would be rolled back in most of its releases.

What a null is tested against says where a verdict comes soonest, and not how sure it is. Where a
limit and an expected value are shares of the same requests, each is the other's alternative.
"""

from dataclasses import dataclass
from fractions import Fraction

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class ShareTest:
    """A one-sided test of a share: reject `null` in favour of `alternative`.

    Rejecting wrongly has at most the probability `alpha`, however often one looks.
    """

    null: Fraction
    alternative: Fraction
    alpha: Fraction

    def __post_init__(self) -> None:
        for what, share in (
            ("null", self.null), ("alternative", self.alternative), ("alpha", self.alpha),
        ):  # fmt: skip
            if not 0 < share < 1:
                raise ValueError(f"{what} {share} is not between 0 and 1, both excluded")
        if self.null == self.alternative:
            raise ValueError(f"null and alternative are both {self.null}")


@dataclass(frozen=True)
class RateObjective:
    """The two tests of a gate on the share of bad requests."""

    promote: ShareTest
    rollback: ShareTest
    has_expected: bool = False
    """True where rollback tests what is expected, False where it tests the limit."""
    two_counts: bool = False
    """True where the tests count different things: beyond the limit, and beyond `expected`."""
    needs_calibration: bool = False
    """True where no verdict is worth its name before the dispersion has been measured."""

    def describe(self) -> str:
        """Return both tests in words, for status."""
        return (
            f"promote: {_percent(self.promote.null)} against {_percent(self.promote.alternative)}"
            f", roll back: {_percent(self.rollback.null)} against"
            f" {_percent(self.rollback.alternative)}"
            + (" of requests beyond expected" if self.two_counts else "")
        )


def errors_objective(
    limit: Fraction, expected: Fraction | None, false_promotion: Fraction, false_rollback: Fraction
) -> RateObjective:
    """Return the tests of an error rate that is at most `limit`.

    Raises ValueError for a limit or an `expected` that no number of requests can prove: 0 and 1.
    """
    if expected is None:
        return RateObjective(
            promote=ShareTest(limit, limit / 2, false_promotion),
            rollback=ShareTest(limit, _twice(limit), false_rollback),
        )
    return RateObjective(
        promote=ShareTest(limit, expected, false_promotion),
        rollback=ShareTest(expected, limit, false_rollback),
        has_expected=True,
    )


def latency_objective(
    quantile: Fraction, has_expected: bool, false_promotion: Fraction, false_rollback: Fraction
) -> RateObjective:
    """Return the tests of a latency quantile: p95 <= limit is P(latency > limit) <= 5%.

    With an expected latency, requests beyond *it* are a second count, which rollback tests.
    Raises ValueError for a quantile of 0 or 1.
    """
    share = 1 - quantile
    return RateObjective(
        promote=ShareTest(share, share / 2, false_promotion),
        rollback=ShareTest(share, _twice(share), false_rollback),
        has_expected=has_expected,
        two_counts=has_expected,
        needs_calibration=True,
    )


def _twice(share: Fraction) -> Fraction:
    """Return twice the share but at most a half; from a half on, half of the way to 1."""
    return min(2 * share, HALF) if share < HALF else (share + 1) / 2


def _percent(share: Fraction) -> str:
    return f"{float(share * 100):.4g}%"
