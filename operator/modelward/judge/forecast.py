"""How a benchmark's load would end for versions of known quality.

Exact where a KPI is one count: `modelward.judge.chances` for each of a few dispersions, which are
those that calibration comes to on independent requests, drawn with a seed. Where two counts or two
revisions are compared, whole benchmarks are drawn.
"""

import bisect
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from modelward.judge.calibration import scatter
from modelward.judge.chances import Chances, binomial, judged_again, mixed, rate_chances
from modelward.judge.counts import CALIBRATION_WINDOWS, UNMEASURED
from modelward.judge.hypotheses import HALF, RateObjective
from modelward.judge.paired import PairedObjective
from modelward.judge.pairs import PairedWindow
from modelward.judge.relative import RelativeObjective
from modelward.judge.shape import LoadShape
from modelward.judge.verdict import Outcome
from modelward.judge.windows import LoadObjective, RateWindow, Window, WindowJudge, assuming

SEED = 1
_RUNS, _FEWEST_RUNS, _WINDOWS = 300, 100, 72_000
CALIBRATIONS = 200
QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Of the dispersions that calibration comes to; each stands for a fifth of them."""


@dataclass(frozen=True)
class Quality:
    """What a version is like."""

    label: str
    share: Fraction
    """Its share of bad requests."""
    other: Fraction = Fraction(0)
    """Requests beyond `expected`, where that is a count of its own; compared with stable, the
    share of stable's requests that fail."""


@dataclass(frozen=True)
class Forecast:
    """How a benchmark ends for a version of this quality."""

    quality: Quality
    chances: Chances
    dispersions: tuple[int, ...]
    """In hundredths; empty where whole benchmarks were drawn, calibration and all."""


