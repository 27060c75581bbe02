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
MOST_DIFFERING = 2_000
"""Of the pairs of a comparison; the table of evidence ends there."""
CHUNK = 5_000
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
    """Of evidence, on average."""
    checked: int
    """Comparisons that the judge itself judged, too."""
    agreed: int
    """Those of them in which it came to the same verdict after as many pairs."""


def chunk(name: str, times: float, seed: int) -> Result:
    """Run comparisons of a candidate that takes `times` as long as a revision like stable."""
    rng = np.random.default_rng([seed, len(name), int(100 * times)])
    source, turn = SOURCES[name], iter(range(10**6))

    def window(streams: int) -> tuple[Floats, Floats]:
        # The order of turns is that of the runner: candidate, stable, stable, candidate.
        nth = next(turn)
        ours, stables = (2 * nth, 2 * nth + 1) if nth % 2 == 0 else (2 * nth + 1, 2 * nth)
        return (
            times * source(rng, streams, WINDOW, ours),
            source(rng, streams, WINDOW, stables),
        )

    seen = [window(CHUNK) for _ in range(CALIBRATION_WINDOWS)]
    rank = math.ceil(OBJECTIVE.quantile * CALIBRATION_WINDOWS * WINDOW) - 1
    # To the microsecond, as the judge does, where a latency of 1 is a second.
    raw = np.sort(np.concatenate([stables for _, stables in seen], axis=1), axis=1)[:, rank]
    threshold = np.ceil(np.trunc(raw * 1e9) / 1e3) / 1e6
    pairs = np.array([_pairs(*each, threshold) for each in seen])
    dispersion = _dispersions(pairs[:, 0] - pairs[:, 1], pairs[:, 0] + pairs[:, 1])
    judges = [ComparisonSession(SHAPE, (ComparedKpi(OBJECTIVE),)) for _ in range(CHECKED)]
    for number, each in enumerate(seen):
        _watch(judges, number, each, np.arange(CHUNK))
    tables = [_table(OBJECTIVE.promote), _table(OBJECTIVE.rollback)]
    verdicts, ended = np.full(CHUNK, "I"), np.full(CHUNK, MOST_WINDOWS)
    streams, counts = np.arange(CHUNK), np.zeros((2, CHUNK), dtype=np.int64)
    for number in range(1, MOST_WINDOWS + 1):
        more = window(streams.size)
        _watch(judges, CALIBRATION_WINDOWS + number - 1, more, streams)
        counts = counts + _pairs(*more, threshold[streams])
        needed = dispersion[streams] / 100 * math.log(1 / ALPHA)
        promote, rollback = (_look_up(table, *counts) for table in tables)
        fails, passes = rollback >= needed, (promote >= needed) & (rollback < needed)
        verdicts[streams[fails]], verdicts[streams[passes]] = "F", "P"
        ended[streams[fails | passes]] = number
        going = ~(fails | passes)
        streams, counts = streams[going], counts[:, going]
        if not streams.size:
            break
    agreed = sum(_agrees(judge, verdicts[i], int(ended[i])) for i, judge in enumerate(judges))
    passed, failed = int((verdicts == "P").sum()), int((verdicts == "F").sum())
    return Result(CHUNK, passed, failed, float(ended.mean() * WINDOW), CHECKED, agreed)


def _pairs(ours: Floats, stables: Floats, threshold: Floats) -> Ints:
    """Return how many pairs of a window are lost and how many are won, by comparison."""
    limit = 1 + float(OBJECTIVE.margin)
    slow, stable_slow = ours > limit * threshold[:, None], stables > threshold[:, None]
    return np.array([(slow & ~stable_slow).sum(axis=1), (~slow & stable_slow).sum(axis=1)])


def _dispersions(sums: Ints, counted: Ints) -> Ints:
    """Return the dispersion of differences, in hundredths: see modelward.judge.counts."""
    halves = (len(sums) // 2, 2, -1)
    doubled = (each.reshape(halves).sum(axis=1) for each in (sums, counted))
    found = np.maximum(_hundredths(sums, counted), _hundredths(*doubled))
    return np.where(counted.sum(axis=0) == 0, 125, np.maximum(found, 100))


def _hundredths(sums: Ints, counted: Ints) -> Ints:
    n, total = len(sums), sums.sum(axis=0)
    above = n * (sums * sums).sum(axis=0) - total * total
    return np.asarray(-(-125 * above // ((n - 1) * np.maximum(counted.sum(axis=0), 1))))


@functools.cache
def _table(test: ShareTest) -> Floats:
    """Return the log-evidence by how many pairs differ and how many of them are lost."""
    table = np.full((MOST_DIFFERING + 1, MOST_DIFFERING + 1), -np.inf)
    table[0, 0] = 0.0
    for n in range(1, MOST_DIFFERING + 1):
        table[n, : n + 1] = log_evidence(test, n, np.arange(n + 1))
    return table


def _look_up(table: Floats, lost: Ints, won: Ints) -> Floats:
    differing = np.minimum(lost + won, MOST_DIFFERING)
    return np.asarray(table[differing, np.minimum(lost, MOST_DIFFERING)])


def _watch(
    judges: list[ComparisonSession], number: int, pairs: tuple[Floats, Floats], streams: Ints
) -> None:
    """Show the judge a window of each of the first comparisons that go on."""
    for row, stream in enumerate(streams[: len(judges)]):
        if stream >= len(judges):
            break
        for i in range(WINDOW):
            ours, stables = (int(side[row, i] * 1e9) for side in pairs)
            judges[stream].record(number * WINDOW + i, ours, stables)


def _agrees(judge: ComparisonSession, verdict: str, windows: int) -> bool:
    (result,) = judge.results()
    requests = result.counts.requests if result.counts else 0
    return result.outcome[0] == verdict and requests == windows * WINDOW


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
        f"seeds 1 to {runs // CHUNK}, blocks of {WINDOW}, {CALIBRATION_WINDOWS * WINDOW} pairs of "
        f"calibration, at most {MOST_WINDOWS * WINDOW:,} of evidence.\nErrors, and the lower end "
        f"of their 99.9% interval, whose goal is at most {GOAL:.2f}"
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
        "pairs of evidence on average, and share promoted: of a version like stable, of one 30% "
        "slower, of one that takes twice as long; promoted: like stable.\nThe judge itself, on "
        f"{checked} of these comparisons, came to the same verdict after as many pairs in {agreed}."
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
