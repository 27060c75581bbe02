"""One KPI of users' requests, judged on windows of counts as a weight step would judge it."""

from modelward.api.kpi import Kpi
from modelward.benchmark.live.counting import AnyCounts, new_counts
from modelward.benchmark.live.verdicts import judged, live_objective
from modelward.cli.inputs import InputError
from modelward.cli.observations import Counted, Observation, SharedWindow
from modelward.cli.replayed import Reached, judged_window
from modelward.judge.declared import Alphas
from modelward.judge.livecounts import LiveCounts, LiveLatencyCounts, LiveShareCounts
from modelward.judge.relative import RelativeObjective
from modelward.judge.verdict import Verdict
from modelward.judge.windows import RateWindow, Window


class LiveReplay:
    """One KPI of users' requests in the first weight step of a release.

    A Fail ends the step; a Pass must hold at its end, and is taken back where it does not.
    """

    def __init__(self, kpi: Kpi, alphas: Alphas, steps: int) -> None:
        """`steps` are the weight steps of the release. Raises ValueError for an unfit limit."""
        self.kpi = kpi
        self.reached: Reached | None = None
        self._objective = live_objective(kpi, alphas)
        self._steps = steps
        self._counts = new_counts(kpi)
        self._verdict = self._judged()

    def see(self, observed: Observation) -> None:
        """Take note of a line. Raises InputError for counts of another kind."""
        match observed.what:
            case Counted(kpi=name, window=window) if name == self.kpi.name:
                if self._verdict.verdict != "Fail":
                    self._add(judged_window(window, self.kpi, observed.line), observed)

    def verdict(self) -> Verdict:
        """Return what the windows so far say."""
        return self._verdict

    @property
    def is_measured(self) -> bool:
        """True once there were requests to judge."""
        return self._counts.windows > 0

    def _judged(self) -> Verdict:
        return judged(self._steps, [self._counts], self._objective)

    def _add(self, window: Window | SharedWindow, observed: Observation) -> None:
        try:
            self._counts = self._with(window)
        except ValueError:
            raise InputError(
                f"line {observed.line}: counts of KPI {self.kpi.name} are {self._wanted()}"
            ) from None
        before, self._verdict = self._verdict, self._judged()
        if self._verdict.verdict == "Inconclusive":
            self.reached = None
        elif self._verdict.verdict != before.verdict:
            self.reached = Reached(observed.line, observed.at, self._counts.requests)

    def _with(self, window: Window | SharedWindow) -> AnyCounts:
        match self._counts, window:
            case LiveCounts() as counts, RateWindow():
                return counts.with_window(window.requests, window.beyond_limit)
            case LiveLatencyCounts() as counts, RateWindow():
                return counts.with_window(
                    window.requests, window.beyond_limit, window.beyond_expected
                )
            case LiveShareCounts() as counts, SharedWindow():
                assert isinstance(self._objective, RelativeObjective)
                return counts.with_window(window.own, window.stable, self._objective.ratio)
        raise ValueError(f"a {type(window).__name__} of {self.kpi.name}")

    def _wanted(self) -> str:
        match self._counts:
            case LiveShareCounts():
                return '"bad", and "stable" with "requests" and "bad"'
            case LiveLatencyCounts():
                return '"bad" and at least as many "beyondExpected"'
        return '"bad"'
