"""Errors where requests are not independent: whole benchmarks, calibration and all, simulated.

Streams are judged many at a time, in floats; some of each are judged by the judge itself as well.
"""

import functools
import math
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy import stats

from benchmarks.judging.calibrating import Bools, calibrated, checkpoints
from benchmarks.judging.evidence import Floats, Ints, log_evidence
from benchmarks.judging.report import line, title
from benchmarks.judging.sources import SOURCES
from modelward.judge import CALIBRATION_WINDOWS, UNMEASURED, ShareTest, errors_objective
from modelward.judge.windows import RateWindow, WindowJudge

EXPECTED, LIMIT, ALPHA = Fraction(25, 1000), Fraction(5, 100), Fraction(5, 100)
OBJECTIVE = errors_objective(LIMIT, EXPECTED, ALPHA, ALPHA)
WINDOW = 10
"""Requests of a benchmark's window, up to 40 requests per second."""
MOST_REQUESTS = 24_000
"""After the first sixty windows: ten minutes at 40 requests per second."""
WINDOWS = CALIBRATION_WINDOWS + MOST_REQUESTS // WINDOW
CHECKPOINTS = checkpoints(WINDOWS)
MOST_BAD = 3_000
"""Bad requests that evidence is tabulated for; long before there is a verdict."""
CHUNK = 10_000
CHECKED = 25
"""Streams of each chunk that the judge itself judges as well."""
GOAL = 1.2 * float(ALPHA)
PASS, FAIL = 1, -1
CALIBRATING = -1


@dataclass(frozen=True)
class Result:
    """How many benchmarks came to what."""

    runs: int
    passed: int
    failed: int
    requests: float
    """In all, on average, those of benchmarks without a verdict among them."""
    calibration: float
    """Requests of the first calibration, on average."""
    short: int
    """Benchmarks whose first calibration took no longer than sixty windows."""
    dispersion: float
    """The median of the first calibrations."""
    checked: int
    """Benchmarks that the judge itself judged, too."""
    agreed: int
    """Those of them in which it came to the same verdict after as many requests."""


class Benchmarks:
    """Many benchmarks at once, window by window."""

    def __init__(self, name: str, share: Fraction, seed: int) -> None:
        rng = np.random.default_rng([seed, len(name)])
        self._source = SOURCES[name](CHUNK, float(share), rng)
        self._seen = np.zeros((WINDOWS, CHUNK), dtype=np.int8)
        self._judges = [WindowJudge(OBJECTIVE) for _ in range(CHECKED)]
        self.streams = np.arange(CHUNK)
        """Those without a verdict; the arrays below are theirs."""
        self._began = np.zeros(CHUNK, dtype=np.int64)
        self._evidence_from = np.full(CHUNK, CALIBRATING)
        self._bad = np.zeros(CHUNK, dtype=np.int64)
        self._dispersion = np.zeros(CHUNK, dtype=np.int64)
        self._must_measure = np.zeros(CHUNK, dtype=np.bool_)
        self.verdicts = np.zeros(CHUNK, dtype=np.int64)
        """Of all streams, like the arrays below."""
        self.ended = np.full(CHUNK, WINDOWS)
        self.calibration = np.full(CHUNK, WINDOWS)
        self.dispersion = np.zeros(CHUNK, dtype=np.int64)

    def window(self, number: int) -> None:
        """Send and judge one more window; they are numbered from 1."""
        more = self._source.window(WINDOW)
        self._seen[number - 1, self.streams] = more
        self._watch(more)
        evidence = np.flatnonzero(self._evidence_from != CALIBRATING)
        self._calibrate(number)
        self._bad[evidence] += more[evidence]
        self._judge(number, evidence)

    def _watch(self, more: Ints) -> None:
        """Show the judge a window of each of the first streams that go on."""
        for stream, count in zip(self.streams[:CHECKED], more, strict=False):
            if stream < CHECKED:
                self._judges[stream].add(RateWindow(WINDOW, int(count)))

    def _calibrate(self, number: int) -> None:
        lengths = number - self._began
        due = (self._evidence_from == CALIBRATING) & np.isin(lengths, CHECKPOINTS)
        for length in np.unique(lengths[due]):
            at = np.flatnonzero(due & (lengths == length))
            seen = self._seen[number - length : number, self.streams[at]].astype(np.int64)
            found, ends = calibrated(seen, self._must_measure[at])
            self._dispersion[at] = found
            at, found = at[ends], found[ends]
            self._evidence_from[at] = number
            first = at[~self._must_measure[at]]
            self.calibration[self.streams[first]] = number
            self.dispersion[self.streams[first]] = found[~self._must_measure[at]]

    def _judge(self, number: int, at: Ints) -> None:
        """Judge the streams at these places, which are those past their calibration."""
        fails, passes = self._rejected(number, at)
        assumed = self._dispersion[at] == UNMEASURED
        again = at[fails & assumed]
        self._began[again], self._evidence_from[again] = number, CALIBRATING
        self._must_measure[again], self._bad[again] = True, 0
        failed, passed = at[fails & ~assumed], at[passes & ~fails]
        self.verdicts[self.streams[failed]], self.verdicts[self.streams[passed]] = FAIL, PASS
        decided = np.concatenate([failed, passed])
        self.ended[self.streams[decided]] = number
        going = np.ones(len(self.streams), dtype=np.bool_)
        going[decided] = False
        if not going.all():
            self._keep(going)

    def _rejected(self, number: int, at: Ints) -> tuple[Bools, Bools]:
        windows = number - self._evidence_from[at]
        bad = np.minimum(self._bad[at], MOST_BAD - 1)
        needed = self._dispersion[at] / 100 * math.log(1 / ALPHA)
        tests = (OBJECTIVE.rollback, OBJECTIVE.promote)
        fails, passes = (np.asarray(_tabulated(test)[windows, bad] >= needed) for test in tests)
        return fails, passes

    def _keep(self, going: Bools) -> None:
        self._source.keep(going)
        self.streams, self._began = self.streams[going], self._began[going]
        self._evidence_from, self._bad = self._evidence_from[going], self._bad[going]
        self._dispersion = self._dispersion[going]
        self._must_measure = self._must_measure[going]

    def agreed(self) -> int:
        """Return how often the judge itself came to the same after as many windows."""
        names = {"Pass": PASS, "Fail": FAIL, "Inconclusive": 0}
        return sum(
            bool(self.verdicts[i] == names[judge.outcome] and self.ended[i] == judge.windows)
            for i, judge in enumerate(self._judges)
        )


