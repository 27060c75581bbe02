"""How often live gates err, by how errors come: python -m benchmarks.judging.live [REPETITIONS]

A limit of 2% with 1% expected, 300 requests in a window of 30 s, looked at after each window. False
rollback: of versions exactly as expected, within 20 minutes. False promotion: of versions exactly
at the limit, by a step of `for: 2m` or `for: 10m` and `upTo: 20m`. Promoted: of versions with half
of the expected errors, by the latter.
"""

import sys
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
from numpy.random import Generator

from modelward.judge.hypotheses import errors_objective
from modelward.judge.live import live_decision
from modelward.judge.livecounts import LiveCounts

WINDOW, WINDOWS = 300, 40
LIMIT, EXPECTED, ALPHA = Fraction(2, 100), Fraction(1, 100), Fraction(5, 100)
OBJECTIVE = errors_objective(LIMIT, EXPECTED, ALPHA, ALPHA)
HOLDS = {"for: 2m": 4, "for: 10m": 20}

Bad = Callable[[Generator, float], np.ndarray]


def _independent(rng: Generator, rate: float) -> np.ndarray:
    return rng.binomial(WINDOW, rate, WINDOWS)


def _bursts(size: int) -> Bad:
    def bad(rng: Generator, rate: float) -> np.ndarray:
        return np.minimum(WINDOW, size * rng.poisson(WINDOW * rate / size, WINDOWS))

    return bad


def _geometric(rng: Generator, rate: float) -> np.ndarray:
    sums = [rng.geometric(1 / 5, n).sum() for n in rng.poisson(WINDOW * rate / 5, WINDOWS)]
    return np.minimum(WINDOW, sums)


SOURCES: dict[str, Bad] = {
    "independent": _independent,
    "bursts of 5": _bursts(5),
    "geometric bursts, mean 5": _geometric,
    "outages of 50 requests": _bursts(50),
}


def _verdicts(bad: np.ndarray) -> Iterator[str]:
    """The verdict as it stands after each window."""
    counts = LiveCounts()
    for each in bad:
        counts = counts.with_window(WINDOW, int(each))
        yield live_decision(1, [counts], OBJECTIVE)[0]


def _is_rolled_back(bad: np.ndarray) -> bool:
    return any(verdict == "Fail" for verdict in _verdicts(bad))


def _is_promoted(bad: np.ndarray, hold: int) -> bool:
    for number, verdict in enumerate(_verdicts(bad), start=1):
        if verdict == "Fail":
            return False
        if verdict == "Pass" and number >= hold:
            return True
    return False


def main(repetitions: int) -> None:
    """Print a table."""
    print(f"{repetitions} repetitions each, seed 1\n")
    wrong = [f"false promotion, {hold}" for hold in HOLDS]
    print("".join(f"{head:>26}" for head in ("errors come", "false rollback", *wrong, "promoted")))
    for name, source in SOURCES.items():
        rng = np.random.default_rng(1)
        better, expected, limit = (
            [source(rng, float(rate)) for _ in range(repetitions)]
            for rate in (EXPECTED / 2, EXPECTED, LIMIT)
        )
        rates = [np.mean([_is_rolled_back(each) for each in expected])]
        rates += [np.mean([_is_promoted(b, hold) for b in limit]) for hold in HOLDS.values()]
        rates += [np.mean([_is_promoted(each, HOLDS["for: 10m"]) for each in better])]
        print(f"{name:>26}" + "".join(f"{rate:>26.3f}" for rate in rates))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
