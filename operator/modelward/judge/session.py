"""The judging of one benchmark's load, fed with requests as they end.

The runner feeds it from sockets, and tests from a simulated clock: the code that judges is one.
"""

import math
from abc import ABC, abstractmethod
from array import array
from collections import defaultdict
from dataclasses import dataclass, field, replace
from fractions import Fraction

from modelward.judge.counts import RateCounts, Tally, dispersion
from modelward.judge.hypotheses import RateObjective
from modelward.judge.paired import PairedCounts, PairedObjective, PairedWindow, paired_decision
from modelward.judge.rates import decision
from modelward.judge.shape import LoadShape
from modelward.judge.verdict import Outcome

FAILED = 2**63 - 1
"""Latency of a request that failed: an error is not an answer in time, however fast it came."""


@dataclass(frozen=True)
class LoadKpi:
    """A KPI that is measured under load. Latencies are in nanoseconds."""

    objective: RateObjective | PairedObjective
    is_gate: bool = True
    limit: int = FAILED - 1
    """Requests that took longer are bad; for an error rate, only failed ones are."""
    expected: int = FAILED - 1
    """Threshold of the rollback test's own count, where there is one."""
    start: RateCounts | PairedCounts | None = None
    """Counts of an earlier run that this one goes on from, its calibration among them."""

    def __post_init__(self) -> None:
        wanted = PairedCounts if isinstance(self.objective, PairedObjective) else RateCounts
        if self.start is not None and not isinstance(self.start, wanted):
            raise ValueError(f"{type(self.start).__name__} don't go on as {wanted.__name__}")


@dataclass(frozen=True)
class LoadResult:
    """What one KPI came to."""

    outcome: Outcome
    counts: RateCounts | PairedCounts


@dataclass(frozen=True)
class _Window:
    """Latencies of the requests of one window, in the order in which they ended."""

    latencies: "array[int]" = field(default_factory=lambda: array("q"))
    baseline: "array[int]" = field(default_factory=lambda: array("q"))
    """Those of stable's requests for the same rows, in the same order."""


class LoadSession:
    """Sorts requests into windows, calibrates, judges after each window and says when to stop.

    Windows are judged in the order in which they were due, each when its last request has ended:
    in the order of completion the fast ones would be judged before the slow ones. A KPI keeps its
    first verdict and counts no further, so that its final counts show that same verdict.

    A KPI that goes on from an earlier run's counts looks longer at the same stream: it is not
    calibrated again, and comes to what that run would have come to. Its counts are totals.
    """

    def __init__(self, shape: LoadShape, kpis: tuple[LoadKpi, ...]) -> None:
        calibrated = all(kpi.start is not None for kpi in kpis)
        self.shape = replace(shape, calibration_windows=0) if calibrated else shape
        self._kpis = [_session_of(kpi) for kpi in kpis]
        self._open: defaultdict[int, _Window] = defaultdict(_Window)
        self._judged = 0
        self._latencies = array("q")
        self.finished = self._is_over()
        """True when more load can't change anything: all verdicts are there, or a gate failed."""

    def record(self, request: int, latency: int, baseline: int = 0) -> None:
        """Take note of a request that ended; requests may end in any order.

        `latency` is in nanoseconds from when the request was due, FAILED if it failed. `baseline`
        is that of stable's request for the same row, where there is one.
        """
        window = self.shape.window_of(request)
        if window < self._judged or self.finished:
            return
        self._open[window].latencies.append(latency)
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
        return any(kpi.outcome == "Fail" and kpi.is_gate for kpi in self._kpis)

    def results(self) -> list[LoadResult]:
        """Return what each KPI came to so far, in the order they were given in."""
        return [LoadResult(kpi.outcome, kpi.counts()) for kpi in self._kpis]

    def quantile(self, share: Fraction, requests: int) -> int:
        """Return a quantile of the first `requests` evidence latencies, by nearest rank.

        0 where there are none.
        """
        ordered = sorted(self._latencies[:requests])
        return ordered[math.ceil(share * len(ordered)) - 1] if ordered else 0

    def _is_complete(self, window: int) -> bool:
        return window in self._open and len(self._open[window].latencies) == self.shape.window

    def _judge(self, window: _Window) -> None:
        self._judged += 1
        if self._judged <= self.shape.calibration_windows:
            for kpi in self._kpis:
                kpi.calibrate(window)
        else:
            self._latencies.extend(window.latencies)
            for kpi in self._kpis:
                if kpi.outcome == "Inconclusive":
                    kpi.judge(window)
        self.finished = self._is_over()

    def _is_over(self) -> bool:
        return (
            self.gate_failed
            or all(kpi.outcome != "Inconclusive" for kpi in self._kpis)
            or self._judged == self.shape.calibration_windows + self.shape.evidence_windows
        )


