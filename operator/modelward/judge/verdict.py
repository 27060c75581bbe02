"""What a judgement says."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Outcome = Literal["Pass", "Fail", "Inconclusive"]
Reason = Literal[
    "",
    "BelowLimit",
    "BeyondLimit",
    "WorseThanExpected",
    "WorseThanStable",
    "RowsUnanswered",
    "Undecided",
    "Uncalibrated",
    "NotMeasured",
    "NotJudged",
]


@dataclass(frozen=True)
class Evidence:
    """How much was found for either side: natural logarithms of betting odds, tempered.

    A side has won at the logarithm of 1/alpha: 3.00 is 20 to 1. Infinity is certainty.
    """

    promote: Decimal
    """Against "at least as bad as the limit"."""
    rollback: Decimal
    """Against "no worse than what is expected", or than the limit where nothing is."""


@dataclass(frozen=True)
class Verdict:
    """The verdict about one KPI and what it rests on.

    Values are shares between 0 and 1, but for metrics of rows that are numbers.
    """

    verdict: Outcome
    reason: Reason = ""
    """Why it is not Pass; empty for Pass."""
    value: Fraction | None = None
    """What was observed: a share of correct rows or of bad requests, or a metric of rows. None:
    nothing was."""
    baseline: Fraction | None = None
    """The stable revision's share on the same rows or requests, where it was compared with."""
    low: Fraction = Fraction(0)
    """Lower end of the interval for the share in traffic, or for its difference to stable's."""
    high: Fraction = Fraction(1)
    """Upper end of the interval for the share in traffic, or for its difference to stable's."""
    samples: int = 0
    """Rows or requests that the verdict rests on."""
    effective_samples: int = 0
    """How many independent ones they are worth."""
    independence_assumed: bool = False
    """True where the dispersion of requests was not measured."""
    evidence: Evidence | None = None
    """What speaks for promotion and for rollback; None where nothing was measured."""
