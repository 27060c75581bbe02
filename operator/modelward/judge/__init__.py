"""Sequential tests and verdicts. Pure: no clock, no I/O.

`rate_verdict`, `exam_verdict` and their paired kin turn counts into verdicts, for the operator and
the runner alike; `LoadSession` turns requests into counts.
"""

from modelward.judge.counts import CALIBRATION_WINDOWS, RateCounts, Tally, dispersion
from modelward.judge.exams import exam_verdict, paired_exam_verdict
from modelward.judge.hypotheses import (
    RateObjective,
    ShareTest,
    errors_objective,
    latency_objective,
)
from modelward.judge.paired import PairedCounts, PairedObjective, PairedWindow, paired_verdict
from modelward.judge.rates import rate_verdict
from modelward.judge.session import FAILED, LoadKpi, LoadResult, LoadSession
from modelward.judge.shape import LoadShape
from modelward.judge.verdict import Outcome, Reason, Verdict

__all__ = [
    "CALIBRATION_WINDOWS",
    "FAILED",
    "LoadKpi",
    "LoadResult",
    "LoadSession",
    "LoadShape",
    "Outcome",
    "PairedCounts",
    "PairedObjective",
    "PairedWindow",
    "RateCounts",
    "RateObjective",
    "Reason",
    "ShareTest",
    "Tally",
    "Verdict",
    "dispersion",
    "errors_objective",
    "exam_verdict",
    "latency_objective",
    "paired_exam_verdict",
    "paired_verdict",
    "rate_verdict",
]