def _session_of(kpi: LoadKpi) -> "_KpiSession":
    if isinstance(kpi.objective, PairedObjective):
        return _PairedSession(kpi, kpi.objective)
    return _RateSession(kpi, kpi.objective)


class _KpiSession(ABC):
    """One KPI on its way to a verdict."""

    is_gate: bool
    outcome: Outcome = "Inconclusive"

    @abstractmethod
    def calibrate(self, window: _Window) -> None:
        """Take note of a calibration window; one that went on from other counts needs none."""

    @abstractmethod
    def judge(self, window: _Window) -> None:
        """Judge after one more window of evidence."""

    @abstractmethod
    def counts(self) -> RateCounts | PairedCounts:
        """Return the counts so far."""


class _RateSession(_KpiSession):
    """A share of bad requests."""

    def __init__(self, kpi: LoadKpi, objective: RateObjective) -> None:
        self._kpi, self._objective = kpi, objective
        self._calibration: list[tuple[int, int]] = []
        self._counts = kpi.start if isinstance(kpi.start, RateCounts) else None
        self.is_gate = kpi.is_gate
        if self._counts:
            self.outcome, _ = decision(self._counts, objective)

    def calibrate(self, window: _Window) -> None:
        self._calibration.append(self._bad_ones(window.latencies))

    def judge(self, window: _Window) -> None:
        bad_ones = self._bad_ones(window.latencies)
        self._counts = self.counts().with_window(len(window.latencies), *bad_ones)
        self.outcome, _ = decision(self._counts, self._objective)

    def counts(self) -> RateCounts:
        if self._counts is not None:
            return self._counts
        limit = Tally(dispersion([window[0] for window in self._calibration]))
        expected = Tally(dispersion([window[1] for window in self._calibration]))
        two_counts = self._objective.two_counts
        return RateCounts(len(self._calibration), 0, limit, expected if two_counts else None)

    def _bad_ones(self, latencies: "array[int]") -> tuple[int, int]:
        limit, expected = self._kpi.limit, self._kpi.expected
        return sum(x > limit for x in latencies), sum(x > expected for x in latencies)


class _PairedSession(_KpiSession):
    """A share of failed requests beside that of stable."""

    def __init__(self, kpi: LoadKpi, objective: PairedObjective) -> None:
        self._objective = objective
        self._calibration: list[PairedWindow] = []
        self._counts = kpi.start if isinstance(kpi.start, PairedCounts) else None
        self.is_gate = kpi.is_gate
        if self._counts:
            self.outcome, _ = paired_decision(self._counts, objective)

    def calibrate(self, window: _Window) -> None:
        self._calibration.append(_paired(window))

    def judge(self, window: _Window) -> None:
        self._counts = self.counts().with_window(_paired(window))
        self.outcome, _ = paired_decision(self._counts, self._objective)

    def counts(self) -> PairedCounts:
        if self._counts is not None:
            return self._counts
        return PairedCounts.calibrated(self._calibration, self._objective.margin)


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
