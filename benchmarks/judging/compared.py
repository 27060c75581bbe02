"""A latency quantile beside stable's: errors and pairs to a verdict, whole comparisons simulated.

Calibration, threshold and dispersion are those of `modelward.judge`, many comparisons at a time in
floats; some of each are judged by the judge itself as well.
"""

import functools
import math
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy import stats

from benchmarks.judging.calibrating import calibrated, checkpoints
from benchmarks.judging.evidence import Floats, Ints, log_evidence
from benchmarks.judging.latencies import SOURCES
from benchmarks.judging.report import line, title
from modelward.judge import (
    CALIBRATION_WINDOWS,
    ComparedKpi,
    ComparisonSession,
    LoadShape,
    QuantileObjective,
    ShareTest,
)

ALPHA = Fraction(5, 100)
OBJECTIVE = QuantileObjective(Fraction(95, 100), Fraction(1, 10), True, ALPHA, ALPHA)
WINDOW = 10
MOST_WINDOWS = 1_200
"""After the first sixty."""
WINDOWS = CALIBRATION_WINDOWS + MOST_WINDOWS
CHECKPOINTS = checkpoints(WINDOWS)
MOST_DIFFERING = 2_000
"""Of the pairs of a comparison; the table of evidence ends there."""
CHUNK = 2_500
CHECKED = 3
TIMES = (("like stable", 1.0), ("10% slower", 1.1), ("30% slower", 1.3), ("twice", 2.0))
SHAPE = LoadShape(Fraction(40), 0, WINDOW, MOST_WINDOWS)
GOAL = 1.2 * float(ALPHA)


@dataclass(frozen=True)
class Result:
    """How many comparisons came to what."""

    runs: int
    passed: int
    failed: int
    pairs: float
    """In all, on average, those of calibration among them."""
    checked: int
    """Comparisons that the judge itself judged, too."""
    agreed: int
    """Those of them in which it came to the same verdict after as many pairs."""


class Comparisons:
    """Many comparisons at once, of a candidate that takes `times` as long as one like stable."""

    def __init__(self, name: str, times: float, seed: int) -> None:
        self._rng = np.random.default_rng([seed, len(name), int(100 * times)])
        self._source, self._times = SOURCES[name], times
        self.verdicts, self.ended = np.full(CHUNK, "I"), np.full(CHUNK, WINDOWS)
        self._judges = [ComparisonSession(SHAPE, (ComparedKpi(OBJECTIVE),)) for _ in range(CHECKED)]

    def run(self) -> None:
        """Calibrate, and judge those whose calibration ends after as many windows."""
        streams, seen = np.arange(CHUNK), list[tuple[Floats, Floats]]()
        for length in CHECKPOINTS:
            while len(seen) < length:
                seen.append(self._window(len(seen), streams))
            threshold = _thresholds(np.concatenate([stables for _, stables in seen], axis=1))
            pairs = np.array([_pairs(*each, threshold) for each in seen])
            lost, won = pairs[:, 0], pairs[:, 1]
            must_measure = np.ones(streams.size, dtype=np.bool_)
            dispersion, ends = calibrated(lost - won, must_measure, lost + won)
            self._judge(length, streams[ends], threshold[ends], dispersion[ends])
            streams, seen = streams[~ends], [(a[~ends], b[~ends]) for a, b in seen]
            if not streams.size:
                return

    def _window(self, number: int, streams: Ints) -> tuple[Floats, Floats]:
        # The order of turns is that of the runner: candidate, stable, stable, candidate.
        turns = (2 * number, 2 * number + 1) if number % 2 == 0 else (2 * number + 1, 2 * number)
        ours, stables = (self._source(self._rng, streams.size, WINDOW, turn) for turn in turns)
        found = np.asarray(self._times * ours), stables
        for row in np.flatnonzero(streams < CHECKED):
            for i in range(WINDOW):
                pair = (int(side[row, i] * 1e9) for side in found)
                self._judges[streams[row]].record(number * WINDOW + i, *pair)
        return found

    def _judge(self, number: int, streams: Ints, threshold: Floats, dispersion: Ints) -> None:
        """Judge comparisons that were calibrated after so many windows."""
        counts = np.zeros((2, streams.size), dtype=np.int64)
        needed = dispersion / 100 * math.log(1 / ALPHA)
        for windows in range(number + 1, WINDOWS + 1):
            if not streams.size:
                return
            counts = counts + _pairs(*self._window(windows - 1, streams), threshold)
            promote, rollback = (
                _look_up(_table(test), *counts) >= needed
                for test in (OBJECTIVE.promote, OBJECTIVE.rollback)
            )
            self.verdicts[streams[promote]], self.verdicts[streams[rollback]] = "P", "F"
            going = ~(promote | rollback)
            self.ended[streams[~going]] = windows
            streams, threshold, counts = streams[going], threshold[going], counts[:, going]
            needed = needed[going]

    def agreed(self) -> int:
        """Return how often the judge itself came to the same after as many windows."""
        return sum(
            judge.results()[0].outcome[0] == verdict and judge.windows == int(ended)
            for judge, verdict, ended in zip(self._judges, self.verdicts, self.ended, strict=False)
        )


