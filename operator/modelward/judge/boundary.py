"""Looks after every single request, at the price of a comparison of integers."""

from modelward.judge.counts import RateCounts, Tally
from modelward.judge.evidence import Looks, is_rejected
from modelward.judge.hypotheses import RateObjective, ShareTest
from modelward.judge.rates import decision, is_calibrated, may_roll_back
from modelward.judge.verdict import Outcome


class Boundary:
    """When a test rejects its null, as integers that are computed once.

    Promotion can only be reached by a good request, rollback only by a bad one; so for every number
    of bad requests one number of good ones says it all. Numbers are computed when first asked for,
    in order.
    """

    def __init__(self, test: ShareTest, dispersion: int = 100) -> None:
        self._test = test
        self._dispersion = dispersion
        self._at: list[int] = []

    @property
    def promotes(self) -> bool:
        """True for a test that few bad requests reject, False for one that many do."""
        return self._test.alternative < self._test.null

    def good(self, bad: int) -> int:
        """Return the fewest good requests with which `bad` ones promote.

        Of a rollback test, the most good ones with which they roll back, -1 where none do.
        """
        while len(self._at) <= bad:
            self._at.append(self._next())
        return self._at[bad]

    def _next(self) -> int:
        """Return the next number: the least, not below the last one, after which the answer turns.

        With more good requests evidence for promotion grows, and that for rollback falls.
        """
        bad = len(self._at)
        low = self._at[-1] if self._at else -1
        step = 1 + (self._at[-1] - self._at[-2] if bad > 1 else 0)
        while not self._turned(low + step, bad):
            low, step = low + step, 2 * step
        high = low + step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._turned(middle, bad) else (middle, high)
        return high if self.promotes else high - 1

    def _turned(self, good: int, bad: int) -> bool:
        tally = Tally(self._dispersion, bad)
        return is_rejected(self._test, good + bad, tally) == self.promotes


class RateStream:
    """Judges a rate after each single request, with the verdict of the counts so far.

    Most looks are a comparison: neither test can reject before a number of bad or of good requests
    that is known. Memory is constant. A stream goes on from counts that were Inconclusive, and
    stays with its first verdict. Where the dispersion is only assumed, that is never Fail.
    """

    def __init__(self, objective: RateObjective, start: RateCounts) -> None:
        if objective.two_counts:
            raise ValueError("a stream of good and bad requests is one count, not two")
        self._start = start
        self._requests, self._bad = start.requests, start.limit.bad
        self._calibrated = is_calibrated(start) or not objective.needs_calibration
        self._may_roll_back = may_roll_back(start.windows, start.limit)
        self._promote = Looks(objective.promote, start.limit.dispersion)
        self._rollback = Looks(objective.rollback, start.limit.dispersion)
        self.outcome, _ = decision(start, objective)

    def observe(self, bad: bool) -> Outcome:
        """Return the verdict after one more request."""
        if self.outcome != "Inconclusive":
            return self.outcome
        self._requests += 1
        self._bad += bad
        if self._calibrated:
            # Only a bad request can roll back, and only a good one can promote.
            looks = self._rollback if bad else self._promote
            may_decide = not bad or self._may_roll_back
            if may_decide and looks.is_rejected(self._requests, self._bad):
                self.outcome = "Fail" if bad else "Pass"
        return self.outcome

    @property
    def counts(self) -> RateCounts:
        """The counts so far."""
        tally = Tally(self._start.limit.dispersion, self._bad)
        return RateCounts(self._start.windows, self._requests, tally)
