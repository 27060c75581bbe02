"""Evidence about a set of rows, of which some were read, in an order drawn at random.

What must hold is linear: rows fall into classes, each class has a weight, and the weights of all
rows must add up to at least 0. A share of right answers, its difference to that of stable,
precision, recall and F1 are all of this form.

The evidence is a likelihood ratio: that of the rows read, averaged over a Dirichlet prior of what
all rows are like, to the largest that a set of rows on the wrong side of the requirement gives
them. Under each such set the ratio to its own likelihood is a test martingale, without replacement
as well as with (Waudby-Smith and Ramdas 2020), so that of the largest reaches 1/alpha at most with
the probability alpha. It follows from how many rows of each class were read, and from nothing else.

Where rows are drawn with replacement, or stand for all traffic, their `total` is None, and classes
are shares.
"""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Generic, TypeVar

from modelward.judge.decimals import CONTEXT, ln_gamma, log, to_decimal

Number = TypeVar("Number", float, Decimal)

_GOLDEN = Fraction("0.6180339887498949")
_SHRINKS = 32
_SLACK = Fraction(1, 1000)
"""Added to a maximum that was searched for, which misses less than that."""
_DOUBT = 0.01
"""Floats say how evidence compares with what is needed, except for such a difference."""
_IMPOSSIBLE = Fraction(-(10**9))
"""Logarithm of the likelihood of what can't be."""
_MOST_PRIOR = 98


@dataclass(frozen=True)
class _Arithmetic(Generic[Number]):
    """Numbers to compute with, and logarithms of them and of their gamma function."""

    of: Callable[[Fraction], Number]
    ln: Callable[[Number], Number]
    ln_gamma: Callable[[Number], Number]


_FLOATS = _Arithmetic(float, math.log, math.lgamma)
_DECIMALS = _Arithmetic(to_decimal, Decimal.ln, ln_gamma)


@dataclass(frozen=True)
class Requirement:
    """Weights of two or three classes, from the best class to the worst, and what is expected."""

    weights: tuple[Fraction, ...]
    """The first is above 0 and the last is below."""
    prior: tuple[Fraction, ...]
    """Parameters of the Dirichlet prior; they say where a verdict comes soonest, not how sure."""

    def surplus(self, rows: Sequence[int]) -> Fraction:
        """Return the sum of the weights of rows of each class: at least 0 where they suffice."""
        return sum((w * n for w, n in zip(self.weights, rows, strict=True)), Fraction(0))


def share_at_least(limit: Fraction) -> Requirement:
    """Return the requirement that of (right, wrong) rows a share of at least `limit` is right."""
    if not 0 < limit <= 1:
        raise ValueError(f"a share of {limit} is not above 0 and at most 1")
    # Cautious at 100%: there a single wrong row decides.
    wrong = max(1 - limit, Fraction(1, 1 + _MOST_PRIOR))
    return Requirement((1 - limit, -limit), (1 / wrong - 1, Fraction(1)))


def difference_at_least(margin: Fraction) -> Requirement:
    """Return the requirement that of (won, same, lost) rows no more are lost than won and a margin.

    `margin` is the share of all rows by which lost ones may outnumber won ones.
    """
    if not 0 <= margin < 1:
        raise ValueError(f"a margin of {margin} is not below 1 and at least 0")
    same = Fraction(_MOST_PRIOR) if margin == 0 else min(Fraction(_MOST_PRIOR), 1 / margin)
    return Requirement((1 + margin, margin, margin - 1), (Fraction(1), same, Fraction(1)))


def f1_at_least(limit: Fraction) -> Requirement:
    """Return the requirement of an F1 score on (true positives, true negatives, wrong) rows."""
    _check_ratio(limit)
    return Requirement((2 * (1 - limit), Fraction(0), -limit), (Fraction(1),) * 3)


def ratio_at_least(limit: Fraction) -> Requirement:
    """Return the requirement of a precision or a recall.

    Rows are (true positives, those that don't count, false positives); for a recall the last ones
    are false negatives.
    """
    _check_ratio(limit)
    return Requirement((1 - limit, Fraction(0), -limit), (Fraction(1),) * 3)


def _check_ratio(limit: Fraction) -> None:
    if not 0 < limit < 1:
        raise ValueError(f"a ratio of {limit} is not between 0 and 1, both excluded")


def is_shown(
    requirement: Requirement, total: int | None, rows: Sequence[int], alpha: Fraction
) -> bool:
    """Tell whether the rows read show on which side of the requirement all rows are.

    That is the side on which those read are themselves.
    """
    if is_certain(requirement, total, rows):
        return True
    if requirement.surplus(rows) == 0:
        return False
    rough = _evidence(_FLOATS, requirement, total, rows) - math.log(1 / alpha)
    if abs(rough) > _DOUBT:
        return rough > 0
    with localcontext(CONTEXT):
        return _evidence(_DECIMALS, requirement, total, rows) >= log(1 / alpha)


def is_certain(requirement: Requirement, total: int | None, rows: Sequence[int]) -> bool:
    """Tell whether rows that were not read can't change the side any more."""
    if total is None:
        return False
    surplus, unread = requirement.surplus(rows), total - sum(rows)
    worst, best = min(requirement.weights) * unread, max(requirement.weights) * unread
    return surplus + worst >= 0 or surplus + best < 0