def runs(shape: LoadShape) -> int:
    """Return how many benchmarks are drawn for a quality where it is not exact: fewer long ones."""
    return max(_FEWEST_RUNS, min(_RUNS, _WINDOWS // max(1, shape.evidence_windows)))


def qualities(objective: LoadObjective, stable: Fraction) -> tuple[Quality, ...]:
    """Return the qualities that tell a KPI's tests; `stable` is the error rate of stable."""
    match objective:
        case PairedObjective(margin=margin):
            return tuple(
                Quality(label, stable + times * margin, stable)
                for times, label in (
                    (Fraction(0), "like stable"),
                    (HALF, "half of the margin worse"),
                    (Fraction(1), "the margin worse"),
                    (Fraction(2), "twice the margin worse"),
                )
            )
        case RelativeObjective(ratio=ratio):
            return tuple(
                Quality(label, min(times * stable, Fraction(1)), stable)
                for times, label in (
                    (Fraction(1), "like stable"),
                    ((1 + ratio) / 2, "halfway to the limit"),
                    (ratio, "at the limit"),
                    (2 * ratio, "twice the limit"),
                )
            )
    return _rates(objective)


def _rates(objective: RateObjective) -> tuple[Quality, ...]:
    limit, good = objective.promote.null, objective.promote.alternative
    as_expected = "as expected" if objective.has_expected else "half of the limit"
    shares = ((good / 2, f"half of {'expected' if objective.has_expected else 'that'}"),
              (good, as_expected), (limit, "at the limit"),
              (min(2 * limit, (1 + limit) / 2), "beyond the limit"))  # fmt: skip
    # Of the requests beyond `expected`, half are taken to be beyond the limit, too.
    if objective.two_counts:
        return tuple(Quality(label, share, min(2 * share, Fraction(1))) for share, label in shares)
    return tuple(Quality(label, share) for share, label in shares)


def forecast(
    objective: LoadObjective, quality: Quality, shape: LoadShape, assumed: int | None = None
) -> Forecast:
    """Return how a benchmark ends; `assumed` is a dispersion to take instead of a calibration."""
    if isinstance(objective, RateObjective) and not objective.two_counts:
        tempered = (assumed,) if assumed else _dispersions(shape.window, quality.share)
        parts = [_of_one_count(objective, quality.share, shape, each) for each in tempered]
        return Forecast(quality, mixed(parts), tempered)
    return Forecast(quality, _drawn(objective, quality, shape, assumed), ())


def _of_one_count(
    objective: RateObjective, share: Fraction, shape: LoadShape, dispersion: int
) -> Chances:
    """Return how it ends; one that was only assumed is measured before anything is rolled back."""
    budget = (shape.evidence_windows, shape.window)
    chances = rate_chances(objective, share, *budget, dispersion)
    if dispersion != UNMEASURED or not chances.rolled_back:
        return chances
    windows, measured = _measured(share, shape)
    return judged_again(
        chances, windows * shape.window, rate_chances(objective, share, *budget, measured)
    )


def _dispersions(window: int, share: Fraction) -> tuple[int, ...]:
    """Return what calibration comes to on independent requests, at a few quantiles."""
    rng, draw = random.Random(SEED), _drawer(binomial(window, float(share)))  # noqa: S311
    found = sorted(
        scatter([draw(rng) for _ in range(CALIBRATION_WINDOWS)]).dispersion
        for _ in range(CALIBRATIONS)
    )
    return tuple(found[int(at * CALIBRATIONS)] for at in QUANTILES)


def _measured(share: Fraction, shape: LoadShape) -> tuple[int, int]:
    """Return the windows and the dispersion of an ordinary calibration that must measure it."""
    rng, draw = random.Random(SEED), _drawer(binomial(shape.window, float(share)))  # noqa: S311
    windows: list[int] = []
    while True:
        windows.extend(draw(rng) for _ in range(max(CALIBRATION_WINDOWS, len(windows))))
        found = scatter(windows)
        if found.is_measured or len(windows) > shape.evidence_windows:
            return len(windows), found.dispersion


def _drawn(
    objective: LoadObjective, quality: Quality, shape: LoadShape, hundredths: int | None
) -> Chances:
    times = runs(shape)
    rng = random.Random(SEED)  # noqa: S311
    windows = _windows(objective, quality, shape.window, rng)
    outcomes: Counter[Outcome] = Counter()
    ends: Counter[int] = Counter()
    for _ in range(times):
        judge = WindowJudge(objective, assuming(objective, hundredths) if hundredths else None)
        calibration = 0 if hundredths else CALIBRATION_WINDOWS
        for window in itertools.islice(windows, calibration + shape.evidence_windows):
            if judge.add(window) != "Inconclusive":
                ends[judge.counts.requests] += 1
                break
        outcomes[judge.outcome] += 1
    return Chances.drawn(outcomes, ends, shape.evidence_windows * shape.window)


def _windows(
    objective: LoadObjective, quality: Quality, requests: int, rng: random.Random
) -> Iterator[Window]:
    """Draw windows of independent requests, for ever."""
    if isinstance(objective, RateObjective):
        slow = _drawer(binomial(requests, float(quality.other)))
        halves = [_drawer(binomial(n, float(HALF))) for n in range(requests + 1)]
        while True:
            beyond = slow(rng)
            yield RateWindow(requests, halves[beyond](rng), beyond)
    yield from _pairs(float(quality.share), float(quality.other), requests, rng)


def _pairs(ours: float, stables: float, requests: int, rng: random.Random) -> Iterator[Window]:
    """Draw windows of pairs of which each fails by itself, one kind of pair after the other."""
    lost, won, both = ours * (1 - stables), (1 - ours) * stables, ours * stables
    draw_lost = _drawer(binomial(requests, lost))
    left = range(requests + 1)
    draw_won = [_drawer(binomial(n, _part(won, 1 - lost))) for n in left]
    draw_both = [_drawer(binomial(n, _part(both, 1 - lost - won))) for n in left]
    while True:
        alone = draw_lost(rng)
        stable_alone = draw_won[requests - alone](rng)
        together = draw_both[requests - alone - stable_alone](rng)
        yield PairedWindow(requests, alone, stable_alone, together)


def _part(share: float, of: float) -> float:
    return min(share / of, 1.0) if of > 0 else 0.0


def _drawer(chances: list[float]) -> Callable[[random.Random], int]:
    """Return what draws 0, 1, ... with these probabilities."""
    reached = list(itertools.accumulate(chances))
    return lambda rng: min(bisect.bisect(reached, rng.random()), len(reached) - 1)
