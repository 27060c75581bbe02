"""Wald's sequential probability ratio test of a share, tempered by dispersion.

The likelihood ratio of alternative to null is a test martingale under the null: that it ever
reaches 1/alpha has at most the probability alpha (Wald 1945; Ville's inequality), so one may look
after every window. Requests are not independent; their evidence is divided by the dispersion.

Logarithms are decimals of 28 digits and not binary floats: Python's decimal module computes them
alike on every machine, so that the operator finds exactly the verdict that the runner found.
"""

import functools
from decimal import Context, Decimal, localcontext
from fractions import Fraction

from modelward.judge.counts import Tally
from modelward.judge.hypotheses import ShareTest

_CONTEXT = Context(prec=28)


def is_rejected(test: ShareTest, requests: int, tally: Tally) -> bool:
    """Tell whether the evidence rejects the null hypothesis of the test."""
    if requests == 0:
        return False
    per_bad, per_good = _weights(test.null, test.alternative)
    with localcontext(_CONTEXT):
        evidence = tally.bad * per_bad + (requests - tally.bad) * per_good
        return evidence >= _needed(test.alpha, tally.dispersion)


def upper_bound(test: ShareTest, requests: int, tally: Tally) -> Fraction:
    """Return the least share that the evidence rejects as "at least so bad", 1 if there is none.

    Every share is tested as the null of `test` is, with an alternative in the same proportion. So
    the bounds hold at every moment, and the null is rejected exactly when it is not below this.
    """
    good = requests - tally.bad
    if good == 0:
        return Fraction(1)
    ratio = test.alternative / test.null
    with localcontext(_CONTEXT):
        r = _decimal(ratio)
        missing = _needed(test.alpha, tally.dispersion) - tally.bad * r.ln()
        shrink = (-missing / good).exp()
        return Fraction((1 - shrink) / (1 - r * shrink))


def lower_bound(test: ShareTest, requests: int, tally: Tally) -> Fraction:
    """Return the largest share that the evidence rejects as "no worse", 0 if there is none."""
    ratio = test.alternative / test.null
    with localcontext(_CONTEXT):
        r = _decimal(ratio)
        missing = _needed(test.alpha, tally.dispersion) - tally.bad * r.ln()
        if missing >= 0:
            return Fraction(0)
        good = requests - tally.bad
        shrink = (missing / good).exp() if good else Decimal(0)
        return Fraction((1 - shrink) / (r - shrink))


@functools.cache
def _weights(null: Fraction, alternative: Fraction) -> tuple[Decimal, Decimal]:
    """Return the log-likelihood ratio of one bad and of one good request."""
    with localcontext(_CONTEXT):
        return (
            _decimal(alternative / null).ln(),
            _decimal((1 - alternative) / (1 - null)).ln(),
        )


@functools.cache
def _needed(alpha: Fraction, dispersion: int) -> Decimal:
    """Return the untempered log-evidence at which a null is rejected."""
    with localcontext(_CONTEXT):
        return _decimal(1 / alpha).ln() * dispersion / 100


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
