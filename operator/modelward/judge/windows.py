"""The judging of one KPI from windows of counts.

They come from a benchmark's requests (`modelward.judge.session`), a log or a metrics server.
"""

from dataclasses import dataclass

from modelward.judge.counts import CALIBRATION_WINDOWS, RateCounts, Tally, dispersion
from modelward.judge.hypotheses import RateObjective
from modelward.judge.paired import (
    PairedCounts,
    PairedObjective,
    PairedWindow,
    paired_decision,
    paired_verdict,
)
from modelward.judge.rates import RateLooks, rate_verdict
from modelward.judge.relative import (
    RelativeCounts,
    RelativeObjective,
    relative_decision,
    relative_verdict,
)
from modelward.judge.verdict import Outcome, Verdict

LoadObjective = RateObjective | PairedObjective | RelativeObjective
LoadCounts = RateCounts | PairedCounts | RelativeCounts


@dataclass(frozen=True)
class RateWindow:
    """Requests of a window and how many of them were bad."""

    requests: int
    beyond_limit: int
    """Failed requests, or those that took longer than the limit."""
    beyond_expected: int = 0
    """Those that took longer than `expected`, where that is a count of its own."""

    def __post_init__(self) -> None:
        for bad in (self.beyond_limit, self.beyond_expected):
            if not 0 <= bad <= self.requests:
                raise ValueError(f"{bad} bad ones of {self.requests} requests")


Window = RateWindow | PairedWindow


class WindowJudge:
    """Calibrates on the first windows and judges after each of the others.

    It stays with its first verdict and its counts, as a benchmark does.
    """

    def __init__(self, objective: LoadObjective, start: LoadCounts | None = None) -> None:
        """With counts to go on from nothing is calibrated: all windows are evidence."""
        self.objective = objective
        self.outcome: Outcome = "Inconclusive"
        self.windows = 0
        """Windows until the verdict, those of calibration among them."""
        self._calibration: list[Window] = []
        self._counts = start
        self._looks: RateLooks | None = None
        if start is not None:
            self.outcome = self._decide(start)

    @property
    def requests(self) -> int:
        """Requests until the verdict, those of calibration among them."""
        return sum(window.requests for window in self._calibration) + self.counts.requests

    @property
    def counts(self) -> LoadCounts:
        """The counts so far."""
        return self._counts or _calibrated(self.objective, self._calibration)

    def add(self, window: Window) -> Outcome:
        """Return the verdict after one more window. Raises ValueError for one of another kind."""
        wanted = RateWindow if isinstance(self.objective, RateObjective) else PairedWindow
        if not isinstance(window, wanted):
            raise ValueError(f"a {type(window).__name__} where a {wanted.__name__} belongs")
        if self.outcome != "Inconclusive":
            return self.outcome
        self.windows += 1
        if self._counts is None and len(self._calibration) < CALIBRATION_WINDOWS:
            self._calibration.append(window)
        else:
            self._counts = _more(self.counts, window)
            self.outcome = self._decide(self._counts)
        return self.outcome

    def verdict(self) -> Verdict:
        """Return what the counts so far say."""
        match self.counts, self.objective:
            case RateCounts() as counts, RateObjective() as objective:
                return rate_verdict(counts, objective)
            case PairedCounts() as pairs, PairedObjective() as difference:
                return paired_verdict(pairs, difference)
            case RelativeCounts() as errors, RelativeObjective() as ratio:
                return relative_verdict(errors, ratio)
        raise AssertionError(self.objective)

    def _decide(self, counts: LoadCounts) -> Outcome:
        match counts, self.objective:
            case RateCounts(), RateObjective() as objective:
                self._looks = self._looks or RateLooks(objective, counts)
                return self._looks.decide(counts)
            case PairedCounts(), PairedObjective() as difference:
                return paired_decision(counts, difference)[0]
            case RelativeCounts(), RelativeObjective() as ratio:
                return relative_decision(counts, ratio)[0]
        raise AssertionError(self.objective)


def _more(counts: LoadCounts, window: Window) -> LoadCounts:
    match counts, window:
        case RateCounts(), RateWindow():
            return counts.with_window(window.requests, window.beyond_limit, window.beyond_expected)
        case PairedCounts() | RelativeCounts(), PairedWindow():
            return counts.with_window(window)
    raise AssertionError(window)


def _calibrated(objective: LoadObjective, windows: list[Window]) -> LoadCounts:
    pairs = [window for window in windows if isinstance(window, PairedWindow)]
    match objective:
        case PairedObjective():
            return PairedCounts.calibrated(pairs, objective.margin)
        case RelativeObjective():
            return RelativeCounts.calibrated(pairs)
    rates = [window for window in windows if isinstance(window, RateWindow)]
    limit = Tally(dispersion([window.beyond_limit for window in rates]))
    expected = Tally(dispersion([window.beyond_expected for window in rates]))
    return RateCounts(len(rates), 0, limit, expected if objective.two_counts else None)


def assuming(objective: LoadObjective, hundredths: int) -> LoadCounts:
    """Return counts without evidence whose dispersion is taken for granted."""
    match objective:
        case PairedObjective():
            quiet = PairedCounts.calibrated([], objective.margin)
            return PairedCounts(CALIBRATION_WINDOWS, hundredths, quiet.bet)
        case RelativeObjective():
            return RelativeCounts(CALIBRATION_WINDOWS, hundredths, hundredths)
    tally = Tally(hundredths)
    return RateCounts(CALIBRATION_WINDOWS, 0, tally, tally if objective.two_counts else None)
