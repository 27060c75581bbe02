"""When a test comes to its verdict, exactly: all outcomes, weighed by their probabilities.

Dynamic programming over the number of bad requests, one look after another. Requests are taken as
independent here; how dependent ones slow a verdict down is in the dispersion that a test is
tempered by.
"""

import functools
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from modelward.judge.boundary import Boundary
from modelward.judge.exams import ExamObjective, RowCounts, exam_decision
from modelward.judge.hypotheses import RateObjective
from modelward.judge.verdict import Outcome

NEGLIGIBLE = 1e-12
"""A chance below that, in all, is not followed further."""


@dataclass(frozen=True)
class Chances:
    """How a judgement ends. Probabilities add up to 1, except for what is negligible."""

    promoted: float
    rolled_back: float
    undecided: float
    """That there is no verdict at the end of the budget."""
    ends: tuple[tuple[int, float], ...]
    """Requests or rows at each look, and the probability that the verdict comes there."""
    budget: int
    """Requests or rows at most."""
    rollbacks: tuple[tuple[int, float], ...] = ()
    """The part of `ends` that is rollback, where requests were judged."""

    @classmethod
    def drawn(cls, outcomes: Counter[Outcome], ends: Counter[int], budget: int) -> Self:
        """Return the chances that so many judgements show; those in `ends` came to a verdict."""
        times = outcomes.total()
        return cls(
            promoted=outcomes["Pass"] / times,
            rolled_back=outcomes["Fail"] / times,
            undecided=outcomes["Inconclusive"] / times,
            ends=tuple((n, count / times) for n, count in sorted(ends.items())),
            budget=budget,
        )

    @property
    def mean(self) -> float:
        """Expected number of requests or rows, the whole budget where there is no verdict."""
        return sum(n * chance for n, chance in self.ends) + self.undecided * self.budget

    def within(self, share: float) -> int | None:
        """Return after how many there is a verdict with this probability; None: beyond all."""
        reached = 0.0
        for n, chance in self.ends:
            reached += chance
            if reached >= share:
                return n
        return None


def mixed(parts: Sequence[Chances]) -> Chances:
    """Return the chances where each part is as likely as the others."""
    share = 1 / len(parts)
    return Chances(
        promoted=share * sum(part.promoted for part in parts),
        rolled_back=share * sum(part.rolled_back for part in parts),
        undecided=share * sum(part.undecided for part in parts),
        ends=_shared(share, [part.ends for part in parts]),
        budget=max(part.budget for part in parts),
        rollbacks=_shared(share, [part.rollbacks for part in parts]),
    )


def _shared(
    share: float, parts: Sequence[Sequence[tuple[int, float]]]
) -> tuple[tuple[int, float], ...]:
    ends: defaultdict[int, float] = defaultdict(float)
    for n, chance in itertools.chain.from_iterable(parts):
        ends[n] += share * chance
    return tuple(sorted(ends.items()))


def judged_again(first: Chances, pause: int, second: Chances) -> Chances:
    """Return the chances where a rollback only begins a second judgement, `pause` requests later.

    Both have the budget of the first one, and share it.
    """
    failed_at = dict(second.rollbacks)
    lost, won, ends = 0.0, 0.0, defaultdict(float, first.ends)
    for n, chance in first.rollbacks:
        ends[n] -= chance
        for more, next_chance in second.ends:
            if n + pause + more > first.budget:
                break
            ends[n + pause + more] += chance * next_chance
            lost += chance * failed_at.get(more, 0.0)
            won += chance * (next_chance - failed_at.get(more, 0.0))
    return Chances(
        promoted=first.promoted + won,
        rolled_back=lost,
        undecided=first.undecided + first.rolled_back - won - lost,
        ends=tuple((n, chance) for n, chance in sorted(ends.items()) if chance > 0),
        budget=first.budget,
    )


class Ends:
    """The ends of a rate's tests, by the number of bad requests, for looks at more and more."""

    def __init__(self, objective: RateObjective, dispersion: int) -> None:
        if objective.two_counts:
            raise ValueError("tests of two counts have no ends by the number of one of them")
        self._promote = Boundary(objective.promote, dispersion)
        self._rollback = Boundary(objective.rollback, dispersion)
        self._promoted, self._rolled_back = -1, 0

    def at(self, requests: int) -> tuple[int, int]:
        """Return the most bad requests that promote (-1: none do), and the fewest that roll back.

        `requests` must not be fewer than those asked for before.
        """
        while requests - self._rolled_back > self._rollback.good(self._rolled_back):
            self._rolled_back += 1
        more = self._promoted + 1
        while more <= requests and requests - more >= self._promote.good(more):
            self._promoted, more = more, more + 1
        return self._promoted, self._rolled_back


def rate_chances(
    objective: RateObjective,
    share: Fraction,
    windows: int,
    window: int = 1,
    dispersion: int = 100,
) -> Chances:
    """Judge independent requests of which a share is bad, with a look after each window of them.

    `dispersion` is in hundredths. The objective must be of one count.
    """
    return stopped(Ends(objective, dispersion).at, share, windows, window)


