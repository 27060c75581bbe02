"""How long a verdict takes, before anything is measured: cheap enough for every decision.

The likelihood ratio of independent requests is a random walk; when it first reaches a level is
close to inverse Gaussian (Wald 1947). That takes microseconds and errs by some percent: the level
is the one at which half of the evidence alone, the ratio, decides, and the walk is taken as
continuous. `modelward.judge.chances` has the exact numbers.
"""

import functools
import math
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

from modelward.judge.boundary import Boundary
from modelward.judge.counts import UNMEASURED
from modelward.judge.hypotheses import ShareTest
from modelward.judge.paired import MAX_BET, PairedObjective
from modelward.judge.quantiles import QuantileObjective
from modelward.judge.relative import RelativeObjective
from modelward.judge.windows import LoadObjective

DISPERSION = 1.3
"""What calibration comes to on independent requests, about: 1.25 times the larger of two ratios
that scatter around 1. Dependent requests have more, and take longer in proportion."""
QUIET_DISPERSION = 1.25
"""What it comes to where no request is bad."""
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Estimate:
    """How soon a version as good as expected passes a gate."""

    requests: float
    """Expected number of them, if there is no end to them."""
    undecided: float
    """Probability that there is no verdict within the budget."""
    at_least: bool = False
    """Whether even the best of all versions needs as many, and one as good as expected more."""


def estimate(objective: LoadObjective | QuantileObjective, budget: int) -> Estimate | None:
    """Return when a version passes that is as good as the promotion test bets on.

    That is `expected` where it is a rate, else half of the limit; compared with stable, one that
    fails no request alone. How soon a latency passes beside stable's depends on how both scatter,
    which nobody has said: there it is what one needs that is never slow. None where it depends on
    how often stable fails.
    """
    match objective:
        case QuantileObjective():
            return _of_the_fastest(objective, budget)
        case PairedObjective():
            return _of_quiet_pairs(objective, budget)
        case RelativeObjective():
            rate = objective.promote[1]
            return _of_test(rate, budget) if rate else None
    return _of_test(objective.promote, budget)


def _of_test(test: ShareTest, budget: int) -> Estimate:
    share, null = float(test.alternative), float(test.null)
    per_bad, per_good = math.log(share / null), math.log((1 - share) / (1 - null))
    drift = share * per_bad + (1 - share) * per_good
    spread = math.sqrt(share * (1 - share)) * abs(per_bad - per_good)
    level = DISPERSION * math.log(1 / test.alpha) + math.log(2)
    return Estimate(level / drift, 1 - _reached(level, drift, spread, budget))


def _reached(level: float, drift: float, spread: float, steps: int) -> float:
    """Return the probability that a walk upwards has reached a level within a number of steps."""
    if steps <= 0:
        return 0.0
    width = spread * math.sqrt(steps)
    direct = _NORMAL.cdf((drift * steps - level) / width)
    # Walks that were there and fell back; the exponential grows where the other factor vanishes.
    back = _NORMAL.cdf(-(drift * steps + level) / width)
    reflected = math.exp(2 * drift * level / spread**2 + math.log(back)) if back else 0.0
    return min(1.0, direct + reflected)


def _of_quiet_pairs(objective: PairedObjective, budget: int) -> Estimate:
    """Where no pair differs, capital grows by the same factor with each."""
    bet = Fraction(MAX_BET, 10_000)
    level = QUIET_DISPERSION * math.log(1 / objective.false_promotion)
    requests = level / math.log1p(bet * objective.margin)
    return Estimate(requests, float(requests > budget))


def _of_the_fastest(objective: QuantileObjective, budget: int) -> Estimate:
    """Where the candidate is never slow, each request in which stable is, is a pair won."""
    slow, needed = float(1 - objective.quantile), _pairs_to_win(objective.promote)
    return Estimate(needed / slow, _fewer(needed, budget, slow), at_least=True)


@functools.lru_cache(maxsize=16)
def _pairs_to_win(test: ShareTest) -> int:
    """Return the fewest pairs that promote, all of them won, at the least dispersion there is."""
    return Boundary(test, UNMEASURED + 1).good(0)


def _fewer(needed: int, draws: int, share: float) -> float:
    """Return the probability that fewer than `needed` of independent draws come out so."""
    if needed > draws:
        return 1.0
    logs = (
        math.lgamma(draws + 1) - math.lgamma(n + 1) - math.lgamma(draws - n + 1)
        + n * math.log(share) + (draws - n) * math.log1p(-share)
        for n in range(needed)
    )  # fmt: skip
    return sum(map(math.exp, logs))
