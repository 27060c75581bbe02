"""Exact error probabilities and expected lengths of sequential tests, by dynamic programming."""

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from modelward.judge import Boundary, RateObjective

NEGLIGIBLE = 1e-10


@dataclass(frozen=True)
class Exact:
    """What a test comes to, all outcomes weighed by their probabilities."""

    promoted: float
    rolled_back: float
    undecided: float
    requests: float
    """Expected number of them."""


def exact(objective: RateObjective, share: Fraction, most: int, look_every: int = 1) -> Exact:
    """Judge independent requests of which a share is bad, with a look at each of them."""
    promote, rollback = Boundary(objective.promote), Boundary(objective.rollback)
    going = {0: 1.0}
    promoted = rolled_back = requests = 0.0
    p = float(share)
    for n in range(1, most + 1):
        requests += sum(going.values())
        after: defaultdict[int, float] = defaultdict(float)
        for bad, chance in going.items():
            after[bad] += chance * (1 - p)
            after[bad + 1] += chance * p
        going = {}
        for bad, chance in after.items():
            if n % look_every:
                going[bad] = chance
            elif n - bad <= rollback.good(bad):
                rolled_back += chance
            elif n - bad >= promote.good(bad):
                promoted += chance
            elif chance > NEGLIGIBLE / most:
                going[bad] = chance
        if sum(going.values()) < NEGLIGIBLE:
            break
    return Exact(promoted, rolled_back, sum(going.values()), requests)


def wald(share: Fraction, null: Fraction, alpha: Fraction) -> float:
    """Return Wald's bound: the fewest requests on average that reject a null at a share."""
    p, q = float(share), float(null)
    divergence = p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))
    return math.log(1 / alpha) / divergence


def exam_ends(
    rows: int, right: int, decide: Callable[[int, int], str]
) -> tuple[dict[str, float], float]:
    """Read an exam in random order; return the chance of each verdict and the mean of rows read.

    `decide` is told how many rows were read and how many of them were right.
    """
    going = {0: 1.0}
    ends: defaultdict[str, float] = defaultdict(float)
    read = 0.0
    for n in range(rows):
        read += sum(going.values())
        after: defaultdict[int, float] = defaultdict(float)
        for correct, chance in going.items():
            next_right = (right - correct) / (rows - n)
            after[correct + 1] += chance * next_right
            after[correct] += chance * (1 - next_right)
        going = {}
        for correct, chance in after.items():
            if chance < NEGLIGIBLE / rows:
                continue
            verdict = decide(n + 1, correct)
            if verdict == "Inconclusive":
                going[correct] = chance
            else:
                ends[verdict] += chance
    return ends, read
