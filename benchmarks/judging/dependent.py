"""Errors where requests are not independent: whole benchmarks, calibration and all, simulated.

Streams are judged many at a time, in floats; some of each are judged by the judge itself as well.
"""

import math
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy import stats

from benchmarks.judging.evidence import Floats, Ints, log_evidence
from benchmarks.judging.report import line, title
from benchmarks.judging.sources import SOURCES
from modelward.judge import CALIBRATION_WINDOWS, ShareTest, errors_objective
from modelward.judge.windows import RateWindow, WindowJudge

EXPECTED, LIMIT, ALPHA = Fraction(25, 1000), Fraction(5, 100), Fraction(5, 100)
OBJECTIVE = errors_objective(LIMIT, EXPECTED, ALPHA, ALPHA)
WINDOW = 10
"""Requests of a benchmark's window, up to 40 requests per second."""
LONG_WINDOW = 100
MOST_REQUESTS = 24_000
"""Of evidence: ten minutes at 40 requests per second."""
CHUNK = 20_000
CHECKED = 25
"""Streams of each chunk that the judge itself judges as well."""
GOAL = 1.2 * float(ALPHA)
PASS, FAIL = 1, -1


@dataclass(frozen=True)
class Result:
    """How many benchmarks came to what."""

    runs: int
    passed: int
    failed: int
    requests: float
    """Of evidence, on average, those of benchmarks without a verdict among them."""
    dispersion: float
    """The median."""
    checked: int
    """Benchmarks that the judge itself judged, too."""
    agreed: int
    """Those of them in which it came to the same verdict after as many requests."""


