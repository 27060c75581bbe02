"""The judging of one benchmark's load, fed with requests as they end.

The runner feeds it from sockets, and tests from a simulated clock: the code that judges is one.
"""

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from modelward.judge.counts import RateCounts
from modelward.judge.hypotheses import RateObjective
from modelward.judge.paired import PairedCounts, PairedObjective
from modelward.judge.pairs import PairedWindow
from modelward.judge.ranks import nearest_rank
from modelward.judge.relative import RelativeCounts, RelativeObjective
from modelward.judge.shape import LoadShape
from modelward.judge.verdict import Outcome
from modelward.judge.windows import LoadCounts, LoadObjective, RateWindow, Window, WindowJudge

FAILED = 2**63 - 1
"""Latency of a request that failed: an error is not an answer in time, however fast it came."""


_COUNTS: dict[type[LoadObjective], type[LoadCounts]] = {
    RateObjective: RateCounts,
    PairedObjective: PairedCounts,
    RelativeObjective: RelativeCounts,
}


@dataclass(frozen=True)
class LoadKpi:
    """A KPI that is measured under load. Latencies are in nanoseconds."""

    objective: LoadObjective
    is_gate: bool = True
    limit: int = FAILED - 1
    """Requests that took longer are bad; for an error rate, only failed ones are."""
    expected: int = FAILED - 1
    """Threshold of the rollback test's own count, where there is one."""
    start: LoadCounts | None = None
    """Counts of an earlier run that this one goes on from, its calibration among them."""
    column: int = 0
    """Which time of a request it is about: 0 is the latency, the others are recorded beside it."""

    def __post_init__(self) -> None:
        wanted = _COUNTS[type(self.objective)]
        if self.start is not None and not isinstance(self.start, wanted):
            raise ValueError(f"{type(self.start).__name__} don't go on as {wanted.__name__}")


@dataclass(frozen=True)
class LoadResult:
    """What one KPI came to."""

    outcome: Outcome
    counts: LoadCounts
    evidence_from: int = 0
    """Window of the load in which its evidence began."""
    anew: bool = False
    """True where it went on from counts, and was calibrated anew since."""


@dataclass(frozen=True)
class _Window:
    """Latencies of the requests of one window, in the order in which they ended."""

    latencies: "array[int]" = field(default_factory=lambda: array("q"))
    others: list[tuple[int, ...]] = field(default_factory=list)
    """Other times of the same requests, in the same order."""
    baseline: "array[int]" = field(default_factory=lambda: array("q"))
    """Those of stable's requests for the same rows, in the same order."""


class LoadSession:
    """Sorts requests into windows, calibrates, judges after each window and says when to stop.

    Windows are judged in the order in which they were due, each when its last request has ended:
    in the order of completion the fast ones would be judged before the slow ones. A KPI keeps its
    first verdict and counts no further, so that its final counts show that same verdict.

    A KPI that goes on from an earlier run's counts looks longer at the same stream: it is not
    calibrated again, and comes to what that run would have come to. Its counts are totals. Windows
    of calibration beyond the first sixty are taken from those of evidence, so that no load lasts
    longer.
    """

    def __init__(
        self, shape: LoadShape, kpis: tuple[LoadKpi, ...], *, to_the_end: bool = False
    ) -> None:
        """With `to_the_end` it is finished by no verdict but a gate's Fail, only by its length."""
        calibrated = all(kpi.start is not None for kpi in kpis)
        self.shape = replace(shape, calibration_windows=0) if calibrated else shape
        self._kpis = [(kpi, WindowJudge(kpi.objective, kpi.start)) for kpi in kpis]
        self._open: defaultdict[int, _Window] = defaultdict(_Window)
        self._judged = 0
        self._to_the_end = to_the_end
        self._times = defaultdict[int, "array[int]"](lambda: array("q"))
        """Times of evidence requests by column."""
        self.finished = self._is_over()
        """True when more load can't change anything: all verdicts are there, or a gate failed."""

    def record(
        self, request: int, latency: int, baseline: int = 0, others: tuple[int, ...] = ()
    ) -> None:
        """Take note of a request that ended; requests may end in any order.

        `latency` is in nanoseconds from when the request was due, FAILED if it failed. `baseline`
        is that of stable's request for the same row, where there is one. `others` are the other
        times of it that KPIs are about, in the order of their columns.
        """
        window = self.shape.window_of(request)
        if window < self._judged or self.finished:
            return
        self._open[window].latencies.append(latency)
        self._open[window].others.append(others)
        self._open[window].baseline.append(baseline)
        while not self.finished and self._is_complete(self._judged):
            self._judge(self._open.pop(self._judged))

    @property
    def calibration_windows(self) -> int:
        """Calibration windows that were complete."""
        return min(self._judged, self.shape.calibration_windows)

    @property
    def gate_failed(self) -> bool:
        """True when a gate's verdict is Fail."""
        return any(judge.outcome == "Fail" and kpi.is_gate for kpi, judge in self._kpis)

    def results(self) -> list[LoadResult]:
        """Return what each KPI came to so far, in the order they were given in."""
        return [self._result(kpi, judge) for kpi, judge in self._kpis]

    def _result(self, kpi: LoadKpi, judge: WindowJudge) -> LoadResult:
        if kpi.start is None:
            return LoadResult(judge.outcome, judge.counts, judge.evidence_from)
        began = self.shape.calibration_windows + judge.evidence_from
        return LoadResult(judge.outcome, judge.counts, began, judge.calibrated_anew)

    def quantile(self, share: Fraction, window: int, requests: int, column: int = 0) -> int:
        """Return a quantile of a time of so many requests from a window on, by nearest rank.

        0 where there are none.
        """
        first = window * self.shape.window
        return nearest_rank(self._times[column][first : first + requests], share)

    def _is_complete(self, window: int) -> bool:
        return window in self._open and len(self._open[window].latencies) == self.shape.window

    def _judge(self, window: _Window) -> None:
        self._judged += 1
        calibrating = self._judged <= self.shape.calibration_windows
        for column in {0, *(kpi.column for kpi, _ in self._kpis)}:
            self._times[column].extend(_times(window, column))
        for kpi, judge in self._kpis:
            is_calibrated = kpi.start is not None
            if judge.outcome == "Inconclusive" and not (calibrating and is_calibrated):
                judge.add(_counted(kpi, window))
        self.finished = self._is_over()

    def _all_decided(self) -> bool:
        return all(judge.outcome != "Inconclusive" for _, judge in self._kpis)

    def _is_over(self) -> bool:
        return (
            self.gate_failed
            or (not self._to_the_end and self._all_decided())
            or self._judged == self.shape.calibration_windows + self.shape.evidence_windows
        )


def _times(window: _Window, column: int) -> Sequence[int]:
    return [others[column - 1] for others in window.others] if column else window.latencies


def _counted(kpi: LoadKpi, window: _Window) -> Window:
    if not isinstance(kpi.objective, RateObjective):
        return _paired(window)
    times = _times(window, kpi.column)
    return RateWindow(
        len(times),
        sum(time > kpi.limit for time in times),
        sum(time > kpi.expected for time in times),
    )


def _paired(window: _Window) -> PairedWindow:
    failed = [
        (ours == FAILED, stables == FAILED)
        for ours, stables in zip(window.latencies, window.baseline, strict=True)
    ]
    return PairedWindow(
        requests=len(failed),
        lost=failed.count((True, False)),
        won=failed.count((False, True)),
        both=failed.count((True, True)),
    )
