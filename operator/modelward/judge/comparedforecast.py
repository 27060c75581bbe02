"""How a comparison of latencies would end, for versions of known speed: whole ones are drawn.

What decides is how often the one and the other take longer than a threshold, which follows from how
latencies scatter. They are taken as lognormal through two quantiles of stable's, which people know,
and as independent of each other: rows that are slow for both would only make it quicker. A version
that is slower takes so many times as long, whatever the request.
"""

import itertools
import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

from modelward.judge.boundary import Boundary
from modelward.judge.chances import Chances
from modelward.judge.counts import CALIBRATION_WINDOWS
from modelward.judge.forecast import SEED, runs
from modelward.judge.hypotheses import HALF
from modelward.judge.pairs import PairedWindow, scatter_of_differences
from modelward.judge.quantiles import QuantileObjective
from modelward.judge.shape import LoadShape
from modelward.judge.verdict import Outcome

_NORMAL = NormalDist()
_STEP = 5
"""Hundredths that a dispersion is rounded up to, so that few boundaries have to be computed."""


@dataclass(frozen=True)
class Latencies:
    """A lognormal distribution of latencies, in seconds."""

    median: float
    p95: float

    def __post_init__(self) -> None:
        if not 0 < self.median < self.p95:
            raise ValueError(f"a p95 of {self.p95}s is not above a median of {self.median}s")

    @property
    def _spread(self) -> float:
        return math.log(self.p95 / self.median) / _NORMAL.inv_cdf(0.95)

    def quantile(self, share: float) -> float:
        """Return what so many of all requests take at most."""
        return self.median * math.exp(self._spread * _NORMAL.inv_cdf(share))

    def beyond(self, seconds: float) -> float:
        """Return the share of requests that take longer."""
        return _NORMAL.cdf(-math.log(seconds / self.median) / self._spread)


@dataclass(frozen=True)
class Speed:
    """What a version is like beside stable."""

    label: str
    times: float
    """How many times as long as stable it takes."""
    quantile: float
    """Its quantile that is compared, in seconds."""


def speeds(objective: QuantileObjective, stable: Latencies) -> tuple[Speed, ...]:
    """Return the speeds that tell a comparison's tests, that of stable first."""
    stables = stable.quantile(float(objective.quantile))
    margin = float(objective.margin) * (stables if objective.relative else 1)
    return tuple(
        Speed(label, (stables + float(part) * margin) / stables, stables + float(part) * margin)
        for part, label in (
            (Fraction(0), "like stable"),
            (HALF, "half of the margin slower"),
            (Fraction(1), "the margin slower"),
            (Fraction(2), "twice the margin slower"),
        )
    )


def compared_chances(
    objective: QuantileObjective,
    speed: Speed,
    stable: Latencies,
    shape: LoadShape,
    assumed: int | None = None,
) -> Chances:
    """Return how comparisons end; `assumed` is a dispersion to take instead of a calibration's.

    Pairs count from the end of an ordinary calibration: what a longer one takes is among them.
    """
    times, rng = runs(shape), random.Random(SEED)  # noqa: S311
    draws = _Draws(objective, speed, stable, shape, rng)
    outcomes: Counter[Outcome] = Counter()
    ends: Counter[int] = Counter()
    for _ in range(times):
        outcome, windows = draws.one(assumed)
        outcomes[outcome] += 1
        if outcome != "Inconclusive":
            ends[windows * shape.window] += 1
    return Chances.drawn(outcomes, ends, shape.evidence_windows * shape.window)


class _Draws:
    """Draws comparisons of one speed."""

    def __init__(
        self,
        objective: QuantileObjective,
        speed: Speed,
        stable: Latencies,
        shape: LoadShape,
        rng: random.Random,
    ) -> None:
        self._objective, self._speed, self._stable = objective, speed, stable
        self._shape, self._rng = shape, rng
        self._boundaries: dict[int, tuple[Boundary, Boundary]] = {}

    def one(self, assumed: int | None) -> tuple[Outcome, int]:
        """Return how a comparison ends and after how many windows beyond the first sixty."""
        used, budget = CALIBRATION_WINDOWS, self._shape.evidence_windows
        while True:
            windows = self._windows(used * self._shape.window)
            if assumed:
                return self._judged(windows, assumed, 0)
            found = scatter_of_differences([*itertools.islice(windows, used)])
            if found.is_measured:
                return self._judged(windows, found.dispersion, used - CALIBRATION_WINDOWS)
            if 2 * used - CALIBRATION_WINDOWS >= budget:
                return "Inconclusive", budget
            used *= 2

    def _judged(
        self, windows: Iterator[PairedWindow], dispersion: int, done: int
    ) -> tuple[Outcome, int]:
        promote, rollback = self._boundary(-(-dispersion // _STEP) * _STEP)
        lost = won = 0
        while done < self._shape.evidence_windows:
            window = next(windows)
            done, lost, won = done + 1, lost + window.lost, won + window.won
            # Half of the pairs is the null of both: each has evidence on its own side alone.
            if lost > won and won <= rollback.good(lost):
                return "Fail", done
            if won > lost and won >= promote.good(lost):
                return "Pass", done
        return "Inconclusive", done

    def _boundary(self, dispersion: int) -> tuple[Boundary, Boundary]:
        if dispersion not in self._boundaries:
            tests = self._objective.promote, self._objective.rollback
            one, other = (Boundary(test, dispersion) for test in tests)
            self._boundaries[dispersion] = one, other
        return self._boundaries[dispersion]

    def _windows(self, calibrated_on: int) -> Iterator[PairedWindow]:
        """Draw a threshold as so many requests fix it, and windows of pairs without end."""
        rank = math.ceil(self._objective.quantile * calibrated_on)
        level = self._rng.betavariate(rank, calibrated_on - rank + 1)
        threshold = self._stable.quantile(level)
        margin = float(self._objective.margin) * (threshold if self._objective.relative else 1)
        ours = self._stable.beyond((threshold + margin) / self._speed.times)
        stables = 1 - level
        yield from _differing(
            ours * (1 - stables), (1 - ours) * stables, self._shape.window, self._rng
        )


def _differing(
    lost: float, won: float, requests: int, rng: random.Random
) -> Iterator[PairedWindow]:
    """Draw windows of independent pairs by the gaps between those that differ, without end."""
    rate = -math.log1p(-(lost + won))

    def gap() -> int:
        return int(rng.expovariate(rate))

    before = gap()
    while True:
        differ = 0
        while before < requests:
            differ += 1
            before += 1 + gap()
        before -= requests
        ours = sum(rng.random() * (lost + won) < lost for _ in range(differ))
        yield PairedWindow(requests, ours, differ - ours, 0)
