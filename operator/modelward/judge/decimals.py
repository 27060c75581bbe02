"""Decimals of 28 digits instead of binary floats.

Python's decimal module rounds every operation alike on every machine, logarithms and exponentials
among them, so that the operator finds exactly the verdict that the runner found.
"""

import functools
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from fractions import Fraction

CONTEXT = Context(prec=28, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""In which everything here must be computed. Its exponents hold the likelihood of any evidence."""

_STIRLING_FROM = 24
_STIRLING = [
    Fraction(1, 12), Fraction(-1, 360), Fraction(1, 1260), Fraction(-1, 1680), Fraction(1, 1188),
    Fraction(-691, 360360), Fraction(1, 156), Fraction(-3617, 122400),
]  # fmt: skip
_LN_SQRT_TWO_PI = Decimal("0.9189385332046727417803297364")


def to_decimal(value: Fraction) -> Decimal:
    """Return a fraction in the context that is in force."""
    return Decimal(value.numerator) / Decimal(value.denominator)


@functools.lru_cache(maxsize=1024)
def log(value: Fraction) -> Decimal:
    """Return the natural logarithm of a fraction above 0."""
    with localcontext(CONTEXT):
        return to_decimal(value).ln()


@functools.lru_cache(maxsize=4096)
def ln_gamma(x: Decimal) -> Decimal:
    """Return the logarithm of the gamma function of `x` above 0, to 20 digits.

    Stirling's series; small arguments are shifted up to where it converges.
    """
    shift = Decimal(1)
    while x < _STIRLING_FROM:
        shift *= x
        x += 1
    power, square, series = 1 / x, 1 / (x * x), Decimal(0)
    for coefficient in _stirling():
        series += coefficient * power
        power *= square
    half = Decimal("0.5")
    return (x - half) * x.ln() - x + _LN_SQRT_TWO_PI + series - shift.ln()


@functools.cache
def _stirling() -> tuple[Decimal, ...]:
    with localcontext(CONTEXT):
        return tuple(to_decimal(coefficient) for coefficient in _STIRLING)