def chunk(name: str, share: Fraction, seed: int, size: int) -> Result:
    """Run so many benchmarks of one source, in windows of a size."""
    source = SOURCES[name](CHUNK, float(share), np.random.default_rng([seed, len(name)]))
    seen: list[Ints] = [source.window(size) for _ in range(CALIBRATION_WINDOWS)]
    dispersion = dispersions(np.array(seen))
    verdicts, ended = np.zeros(CHUNK, dtype=np.int64), np.full(CHUNK, MOST_REQUESTS // size)
    streams, bad = np.arange(CHUNK), np.zeros(CHUNK, dtype=np.int64)
    judges = [WindowJudge(OBJECTIVE) for _ in range(CHECKED)]
    for window in seen:
        _watch(judges, window, np.arange(CHECKED), size)
    for number in range(1, MOST_REQUESTS // size + 1):
        more = source.window(size)
        bad += more
        _watch(judges, more, streams, size)
        needed = dispersion[streams] / 100 * math.log(1 / ALPHA)
        fails = _rejected(OBJECTIVE.rollback, number * size, bad, needed)
        passes = ~fails & _rejected(OBJECTIVE.promote, number * size, bad, needed)
        if not (fails | passes).any():
            continue
        verdicts[streams[fails]], verdicts[streams[passes]] = FAIL, PASS
        ended[streams[fails | passes]] = number
        going = ~(fails | passes)
        streams, bad = streams[going], bad[going]
        source.keep(going)
        if not streams.size:
            break
    names = {"Pass": PASS, "Fail": FAIL, "Inconclusive": 0}
    agreed = sum(
        verdicts[i] == names[judge.outcome] and ended[i] == judge.windows - CALIBRATION_WINDOWS
        for i, judge in enumerate(judges)
    )
    return Result(
        runs=CHUNK,
        passed=int((verdicts == PASS).sum()),
        failed=int((verdicts == FAIL).sum()),
        requests=float(ended.mean() * size),
        dispersion=float(np.median(dispersion) / 100),
        checked=CHECKED,
        agreed=int(agreed),
    )


def _watch(judges: list[WindowJudge], bad: Ints, streams: Ints, size: int) -> None:
    """Show the judge a window of each of the first streams that go on."""
    for stream, count in zip(streams[: len(judges)], bad, strict=False):
        if stream < len(judges):
            judges[stream].add(RateWindow(size, int(count)))


def _rejected(
    test: ShareTest, requests: int, bad: Ints, needed: Floats
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Tell of which streams the evidence rejects the null; it is computed once for each count."""
    low = int(bad.min())
    table = log_evidence(test, requests, np.arange(low, int(bad.max()) + 1))
    return np.asarray(table[bad - low] >= needed)


def dispersions(windows: Ints) -> Ints:
    """Return the dispersion of each stream's calibration windows, in hundredths, rounded up."""
    halves = len(windows) // 2
    pairs = windows.reshape(halves, 2, -1).sum(axis=1)
    found = np.maximum(_hundredths(windows), _hundredths(pairs))
    return np.where(windows.sum(axis=0) == 0, 125, np.maximum(found, 100))


def _hundredths(windows: Ints) -> Ints:
    """Return 125 times the variance over the mean, rounded up."""
    n, total = len(windows), windows.sum(axis=0)
    above = n * (windows * windows).sum(axis=0) - total * total
    below = (n - 1) * np.maximum(total, 1)
    return np.asarray(-(-125 * above // below))


def added(results: list[Result]) -> Result:
    """Return the results of several chunks together."""
    runs = sum(each.runs for each in results)
    return Result(
        runs=runs,
        passed=sum(each.passed for each in results),
        failed=sum(each.failed for each in results),
        requests=sum(each.requests * each.runs for each in results) / runs,
        dispersion=float(np.median([each.dispersion for each in results])),
        checked=sum(each.checked for each in results),
        agreed=sum(each.agreed for each in results),
    )


Asked = dict[tuple[str, Fraction], list[Future[Result]]]


def asked(executor: Executor, runs: int, size: int) -> Asked:
    """Let the executor run the benchmarks of all sources, in windows of a size."""
    return {
        (name, share): [
            executor.submit(chunk, name, share, seed + 1, size) for seed in range(runs // CHUNK)
        ]
        for name in SOURCES
        for share in (EXPECTED, LIMIT)
    }


def table(what: str, results: Asked, size: int) -> Iterator[str]:
    """Yield the lines of a table, as results come in."""
    runs = CHUNK * len(next(iter(results.values())))
    yield title(
        f"Dependent requests, {what}: expected 2.5%, limit 5%, at 5%.\n{runs:,} benchmarks each, "
        f"seeds 1 to {runs // CHUNK}, windows of {size}, {CALIBRATION_WINDOWS * size:,} requests "
        f"of calibration, at most {MOST_REQUESTS:,} of evidence.\nErrors, and the lower end of "
        f"their 99.9% interval, whose goal is at most {GOAL:.2f}"
    )
    widths = (18, 26, 26, 12, 12, 12, 12)
    heading = ("false rollback", "false promotion", "requests", "phi", "requests", "phi")
    yield line(("", *heading), widths)
    agreed = checked = 0
    for name in SOURCES:
        healthy, beyond = (
            added([each.result() for each in results[name, share]]) for share in (EXPECTED, LIMIT)
        )
        costs = (f(each) for each in (healthy, beyond) for f in (_requests, _phi))
        errors = (_error(healthy.failed, healthy.runs), _error(beyond.passed, beyond.runs))
        yield line((name, *errors, *costs), widths)
        agreed += healthy.agreed + beyond.agreed
        checked += healthy.checked + beyond.checked
    yield (
        "requests of evidence and phi (the dispersion, median): of versions as expected, and of "
        f"those at the limit.\nThe judge itself, on {checked} of these benchmarks, came to the "
        f"same verdict after as many requests in {agreed}."
    )


def _requests(result: Result) -> str:
    return f"{result.requests:,.0f}"


def _phi(result: Result) -> str:
    return f"{result.dispersion:.1f}"


def _error(wrong: int, runs: int) -> str:
    low = float(stats.beta.ppf(0.001, wrong, runs - wrong + 1)) if wrong else 0.0
    return f"{wrong / runs:.4f} (> {low:.4f}) {'met' if low <= GOAL else 'NOT MET'}"