def chunk(name: str, times: float, seed: int) -> Result:
    """Run so many comparisons of one source."""
    runs = Comparisons(name, times, seed)
    runs.run()
    passed, failed = int((runs.verdicts == "P").sum()), int((runs.verdicts == "F").sum())
    return Result(CHUNK, passed, failed, float(runs.ended.mean() * WINDOW), CHECKED, runs.agreed())


def _thresholds(stables: Floats) -> Floats:
    """Return the quantile of each, rounded up to the microsecond; a latency of 1 is a second."""
    rank = math.ceil(OBJECTIVE.quantile * stables.shape[1]) - 1
    return np.asarray(np.ceil(np.trunc(np.sort(stables, axis=1)[:, rank] * 1e9) / 1e3) / 1e6)


def _pairs(ours: Floats, stables: Floats, threshold: Floats) -> Ints:
    """Return how many pairs of a window are lost and how many are won, by comparison."""
    limit = 1 + float(OBJECTIVE.margin)
    slow, stable_slow = ours > limit * threshold[:, None], stables > threshold[:, None]
    return np.array([(slow & ~stable_slow).sum(axis=1), (~slow & stable_slow).sum(axis=1)])


@functools.cache
def _table(test: ShareTest) -> Floats:
    """Return the log-evidence by how many pairs differ and how many of them are lost.

    None on the null's own side.
    """
    table = np.full((MOST_DIFFERING + 1, MOST_DIFFERING + 1), -np.inf)
    for n in range(1, MOST_DIFFERING + 1):
        middle = n // 2
        low, high = (0, middle + 1) if test.alternative < test.null else (middle, n + 1)
        table[n, low:high] = log_evidence(test, n, np.arange(low, high))
    return table


def _look_up(table: Floats, lost: Ints, won: Ints) -> Floats:
    """Return the log-evidence of each; none beyond the table."""
    differing = lost + won
    at = np.minimum(differing, MOST_DIFFERING), np.minimum(lost, MOST_DIFFERING)
    return np.where(differing <= MOST_DIFFERING, table[at], -np.inf)


Asked = dict[tuple[str, float], list[Future[Result]]]


def asked(executor: Executor, runs: int) -> Asked:
    """Let the executor run the comparisons of all sources."""
    seeds = range(1, runs // CHUNK + 1)
    return {
        (name, times): [executor.submit(chunk, name, times, seed) for seed in seeds]
        for name in SOURCES
        for _, times in TIMES
    }


def table(results: Asked) -> Iterator[str]:
    """Yield the lines of the table, as results come in."""
    runs = CHUNK * len(next(iter(results.values())))
    yield title(
        f"Latency beside stable's: p95, worseByAtMost 10%, at 5%.\n{runs:,} comparisons each, "
        f"seeds 1 to {runs // CHUNK}, blocks of {WINDOW}, at most {MOST_WINDOWS * WINDOW:,} pairs "
        f"after the first {CALIBRATION_WINDOWS * WINDOW}.\nErrors, and the lower end of their "
        f"99.9% interval, whose goal is at most {GOAL:.2f}"
    )
    widths = (18, 25, 25, 25, 8, 8, 8, 8)
    errors = ("rolled back, like stable", "rolled back, 10% slower", "promoted, 10% slower")
    yield line(("", *errors, "pairs", "pairs", "pairs", "promoted"), widths)
    agreed = checked = 0
    for name in SOURCES:
        found = [_sum([each.result() for each in results[name, times]]) for _, times in TIMES]
        same, margin, slower, _ = found
        errors = (_error(same.failed, same.runs), _error(margin.failed, margin.runs),
                  _error(margin.passed, margin.runs))  # fmt: skip
        pairs = (f"{each.pairs:,.0f}" for each in (same, slower, found[-1]))
        yield line((name, *errors, *pairs, f"{same.passed / same.runs:.1%}"), widths)
        agreed += sum(each.agreed for each in found)
        checked += sum(each.checked for each in found)
    yield (
        "pairs to the verdict on average, calibration counted: of a version like stable, of one "
        "30% slower, of one that\ntakes twice as long; promoted: like stable.\nThe judge itself, "
        f"on {checked} of these comparisons, came to the same verdict after as many pairs in "
        f"{agreed}."
    )


def _sum(results: list[Result]) -> Result:
    runs = sum(each.runs for each in results)
    return Result(
        runs=runs,
        passed=sum(each.passed for each in results),
        failed=sum(each.failed for each in results),
        pairs=sum(each.pairs * each.runs for each in results) / runs,
        checked=sum(each.checked for each in results),
        agreed=sum(each.agreed for each in results),
    )


def _error(wrong: int, runs: int) -> str:
    low = float(stats.beta.ppf(0.001, wrong, runs - wrong + 1)) if wrong else 0.0
    return f"{wrong / runs:.4f} (> {low:.4f}) {'met' if low <= GOAL else 'NOT MET'}"
