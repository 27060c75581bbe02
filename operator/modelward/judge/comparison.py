"""The judging of latencies beside stable's, fed with pairs of requests as they end.

The runner feeds it from sockets, and tests from a simulated clock: the code that judges is one.
"""

from array import array
from collections import defaultdict
from dataclasses import dataclass, replace
from fractions import Fraction

from modelward.judge.calibration import is_checkpoint
from modelward.judge.quantiles import (
    QuantileCounts,
    QuantileObjective,
    nearest_rank,
    quantile_decision,
)
from modelward.judge.shape import LoadShape
from modelward.judge.verdict import Outcome

_Pairs = list[tuple[int, int]]


@dataclass(frozen=True)
class ComparedKpi:
    """A latency quantile that is compared with that of stable."""

    objective: QuantileObjective
    is_gate: bool = True
    start: QuantileCounts | None = None
    """Counts of an earlier run that this one goes on from, its threshold among them."""


@dataclass(frozen=True)
class ComparedResult:
    """What one KPI came to."""

    outcome: Outcome
    counts: QuantileCounts | None
    """None before its threshold is known: until then nothing is evidence."""


class ComparisonSession:
    """Sorts pairs into windows, calibrates, judges after each window and says when to stop.

    A window is judged when the last of its requests to either revision has ended, and windows in
    the order in which they were due. A KPI keeps its first verdict and counts no further. Windows
    of calibration beyond the first sixty are taken from those of evidence.
    """

    def __init__(self, shape: LoadShape, kpis: tuple[ComparedKpi, ...]) -> None:
        started = all(kpi.start is not None for kpi in kpis)
        self.shape = replace(shape, calibration_windows=0) if started else shape
        self._kpis = kpis
        self._counts = [kpi.start for kpi in kpis]
        self._outcomes = [
            quantile_decision(kpi.start, kpi.objective)[0] if kpi.start else "Inconclusive"
            for kpi in kpis
        ]
        self._open: defaultdict[int, _Pairs] = defaultdict(list)
        self._calibration: list[_Pairs] = []
        self._judged = 0
        self._latencies = array("q")
        self._baseline = array("q")
        self.finished = self._is_over()
        """True when more load can't change anything: all verdicts are there, or a gate failed."""

    def record(self, request: int, latency: int, baseline: int) -> None:
        """Take note of a pair whose second request ended; pairs may end in any order.

        Both are in nanoseconds from when the request was due, FAILED if it failed, and `baseline`
        is UNANSWERED where stable never got its request.
        """
        window = self.shape.window_of(request)
        if window < self._judged or self.finished:
            return
        self._open[window].append((latency, baseline))
        while not self.finished and len(self._open[self._judged]) == self.shape.window:
            self._judge(self._open.pop(self._judged))

    @property
    def calibration_windows(self) -> int:
        """Calibration windows that were complete."""
        return min(self._judged, self.shape.calibration_windows)

    @property
    def windows(self) -> int:
        """Windows that were complete, until all verdicts were there."""
        return self._judged

    @property
    def gate_failed(self) -> bool:
        """True when a gate's verdict is Fail."""
        pairs = zip(self._kpis, self._outcomes, strict=True)
        return any(outcome == "Fail" and kpi.is_gate for kpi, outcome in pairs)

    def results(self) -> list[ComparedResult]:
        """Return what each KPI came to so far, in the order they were given in."""
        pairs = zip(self._outcomes, self._counts, strict=True)
        return [ComparedResult(outcome, counts) for outcome, counts in pairs]

    def quantiles(self, share: Fraction, requests: int) -> tuple[int, int]:
        """Return a quantile of the first `requests` evidence latencies, the candidate's, stable's.

        0 where there are none.
        """
        answered = (latency for latency in self._baseline[:requests] if latency >= 0)
        return nearest_rank(self._latencies[:requests], share), nearest_rank(answered, share)

    def _judge(self, pairs: _Pairs) -> None:
        self._judged += 1
        if any(counts is None for counts in self._counts):
            self._calibrate(pairs)
        else:
            self._weigh(pairs)
        self.finished = self._is_over()

    def _calibrate(self, pairs: _Pairs) -> None:
        """Look after 60, 120, 240, ... windows whether enough pairs differed for all KPIs."""
        self._calibration.append(pairs)
        if not is_checkpoint(len(self._calibration)):
            return
        found = [
            counts or QuantileCounts.calibrated(self._calibration, kpi.objective)
            for kpi, counts in zip(self._kpis, self._counts, strict=True)
        ]
        if all(counts is not None for counts in found):
            self._counts = found
            self._calibration.clear()

    def _weigh(self, pairs: _Pairs) -> None:
        self._latencies.extend(ours for ours, _ in pairs)
        self._baseline.extend(stables for _, stables in pairs)
        for i, (kpi, counts) in enumerate(zip(self._kpis, self._counts, strict=True)):
            if counts is None or self._outcomes[i] != "Inconclusive":
                continue
            more = counts.with_window(counts.window(pairs, kpi.objective))
            self._counts[i] = more
            self._outcomes[i] = quantile_decision(more, kpi.objective)[0]

    def _is_over(self) -> bool:
        return (
            self.gate_failed
            or all(outcome != "Inconclusive" for outcome in self._outcomes)
            or self._judged == self.shape.calibration_windows + self.shape.evidence_windows
        )
