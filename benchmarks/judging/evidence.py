"""The evidence of a rate's tests for many streams at once, in floats."""

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from modelward.judge import ShareTest

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def log_evidence(test: ShareTest, requests: int, bad: Ints) -> Floats:
    """Return the logarithm of the untempered evidence, for each number of bad requests.

    Half a likelihood ratio, half a beta mixture that is cut off at the null: the formula of
    modelward.judge.evidence, which computes it in exact decimals.
    """
    p, q = float(test.null), float(test.alternative)
    good = requests - bad
    ratio = bad * math.log(q / p) + good * math.log((1 - q) / (1 - p))
    weight = max(1.0, 1 / q - 1)
    part = special.betainc if q < p else special.betaincc
    with np.errstate(divide="ignore"):
        # Where the part underflows, so does its evidence.
        posterior = np.log(part(1 + bad, weight + good, p))
    mixture = (
        special.betaln(1 + bad, weight + good)
        - special.betaln(1, weight)
        + posterior
        - math.log(float(part(1.0, weight, p)))
        - bad * math.log(p)
        - good * math.log1p(-p)
    )
    return np.asarray(np.logaddexp(ratio, mixture) - math.log(2))
