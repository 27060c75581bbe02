"""The judging of one benchmark's load, fed with requests as they end.

The runner feeds it from sockets, and tests from a simulated clock: the code that judges is one.
"""

import math
from array import array
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from modelward.judge.counts import CALIBRATION_WINDOWS, RateCounts, Tally, dispersion
from modelward.judge.hypotheses import RateObjective
from modelward.judge.rates import decision
from modelward.judge.shape import LoadShape
from modelward.judge.verdict import Outcome

FAILED = 2**63 - 1
"""Latency of a request that failed: an error is not an answer in time, however fast it came."""


@dataclass(frozen=True)
class LoadKpi:
    """A KPI that is measured under load. Latencies are in nanoseconds."""

    objective: RateObjective
    is_gate: bool = True
    limit: int = FAILED - 1
    """Requests that took longer are bad; for an error rate, only failed ones are."""
    expected: int = FAILED - 1
    """Threshold of the rollback test's own count, where there is one."""


@dataclass(frozen=True)
class LoadResult:
    """What one KPI came to."""

    outcome: Outcome
    counts: RateCounts


class LoadSession:
    """Sorts requests into windows, calibrates, judges after each window and says when to stop.

    Windows are judged in the order in which they were due, each when its last request has ended:
    in the order of completion the fast ones would be judged before the slow ones. A KPI keeps its
    first verdict and counts no further, so that its final counts show that same verdict.
    """

    def __init__(self, shape: LoadShape, kpis: tuple[LoadKpi, ...]) -> None:
        self.shape = shape
        self._kpis = [_KpiSession(kpi) for kpi in kpis]
        self._open: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))
        self._judged = 0
        self._latencies = array("q")
        self.finished = False
        """True when more load can't change anything: all verdicts are there, or a gate failed."""

    def record(self, request: int, latency: int) -> None:
        """Take note of a request that ended; requests may end in any order.

        `latency` is in nanoseconds from when the request was due, FAILED if it failed.
        """
        window = self.shape.window_of(request)
        if window < self._judged or self.finished:
            return
        self._open[window].append(latency)
        while not self.finished and self._is_complete(self._judged):
            self._judge(self._open.pop(self._judged))

    @property
    def calibration_windows(self) -> int:
        """Calibration windows that were complete."""
        return min(self._judged, CALIBRATION_WINDOWS)

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
        return len(self._open.get(window, ())) == self.shape.window

    def _judge(self, latencies: "array[int]") -> None:
        self._judged += 1
        if self._judged <= CALIBRATION_WINDOWS:
            for kpi in self._kpis:
                kpi.calibrate(latencies)
        else:
            self._latencies.extend(latencies)
            for kpi in self._kpis:
                kpi.judge(latencies)
        self.finished = (
            self.gate_failed
            or all(kpi.outcome != "Inconclusive" for kpi in self._kpis)
            or self._judged == CALIBRATION_WINDOWS + self.shape.evidence_windows
        )


class _KpiSession:
    """One KPI on its way to a verdict."""

    def __init__(self, kpi: LoadKpi) -> None:
        self._kpi = kpi
        self._calibration: list[tuple[int, int]] = []
        self._counts: RateCounts | None = None
        self.is_gate = kpi.is_gate
        self.outcome: Outcome = "Inconclusive"

    def calibrate(self, latencies: "array[int]") -> None:
        self._calibration.append(self._bad_ones(latencies))

    def judge(self, latencies: "array[int]") -> None:
        if self.outcome != "Inconclusive":
            return
        self._counts = self.counts().with_window(len(latencies), *self._bad_ones(latencies))
        self.outcome, _ = decision(self._counts, self._kpi.objective)

    def counts(self) -> RateCounts:
        """Return the counts so far."""
        if self._counts is not None:
            return self._counts
        limit = Tally(dispersion([window[0] for window in self._calibration]))
        expected = Tally(dispersion([window[1] for window in self._calibration]))
        two_counts = self._kpi.objective.two_counts
        return RateCounts(len(self._calibration), 0, limit, expected if two_counts else None)

    def _bad_ones(self, latencies: "array[int]") -> tuple[int, int]:
        limit, expected = self._kpi.limit, self._kpi.expected
        return sum(x > limit for x in latencies), sum(x > expected for x in latencies)
