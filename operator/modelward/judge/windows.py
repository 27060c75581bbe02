"""The judging of one KPI from windows of counts.

They come from a benchmark's requests (`modelward.judge.session`), a log or a metrics server.
"""

from dataclasses import dataclass

from modelward.judge.calibration import Scatter, is_checkpoint, scatter
from modelward.judge.counts import CALIBRATION_WINDOWS, UNMEASURED, RateCounts, Tally
from modelward.judge.hypotheses import RateObjective
from modelward.judge.paired import (
    PairedCounts,
    PairedObjective,
    paired_decision,
    paired_verdict,
)
from modelward.judge.pairs import PairedWindow, scatter_of_differences
from modelward.judge.rates import RateLooks, rate_verdict
from modelward.judge.relative import (
    RelativeCounts,
    RelativeObjective,
    relative_decision,
    relative_verdict,
    scatter_of_errors,
    scatter_of_shares,
)
from modelward.judge.verdict import Outcome, Reason, Verdict

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

    Calibration takes sixty windows, and more where bad requests come in stretches of which those
    show too few. Where sixty showed next to no bad request, the dispersion is only assumed. If
    evidence then speaks for rollback, it is calibrated anew from there on, and in earnest: of a
    quiet minute nobody knows how loud the next one is. What was seen until then is forgotten, so
    that going on from counts comes to the same.

    It stays with its first verdict and its counts, as a benchmark does.
    """

    def __init__(self, objective: LoadObjective, start: LoadCounts | None = None) -> None:
        """With counts to go on from all windows are evidence, until calibration is needed."""
        self.objective = objective
        self.outcome: Outcome = "Inconclusive"
        self.windows = 0
        """Windows until the verdict, those of calibration among them."""
        self.requests = start.requests if start else 0
        """Requests until the verdict, those of calibration among them."""
        self.evidence_from = 0
        """Windows before the first one of evidence."""
        self._calibration: list[Window] = []
        self._must_measure = False
        self._counts = start
        self._looks: RateLooks | None = None
        if start is not None:
            self._decide(start)

    @property
    def counts(self) -> LoadCounts:
        """The counts so far."""
        return self._counts or _calibrated(self.objective, self._calibration)

    @property
    def calibrated_anew(self) -> bool:
        """True once counts were given up, because calibration had seen too little."""
        return self._must_measure

    def add(self, window: Window) -> Outcome:
        """Return the verdict after one more window. Raises ValueError for one of another kind."""
        wanted = RateWindow if isinstance(self.objective, RateObjective) else PairedWindow
        if not isinstance(window, wanted):
            raise ValueError(f"a {type(window).__name__} where a {wanted.__name__} belongs")
        if self.outcome != "Inconclusive":
            return self.outcome
        self.windows += 1
        self.requests += window.requests
        if self._counts is None:
            self._calibrate(window)
        else:
            self._counts = _more(self._counts, window)
            self._decide(self._counts)
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

    def _calibrate(self, window: Window) -> None:
        self._calibration.append(window)
        if not is_checkpoint(len(self._calibration)):
            return
        found = _scatters(self.objective, self._calibration)
        rollback = found[-1:] if isinstance(self.objective, RateObjective) else found
        measured = not self._must_measure or all(each.is_measured for each in rollback)
        if measured and all(each.is_known for each in found):
            self._counts = _calibrated(self.objective, self._calibration)
            self.evidence_from = self.windows

    def _decide(self, counts: LoadCounts) -> None:
        self.outcome, reason = self._decision(counts)
        if reason == "Uncalibrated" and counts.requests:
            self._counts = self._looks = None
            self._calibration, self._must_measure = [], counts.windows >= CALIBRATION_WINDOWS

    def _decision(self, counts: LoadCounts) -> tuple[Outcome, Reason]:
        match counts, self.objective:
            case RateCounts(), RateObjective() as objective:
                self._looks = self._looks or RateLooks(objective, counts)
                return self._looks.decide(counts)
            case PairedCounts(), PairedObjective() as difference:
                return paired_decision(counts, difference)
            case RelativeCounts(), RelativeObjective() as ratio:
                return relative_decision(counts, ratio)
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
    limit, *more = (Tally(each.dispersion) for each in _scatters(objective, windows))
    return RateCounts(len(windows), 0, limit, more[0] if more else None)


def _scatters(objective: LoadObjective, windows: list[Window]) -> list[Scatter]:
    """Return the scatter of all that is tempered; what rollback rests on is the last one."""
    pairs = [window for window in windows if isinstance(window, PairedWindow)]
    match objective:
        case PairedObjective():
            return [scatter_of_differences(pairs)]
        case RelativeObjective(unless_below=None):
            return [scatter_of_shares(pairs)]
        case RelativeObjective():
            return [scatter_of_shares(pairs), scatter_of_errors(pairs)]
    rates = [window for window in windows if isinstance(window, RateWindow)]
    limit = scatter([window.beyond_limit for window in rates])
    if not objective.two_counts:
        return [limit]
    return [limit, scatter([window.beyond_expected for window in rates])]


def assuming(objective: LoadObjective, hundredths: int) -> LoadCounts:
    """Return counts without evidence whose dispersion is taken for granted."""
    hundredths += hundredths == UNMEASURED
    match objective:
        case PairedObjective():
            quiet = PairedCounts.calibrated([], objective.margin)
            return PairedCounts(CALIBRATION_WINDOWS, hundredths, quiet.bet)
        case RelativeObjective():
            return RelativeCounts(CALIBRATION_WINDOWS, hundredths, hundredths)
    tally = Tally(hundredths)
    return RateCounts(CALIBRATION_WINDOWS, 0, tally, tally if objective.two_counts else None)
