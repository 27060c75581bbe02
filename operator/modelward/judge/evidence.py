"""How much speaks against a null hypothesis about a share: half a likelihood ratio, half a mixture.

Two test martingales, each of mean 1 if the share is the null's, and of less beyond it:

- Wald's likelihood ratio of the alternative to the null, the fastest where the alternative is true;
- the likelihood averaged over Beta(1, 1/alternative - 1), cut off at the null, to the likelihood of
  the null (Robbins 1970): it adapts to shares beyond the alternative.

So is their mean, and that it ever reaches 1/alpha has at most the probability alpha (Ville's
inequality): one may look after every request. Requests are not independent; the logarithm of the
evidence is divided by their dispersion.
"""

import functools
import math
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import NamedTuple

from modelward.judge.counts import Tally
from modelward.judge.decimals import CONTEXT, log, to_decimal
from modelward.judge.hypotheses import ShareTest

_HALVINGS = 16
_HIGHEST = Fraction(3, 4)
"""The largest share that is looked at as a null; the mixture's series is a long one near 1."""
_PRECISION = Decimal("1e-15")
_MOST_DIGITS = 6
"""Evidence is told up to so many powers of ten beyond what is needed."""


def is_rejected(test: ShareTest, requests: int, tally: Tally) -> bool:
    """Tell whether the evidence rejects the null hypothesis of the test."""
    if requests == 0:
        return False
    return _rejects(test, test.null, requests, tally)


def worth(test: ShareTest, requests: int, tally: Tally) -> Decimal:
    """Return the tempered evidence: betting odds, up to a million times of what is needed."""
    with localcontext(CONTEXT):
        return _tempered(test, requests, tally).exp()


def tempered(test: ShareTest, requests: int, tally: Tally) -> Decimal:
    """Return the natural logarithm of the evidence, divided by the dispersion, to hundredths."""
    with localcontext(CONTEXT):
        return _tempered(test, requests, tally).quantize(Decimal("0.01"))


def _tempered(test: ShareTest, requests: int, tally: Tally) -> Decimal:
    phi = Decimal(tally.dispersion) / 100
    most = log(1 / test.alpha) + _MOST_DIGITS * log(Fraction(10))
    enough = 2 * (most * phi).exp()
    doubled = _doubled(_prior(test), test.null, requests, tally.bad, enough)
    return min(most, (doubled / 2).ln() / phi)


class Looks:
    """Looks at a test again and again while counts grow, mostly at the price of a comparison.

    More good requests weaken the evidence of many bad ones, and more bad ones that of few. So what
    would not be rejected with some more requests of the one kind is not before there are so many.
    """

    def __init__(self, test: ShareTest, dispersion: int) -> None:
        self._test = test
        self._dispersion = dispersion
        self._promotes = test.alternative < test.null
        self._quiet_until = -1
        self._step = 1

    def is_rejected(self, requests: int, bad: int) -> bool:
        """Tell whether the evidence rejects the null; counts must not be below those before."""
        count = requests - bad if self._promotes else bad
        if count <= self._quiet_until:
            return False
        if self._rejects(requests, bad):
            return True
        while self._step and self._rejects(*self._ahead(requests, bad)):
            self._step //= 2
        self._quiet_until = count + self._step
        self._step = 2 * self._step or 1
        return False

    def _ahead(self, requests: int, bad: int) -> tuple[int, int]:
        return requests + self._step, bad if self._promotes else bad + self._step

    def _rejects(self, requests: int, bad: int) -> bool:
        return is_rejected(self._test, requests, Tally(self._dispersion, bad))


def upper_bound(test: ShareTest, requests: int, tally: Tally) -> Fraction:
    """Return the end of the interval above the observed share, to a hundred-thousandth.

    Every share above it is rejected as "at least so bad", with an alternative whose odds are in the
    proportion of the test's. It is at most the null exactly where the null is rejected, and 1 where
    nothing is known.
    """
    if requests == 0:
        return Fraction(1)
    observed = Fraction(tally.bad, requests)
    if is_rejected(test, requests, tally):
        return _bound(test, requests, tally, observed, test.null)
    kept = max(observed, test.null)
    if kept >= _HIGHEST or not _rejects(test, _HIGHEST, requests, tally):
        return Fraction(1)
    return _bound(test, requests, tally, kept, _HIGHEST)


def lower_bound(test: ShareTest, requests: int, tally: Tally) -> Fraction:
    """Return the end of the interval below the observed share: shares below it are rejected.

    It is at least the null exactly where the null is rejected; 0 where nothing is known.
    """
    if requests == 0 or tally.bad == 0:
        return Fraction(0)
    observed = Fraction(tally.bad, requests)
    if is_rejected(test, requests, tally):
        return _bound(test, requests, tally, observed, test.null)
    return _bound(test, requests, tally, min(observed, test.null), Fraction(0))


