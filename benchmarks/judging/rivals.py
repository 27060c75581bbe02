"""The same question asked by rules that others use, set as a careful user would set them.

All but Mann-Whitney are computed exactly. Each sees independent requests.
"""

import functools
import math
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
from scipy import stats

from benchmarks.judging.report import line, title
from benchmarks.judging.wald import PAIRS, QUALITIES, chances, versions
from modelward.judge import LoadShape, errors_objective
from modelward.judge.chances import Chances, stopped
from modelward.judge.forecast import Quality, forecast

ALPHA = 0.05
CHECKS = 10
"""Measurements of the interval loops."""
ARGO_FAILURES = 2
FLAGGER_FAILURES = 5
BAD_PER_MEASUREMENT = 6
"""Requests of a measurement: so many that a version at the limit has six bad ones on average."""
LOOK_EVERY = 100
MOST_LOOKS = 400
REPETITIONS = 1_000
SLOW = 10.0
SEED = 1

Rule = Callable[[Fraction, Fraction], list[Chances]]


@functools.cache
def fixed_size(expected: Fraction, limit: Fraction) -> tuple[int, int]:
    """Return the fewest requests whose number of bad ones tells both apart, and the most good.

    Both errors are at most 5%.
    """
    p, q = float(expected), float(limit)
    allowed = 0
    while True:
        # So many requests that a version at the limit seldom has as few bad ones.
        low, high = allowed, math.ceil(10 * (allowed + 3) / q)
        while high - low > 1:
            middle = (low + high) // 2
            enough = stats.binom.cdf(allowed, middle, q) <= ALPHA
            low, high = (low, middle) if enough else (middle, high)
        if stats.binom.sf(allowed, high, p) <= ALPHA:
            return high, allowed
        allowed += 1


def by_fixed_size(expected: Fraction, limit: Fraction) -> list[Chances]:
    """Judge once, at the end."""
    n, allowed = fixed_size(expected, limit)
    return [
        stopped(lambda _: (allowed, allowed + 1), share, 1, n)
        for share, _ in versions(expected, limit)
    ]


def by_peeking(expected: Fraction, limit: Fraction) -> list[Chances]:
    """Test at 5% again and again, every hundred requests, and stop at what is significant."""
    every = max(LOOK_EVERY, math.ceil(2 / float(limit)))

    @functools.cache
    def ends(n: int) -> tuple[int, int]:
        promote = int(stats.binom.ppf(ALPHA, n, float(limit)))
        while promote >= 0 and stats.binom.cdf(promote, n, float(limit)) > ALPHA:
            promote -= 1
        rollback = int(stats.binom.isf(ALPHA, n, float(expected))) + 1
        return promote, max(rollback, promote + 1)

    return [stopped(ends, share, MOST_LOOKS, every) for share, _ in versions(expected, limit)]


def measured(limit: Fraction) -> int:
    """Return the requests of one measurement of the interval loops."""
    return math.ceil(BAD_PER_MEASUREMENT / limit)


def _failing(share: Fraction, limit: Fraction) -> float:
    """Return the probability that the error rate of a measurement is above the limit."""
    return float(stats.binom.sf(BAD_PER_MEASUREMENT, measured(limit), float(share)))


def interval_loop(
    expected: Fraction, limit: Fraction, successes: int | None, failures: int
) -> list[Chances]:
    """Measure again and again; so many failures roll back.

    Promoted is after so many successes; with None, after ten measurements whatever they were.
    """
    found = []
    for share, _ in versions(expected, limit):
        fails = _failing(share, limit)
        going: dict[tuple[int, int], float] = {(0, 0): 1.0}
        promoted = rolled_back = 0.0
        ends: dict[int, float] = {}
        measurement = 0
        while going:
            measurement += 1
            after: dict[tuple[int, int], float] = {}
            ended = 0.0
            for (good, bad), chance in going.items():
                for state, part in (((good, bad + 1), fails), ((good + 1, bad), 1 - fails)):
                    mass = chance * part
                    done = state[0] if successes else measurement
                    if state[1] > failures:
                        rolled_back, ended = rolled_back + mass, ended + mass
                    elif done >= (successes or CHECKS):
                        promoted, ended = promoted + mass, ended + mass
                    else:
                        after[state] = after.get(state, 0.0) + mass
            going = after
            ends[measurement * measured(limit)] = ended
        budget = measurement * measured(limit)
        found.append(Chances(promoted, rolled_back, 0.0, tuple(ends.items()), budget))
    return found


