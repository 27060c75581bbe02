"""Sequential tests and verdicts. Pure: no clock, no I/O.

One interface for all of them. *Counts* are what was observed: frozen integers that add up over
windows (`with_window`) and over pods (`+`), in any order, and that travel in a result message. An
*objective* says what is good enough and how sure a verdict must be. A function of both returns the
`Verdict`, with the evidence for and against: the same whenever, wherever and however often it is
asked, so that a runner stops early and the operator finds the same verdict from the same integers.
Counts that were Inconclusive are where a later judgement goes on.

- error rates, latency quantiles: `RateCounts`, `RateObjective`, `rate_verdict`;
- error rate, its difference to stable's: `PairedCounts`, `PairedObjective`, `paired_verdict`;
- error rate, a multiple of stable's: `RelativeCounts`, `RelativeObjective`, `relative_verdict`;
- latency quantile beside stable's: `QuantileCounts`, `QuantileObjective`, `quantile_verdict`;
- rows, alone or beside stable's answers: `RowCounts`, `ExamObjective`, `exam_verdict`;
- rows of one label, by precision, recall or F1: `ClassTally`, `ExamObjective`, `ratio_verdict`;
- metrics that are one value of all rows: `Measured`, `ValueObjective`, `value_verdict`.

`RateStream` looks after each request, `Boundary` says when a test would reject; `LoadSession` turns
the requests of a benchmark's load into counts, and `ComparisonSession` those of a load that stable
is sent by turns. `modelward.judge.population` has the tests of
rows, `modelward.judge.live` those of users' requests in the steps of a release, by what
`modelward.judge.release` says across steps, and `modelward.judge.guards` what is wrong with
counters before they are evidence.
"""

from modelward.judge.arrivals import due_times
from modelward.judge.boundary import Boundary, RateStream
from modelward.judge.classes import ClassTally, Ratio, ratio_decision, ratio_value, ratio_verdict
from modelward.judge.comparison import ComparedKpi, ComparedResult, ComparisonSession
from modelward.judge.counts import CALIBRATION_WINDOWS, UNMEASURED, RateCounts, Tally
from modelward.judge.exams import (
    MIN_SLICE_ROWS,
    ExamObjective,
    RowCounts,
    exam_decision,
    exam_verdict,
)
from modelward.judge.hypotheses import (
    RateObjective,
    ShareTest,
    errors_objective,
    latency_objective,
)
from modelward.judge.paired import PairedCounts, PairedObjective, paired_verdict
from modelward.judge.pairs import PairedWindow
from modelward.judge.quantiles import (
    UNANSWERED,
    QuantileCounts,
    QuantileObjective,
    quantile_verdict,
)
from modelward.judge.rates import rate_verdict
from modelward.judge.relative import (
    RelativeCounts,
    RelativeObjective,
    relative_verdict,
    share_of_errors,
)
from modelward.judge.session import FAILED, LoadKpi, LoadResult, LoadSession
from modelward.judge.shape import LoadShape
from modelward.judge.values import (
    Measured,
    ValueObjective,
    value_decision,
    value_verdict,
)
from modelward.judge.verdict import Evidence, Outcome, Reason, Verdict
from modelward.judge.windows import LoadCounts, LoadObjective

__all__ = [
    "CALIBRATION_WINDOWS",
    "FAILED",
    "MIN_SLICE_ROWS",
    "UNANSWERED",
    "UNMEASURED",
    "Boundary",
    "ClassTally",
    "ComparedKpi",
    "ComparedResult",
    "ComparisonSession",
    "Evidence",
    "ExamObjective",
    "LoadCounts",
    "LoadKpi",
    "LoadObjective",
    "LoadResult",
    "LoadSession",
    "LoadShape",
    "Measured",
    "Outcome",
    "PairedCounts",
    "PairedObjective",
    "PairedWindow",
    "QuantileCounts",
    "QuantileObjective",
    "RateCounts",
    "RateObjective",
    "RateStream",
    "Ratio",
    "Reason",
    "RelativeCounts",
    "RelativeObjective",
    "RowCounts",
    "ShareTest",
    "Tally",
    "ValueObjective",
    "Verdict",
    "due_times",
    "errors_objective",
    "exam_decision",
    "exam_verdict",
    "latency_objective",
    "paired_verdict",
    "quantile_verdict",
    "rate_verdict",
    "ratio_decision",
    "ratio_value",
    "ratio_verdict",
    "relative_verdict",
    "share_of_errors",
    "value_decision",
    "value_verdict",
]