@dataclass(frozen=True)
class _Prior:
    """What a test bets on: one share, and all on its side of the null."""

    odds_ratio: Fraction
    """Odds of the alternative to those of the null."""
    weight: Fraction
    """The second parameter of the beta distribution, at least 1."""


@functools.cache
def _prior(test: ShareTest) -> _Prior:
    odds_ratio = _odds(test.alternative) / _odds(test.null)
    return _Prior(odds_ratio, max(Fraction(1), 1 / test.alternative - 1))


def _odds(share: Fraction) -> Fraction:
    return share / (1 - share)


@functools.lru_cache(maxsize=1024)
def _enough(alpha: Fraction, dispersion: int) -> Decimal:
    """Return twice the evidence at which a null is rejected."""
    with localcontext(CONTEXT):
        return 2 * (log(1 / alpha) * dispersion / 100).exp()


def _doubled(prior: _Prior, null: Fraction, requests: int, bad: int, enough: Decimal) -> Decimal:
    """Return twice the evidence against a null, or any number from `enough` on."""
    odds = prior.odds_ratio * _odds(null)
    per_bad, per_good = _logs(null, odds / (1 + odds))
    ratio = (bad * per_bad + (requests - bad) * per_good).exp()
    if ratio >= enough:
        return ratio
    mixture = _above if prior.odds_ratio > 1 else _below
    return ratio + mixture(null, prior.weight, bad, requests - bad, enough)


def _rejects(test: ShareTest, null: Fraction, requests: int, tally: Tally) -> bool:
    """Tell whether another null than that of a test is rejected in the same way."""
    if _most(null, requests, tally.bad) < log(1 / test.alpha) * tally.dispersion / 100:
        return False
    with localcontext(CONTEXT):
        enough = _enough(test.alpha, tally.dispersion)
        return _doubled(_prior(test), null, requests, tally.bad, enough) >= enough


def _most(null: Fraction, requests: int, bad: int) -> float:
    """Return a bound of the log-evidence, that of the observed share itself, and a little more.

    It only saves work, so that a float will do: where it is near to what is needed, decimals say.
    """
    good, p = requests - bad, float(null)
    for_bad = bad * math.log(bad / (requests * p)) if bad else 0.0
    for_good = good * math.log(good / (requests * (1 - p))) if good else 0.0
    return for_bad + for_good + 1e-6


@functools.lru_cache(maxsize=4096)
def _logs(null: Fraction, alternative: Fraction) -> tuple[Decimal, Decimal]:
    """Return the log-likelihood ratio of one bad and of one good request."""
    return log(alternative / null), log((1 - alternative) / (1 - null))


def _above(null: Fraction, weight: Fraction, bad: int, good: int, enough: Decimal) -> Decimal:
    """Return the mixture over shares above the null.

    With b the weight and q = 1 - null, the integral of p^bad (1-p)^(good+b-1) from the null to 1,
    over b^-1 q^b null^bad q^good, integrated by parts `bad` times.
    """
    b, odds = to_decimal(weight), to_decimal((1 - null) / null)
    beta = good + b
    return _sum(b / beta, _Ratios(Decimal(bad), -1, beta + 1, odds), enough)


def _below(null: Fraction, weight: Fraction, bad: int, good: int, enough: Decimal) -> Decimal:
    """Return the mixture over shares below the null: the same integral from 0, as a series."""
    b, p = to_decimal(weight), to_decimal(null)
    kept = (1 - p) ** b
    first = b * kept / (1 - kept) * p / (bad + 1)
    return _sum(first, _Ratios(bad + 1 + good + b, 1, Decimal(bad + 2), p), enough)


class _Ratios(NamedTuple):
    """Ratios of a series' terms, each smaller than the one before.

    The i-th is (numerator + i * step) / (denominator + i) * factor.
    """

    numerator: Decimal
    step: int
    denominator: Decimal
    factor: Decimal


def _sum(first: Decimal, ratios: _Ratios, enough: Decimal) -> Decimal:
    """Return the sum of a series of positive terms, or any partial sum from `enough` on."""
    numerator, step, denominator, factor = ratios
    total = term = first
    while total < enough:
        ratio = numerator / denominator * factor
        term *= ratio
        total += term
        if ratio < 1 and term * ratio <= total * _PRECISION * (1 - ratio):
            break
        numerator += step
        denominator += 1
    return total


def _bound(
    test: ShareTest, requests: int, tally: Tally, kept: Fraction, rejected: Fraction
) -> Fraction:
    """Return the rejected share that is nearest to the kept ones.

    Searches start at the test's own null, so that bounds agree with the verdict.
    """
    for _ in range(_HALVINGS):
        middle = (kept + rejected) / 2
        if _rejects(test, middle, requests, tally):
            rejected = middle
        else:
            kept = middle
    return rejected