def told(requirement: Requirement, total: int | None, rows: Sequence[int]) -> Decimal:
    """Return the logarithm of the evidence for the side on which the rows read are."""
    with localcontext(CONTEXT):
        if is_certain(requirement, total, rows):
            return Decimal("Infinity")
        return _evidence(_DECIMALS, requirement, total, rows).quantize(Decimal("0.01"))


def ln_mixture(prior: Sequence[Fraction], counts: Sequence[int]) -> Decimal:
    """Return the log-likelihood of counts in their order, averaged over a Dirichlet prior."""
    with localcontext(CONTEXT):
        return _ln_mixture(_DECIMALS, prior, counts)


def _evidence(
    numbers: _Arithmetic[Number], requirement: Requirement, total: int | None, rows: Sequence[int]
) -> Number:
    mixture = _ln_mixture(numbers, requirement.prior, rows)
    return mixture - _largest(numbers, requirement, total, rows)


def _ln_mixture(
    numbers: _Arithmetic[Number], prior: Sequence[Fraction], counts: Sequence[int]
) -> Number:
    def grown(parameter: Fraction, by: int) -> Number:
        return numbers.ln_gamma(numbers.of(parameter + by)) - numbers.ln_gamma(
            numbers.of(parameter)
        )

    all_grown = -grown(sum(prior, Fraction(0)), sum(counts))
    for parameter, count in zip(prior, counts, strict=True):
        all_grown += grown(parameter, count)
    return all_grown


def _largest(
    numbers: _Arithmetic[Number], requirement: Requirement, total: int | None, rows: Sequence[int]
) -> Number:
    """Return the largest log-likelihood of a set of rows on the side where those read are not.

    The log-likelihood is concave, so that it is the nearest of these sets, whose weights add up to
    about 0. Of three classes the numbers of rows need not be whole here: that can only make it
    larger, and the evidence smaller.
    """
    whole = Fraction(1 if total is None else total)
    falling = functools.partial(_ln_falling if total else _ln_power, numbers)
    orders = falling(numbers.of(whole), sum(rows))
    if len(rows) == 2:
        sizes = _sizes(requirement, total, rows)
        return (
            falling(numbers.of(sizes[0]), rows[0]) + falling(numbers.of(sizes[1]), rows[1]) - orders
        )
    best, per_best, worst, per_worst = (numbers.of(n) for n in _line(requirement, whole))

    def likelihood(middle: Number) -> Number:
        outer = falling(best + per_best * middle, rows[0]) + falling(
            worst + per_worst * middle, rows[2]
        )
        return falling(middle, rows[1]) + outer

    low, high = _feasible(requirement, whole, (0, 0, 0) if total is None else rows)
    if low > high:
        return numbers.of(_IMPOSSIBLE)
    golden, slack = numbers.of(_GOLDEN), numbers.of(_SLACK)
    return _maximum(likelihood, numbers.of(low), numbers.of(high), golden) + slack - orders


def _sizes(
    requirement: Requirement, total: int | None, rows: Sequence[int]
) -> tuple[Fraction, Fraction]:
    """Return the sizes of two classes that are nearest to what the rows read deny."""
    good, bad = requirement.weights
    share = -bad / (good - bad)
    if total is None:
        return share, 1 - share
    right = Fraction(math.ceil(total * share) - (requirement.surplus(rows) >= 0))
    return right, total - right


def _line(requirement: Requirement, total: Fraction) -> tuple[Fraction, ...]:
    """Return the sizes of the best and of the worst class where the weights of all add up to 0.

    Each is a number, and what one row more in the middle class adds to it.
    """
    first, second, third = requirement.weights
    span = first - third
    return (
        -third * total / span,
        (third - second) / span,
        first * total / span,
        (second - first) / span,
    )


def _feasible(
    requirement: Requirement, total: Fraction, rows: Sequence[int]
) -> tuple[Fraction, Fraction]:
    """Return between which sizes of the middle class no class is smaller than what was read."""
    best, per_best, worst, per_worst = _line(requirement, total)
    return Fraction(rows[1]), min((rows[0] - best) / per_best, (rows[2] - worst) / per_worst)


def _ln_power(numbers: _Arithmetic[Number], share: Number, read: int) -> Number:
    """Return the logarithm of a share to a power."""
    if read == 0:
        return numbers.of(Fraction(0))
    return read * numbers.ln(share) if share > 0 else numbers.of(_IMPOSSIBLE)


def _ln_falling(numbers: _Arithmetic[Number], size: Number, read: int) -> Number:
    """Return the logarithm of size * (size - 1) * ... for `read` factors."""
    if read == 0:
        return numbers.of(Fraction(0))
    rest = size - read + 1
    if rest <= 0:
        return numbers.of(_IMPOSSIBLE)
    return numbers.ln_gamma(size + 1) - numbers.ln_gamma(rest)


def _maximum(of: Callable[[Number], Number], low: Number, high: Number, golden: Number) -> Number:
    """Return the maximum of a concave function between two numbers, by golden sections."""
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = of(left), of(right)
    for _ in range(_SHRINKS):
        if at_left < at_right:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = of(right)
        else:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = of(left)
    return max(at_left, at_right)