def stopped(
    ends: Callable[[int], tuple[int, int]], share: Fraction, windows: int, window: int
) -> Chances:
    """Judge independent requests by any rule that looks at their number and that of bad ones.

    `ends` is asked after each window, with the number of requests, for the most bad ones that
    promote (-1: none do) and for the fewest that roll back.
    """
    added = binomial(window, float(share))
    going, fewest = [1.0], 0
    promoted = rolled_back = 0.0
    when: list[tuple[int, float]] = []
    rollbacks: list[tuple[int, float]] = []
    for n in range(window, windows * window + 1, window):
        going = _convolved(going, added)
        low, high = ends(n)
        good = sum(going[: max(0, low + 1 - fewest)])
        bad = sum(going[max(0, high - fewest) :])
        going, fewest = _within(going, fewest, low + 1, high)
        promoted, rolled_back = promoted + good, rolled_back + bad
        if good + bad:
            when.append((n, good + bad))
        if bad:
            rollbacks.append((n, bad))
        if sum(going) < NEGLIGIBLE:
            break
    budget = windows * window
    return Chances(promoted, rolled_back, sum(going), tuple(when), budget, tuple(rollbacks))


def binomial(draws: int, share: float) -> list[float]:
    """Return the probabilities of 0, 1, ... bad ones, cut off where the rest is negligible."""
    if share in (0.0, 1.0):
        return [1.0] if share == 0 else [0.0] * draws + [1.0]
    chances, odds = [], math.log(share / (1 - share))
    log = draws * math.log1p(-share)
    for bad in range(draws + 1):
        chances.append(math.exp(log))
        if bad > draws * share and chances[-1] < NEGLIGIBLE * NEGLIGIBLE:
            break
        log += odds + math.log((draws - bad) / (bad + 1)) if bad < draws else 0.0
    return chances


def _convolved(chances: Sequence[float], added: Sequence[float]) -> list[float]:
    total = [0.0] * (len(chances) + len(added) - 1)
    for i, chance in enumerate(chances):
        for j, more in enumerate(added):
            total[i + j] += chance * more
    return total


def _within(going: list[float], fewest: int, low: int, high: int) -> tuple[list[float], int]:
    """Return what goes on between two ends, without the negligible tails."""
    start, stop = max(0, low - fewest), max(0, high - fewest)
    least = NEGLIGIBLE * NEGLIGIBLE
    stop = min(stop, len(going))
    while start < stop and going[start] < least:
        start += 1
    while stop > start and going[stop - 1] < least:
        stop -= 1
    return going[start:stop], fewest + start


def exam_chances(
    objective: ExamObjective, rows: int, right: int, draws: int | None = None
) -> Chances:
    """Read an exam of rows, of which a number is right, in an order that is drawn at random.

    With `draws` the rows are a sample: so many are drawn at most, with replacement.
    """
    return rows_read(_exam_rule(objective, rows, draws is not None), rows, right, draws)


@functools.lru_cache(maxsize=4)
def _exam_rule(objective: ExamObjective, rows: int, sampled: bool) -> Callable[[int, int], Outcome]:
    """Return the rule of an exam, which remembers what it was asked before."""

    @functools.cache
    def decide(read: int, correct: int) -> Outcome:
        return exam_decision(RowCounts(rows, read, correct, sampled), objective)[0]

    return decide


def rows_read(
    decide: Callable[[int, int], Outcome], rows: int, right: int, draws: int | None = None
) -> Chances:
    """Read rows by any rule that looks at how many were read and how many of them were right."""
    ends = _ExamEnds(decide)
    going, fewest = [1.0], 0
    when: list[tuple[int, float]] = []
    promoted = rolled_back = 0.0
    most = rows if draws is None else draws
    for read in range(most):
        # With replacement, what was drawn before is still there.
        left, known = (rows - read, fewest) if draws is None else (rows, None)
        going = list(_next_row(going, known, right, left))
        fails, passes = ends.at(read + 1)
        bad = sum(going[: max(0, fails + 1 - fewest)])
        good = sum(going[max(0, passes - fewest) :])
        going, fewest = _within(going, fewest, fails + 1, passes)
        promoted, rolled_back = promoted + good, rolled_back + bad
        if good + bad:
            when.append((read + 1, good + bad))
        if sum(going) < NEGLIGIBLE:
            break
    return Chances(promoted, rolled_back, sum(going), tuple(when), most)


def _next_row(going: Sequence[float], fewest: int | None, right: int, left: int) -> Iterator[float]:
    """Yield the probabilities of right rows after one more, which is drawn from those left.

    `fewest` right rows, and one more for each probability, are not among them; None: all are.
    """
    before = 0.0
    for i, chance in enumerate(going):
        gone = 0 if fewest is None else fewest + i
        is_right = (right - gone) / left
        yield before + chance * (1 - is_right)
        before = chance * is_right
    yield before


class _ExamEnds:
    """The ends of an exam by right rows, for more and more rows."""

    def __init__(self, decide: Callable[[int, int], Outcome]) -> None:
        self._decide = decide
        self._fails, self._passes = -1, 1

    def at(self, read: int) -> tuple[int, int]:
        """Return the most right rows that fail (-1: none do), and the fewest that pass."""
        while self._fails < read and self._decide(read, self._fails + 1) == "Fail":
            self._fails += 1
        while self._passes > 0 and self._decide(read, min(self._passes, read)) == "Pass":
            self._passes -= 1
        while self._passes <= read and self._decide(read, self._passes) != "Pass":
            self._passes += 1
        return self._fails, self._passes