def as_it_runs(expected: Fraction, limit: Fraction) -> list[Chances]:
    """Judge as a benchmark does, calibration and all; its requests are counted, too."""
    objective = errors_objective(limit, expected, Fraction(ALPHA), Fraction(ALPHA))
    shape = LoadShape(Fraction(40), 0, 10, math.ceil(200 / limit))
    before = shape.calibration_windows * shape.window
    found = []
    for share, _ in versions(expected, limit):
        each = forecast(objective, Quality("", share), shape).chances
        ends = tuple((n + before, chance) for n, chance in each.ends)
        found.append(
            Chances(each.promoted, each.rolled_back, each.undecided, ends, each.budget + before)
        )
    return found


def by_mann_whitney(expected: Fraction, limit: Fraction) -> list[Chances]:
    """Compare latencies with stable's, which is as expected; roll back what is slower at 5%.

    Latencies are log-normal; a share of requests, which is what is judged, takes ten times as long.
    """
    rng = np.random.default_rng(SEED)
    n, _ = fixed_size(expected, limit)
    found = []
    for share, _ in versions(expected, limit):
        rolled_back = 0
        for _ in range(REPETITIONS):
            ours, stables = (
                rng.lognormal(0.0, 0.5, n) * np.where(rng.random(n) < float(part), SLOW, 1.0)
                for part in (share, expected)
            )
            test = stats.mannwhitneyu(ours, stables, alternative="greater", method="asymptotic")
            rolled_back += test.pvalue < ALPHA
        wrong = rolled_back / REPETITIONS
        found.append(Chances(1 - wrong, wrong, 0.0, ((n, 1.0),), n))
    return found


RULES: tuple[tuple[str, Rule], ...] = (
    ("Modelward, a look at each", lambda e, q: chances(e, q, Fraction(1, 20))),
    ("Modelward as it runs", as_it_runs),
    ("fixed size", by_fixed_size),
    ("peeked threshold", by_peeking),
    ("Argo-like", lambda e, q: interval_loop(e, q, None, ARGO_FAILURES)),
    ("Flagger-like", lambda e, q: interval_loop(e, q, CHECKS, FLAGGER_FAILURES - 1)),
    ("Mann-Whitney", by_mann_whitney),
)


def table() -> Iterator[str]:
    """Yield the lines of the table."""
    yield title(
        "Others in the same run, at 5%: errors, and requests on average for four true qualities"
    )
    widths = (26, 14, 15, *(17 for _ in QUALITIES))
    for pair in PAIRS:
        expected, limit = Fraction(pair[0]), Fraction(pair[1])
        heading = (f"{pair[0]}/{pair[1]}", "false rollback", "false promotion", *QUALITIES)
        yield line(heading, widths)
        for name, rule in RULES:
            found = rule(expected, limit)
            errors = (f"{found[1].rolled_back:.3f}", f"{found[2].promoted:.3f}")
            yield line((name, *errors, *(f"{each.mean:,.0f}" for each in found)), widths)
        n, allowed = fixed_size(expected, limit)
        yield (
            f"  fixed size: {n:,} requests, at most {allowed} bad ones. Peeked: a binomial test at "
            f"5% against\n  either side every {max(LOOK_EVERY, math.ceil(2 / float(limit))):,} "
            f"requests. Argo-like: {CHECKS} measurements of {measured(limit):,} requests, each "
            f"failed above\n  the limit, failureLimit {ARGO_FAILURES}. Flagger-like: the same "
            f"measurements until {CHECKS} succeeded, threshold {FLAGGER_FAILURES}.\n  "
            f"Mann-Whitney: {REPETITIONS:,} comparisons of {n:,} latencies each with stable's, "
            f"seed {SEED}, where bad requests\n  are ten times as slow. As it runs: 600 requests "
            "of calibration counted, windows of 10.\n"
        )