@functools.cache
def _tabulated(test: ShareTest) -> Floats:
    """Return the logarithm of evidence by windows and bad requests; none on the null's own side."""
    table = np.full((MOST_REQUESTS // WINDOW + 1, MOST_BAD), -np.inf)
    for windows in range(1, len(table)):
        requests = windows * WINDOW
        null, most = int(test.null * requests), min(MOST_BAD, requests + 1)
        low, high = (0, min(null + 1, most)) if test.alternative < test.null else (null, most)
        table[windows, low:high] = log_evidence(test, requests, np.arange(low, high))
    return table


def chunk(name: str, share: Fraction, seed: int) -> Result:
    """Run so many benchmarks of one source."""
    benchmarks = Benchmarks(name, share, seed)
    for number in range(1, WINDOWS + 1):
        benchmarks.window(number)
        if not benchmarks.streams.size:
            break
    return Result(
        runs=CHUNK,
        passed=int((benchmarks.verdicts == PASS).sum()),
        failed=int((benchmarks.verdicts == FAIL).sum()),
        requests=float(benchmarks.ended.mean() * WINDOW),
        calibration=float(benchmarks.calibration.mean() * WINDOW),
        short=int((benchmarks.calibration == CALIBRATION_WINDOWS).sum()),
        dispersion=float(np.median(benchmarks.dispersion[benchmarks.dispersion > 0]) / 100),
        checked=CHECKED,
        agreed=benchmarks.agreed(),
    )


def added(results: list[Result]) -> Result:
    """Return the results of several chunks together."""
    runs = sum(each.runs for each in results)
    return Result(
        runs=runs,
        passed=sum(each.passed for each in results),
        failed=sum(each.failed for each in results),
        requests=sum(each.requests * each.runs for each in results) / runs,
        calibration=sum(each.calibration * each.runs for each in results) / runs,
        short=sum(each.short for each in results),
        dispersion=float(np.median([each.dispersion for each in results])),
        checked=sum(each.checked for each in results),
        agreed=sum(each.agreed for each in results),
    )


Asked = dict[tuple[str, Fraction], list[Future[Result]]]


def asked(executor: Executor, runs: int) -> Asked:
    """Let the executor run the benchmarks of all sources."""
    return {
        (name, share): [
            executor.submit(chunk, name, share, seed + 1) for seed in range(runs // CHUNK)
        ]
        for name in SOURCES
        for share in (EXPECTED, LIMIT)
    }


def table(results: Asked) -> Iterator[str]:
    """Yield the lines of both tables, as results come in."""
    runs = CHUNK * len(next(iter(results.values())))
    yield title(
        f"Dependent requests: expected 2.5%, limit 5%, at 5%.\n{runs:,} benchmarks each, seeds 1 "
        f"to {runs // CHUNK}, windows of {WINDOW}, at most {MOST_REQUESTS:,} requests after the "
        f"first {CALIBRATION_WINDOWS * WINDOW:,}.\nErrors, and the lower end of their 99.9% "
        f"interval, whose goal is at most {GOAL:.2f}"
    )
    widths = (18, 26, 26)
    yield line(("", "false rollback", "false promotion"), widths)
    prices, found = [], []
    for name in SOURCES:
        healthy, beyond = (
            added([each.result() for each in results[name, share]]) for share in (EXPECTED, LIMIT)
        )
        errors = (_error(healthy.failed, healthy.runs), _error(beyond.passed, beyond.runs))
        yield line((name, *errors), widths)
        prices.append((name, *_price(healthy), *_price(beyond)))
        found += [healthy, beyond]
    yield title("What it costs: versions as expected, and then versions at the limit")
    columns = (18, *(2 * (10, 12, 8, 6, 11)))
    heading = ("requests", "calibration", "short", "phi", "no verdict")
    yield line(("", *heading, *heading), columns)
    for cells in prices:
        yield line(cells, columns)
    checked, agreed = (sum(getattr(each, what) for each in found) for what in ("checked", "agreed"))
    yield (
        "requests in all and of calibration, on average; calibrations of no more than "
        f"{CALIBRATION_WINDOWS} windows;\nphi (the dispersion), median. The judge itself, on "
        f"{checked} of these benchmarks, came to the same verdict\nafter as many requests in "
        f"{agreed}."
    )


def _price(result: Result) -> tuple[str, ...]:
    undecided = 1 - (result.passed + result.failed) / result.runs
    return (
        f"{result.requests:,.0f}",
        f"{result.calibration:,.0f}",
        f"{result.short / result.runs:.0%}",
        f"{result.dispersion:.1f}",
        f"{undecided:.1%}",
    )


def _error(wrong: int, runs: int) -> str:
    low = float(stats.beta.ppf(0.001, wrong, runs - wrong + 1)) if wrong else 0.0
    return f"{wrong / runs:.4f} (> {low:.4f}) {'met' if low <= GOAL else 'NOT MET'}"
