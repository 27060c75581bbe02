"""A KPI as a benchmark pod is asked for it: part of the plan in modelward.benchmark.contract."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field

from modelward.api.metrics import METRICS, Metric, RowKind, row_kind
from modelward.api.tokens import Within
from modelward.api.values import seconds_of
from modelward.benchmark.bounds import MAX_VALUE
from modelward.benchmark.message import Exact, Message

Letter = Literal["P", "F", "I"]
"""Pass, Fail, Inconclusive."""


class PlanStart(Message):
    """What an earlier run came to about a KPI. This attempt goes on from there."""

    verdict: Letter
    """P and F stand: no more is asked for this KPI, and its report repeats the counts."""
    windows: int = Field(ge=0, le=9_999)
    """Calibration windows that the dispersions rest on. Load is not calibrated again for this KPI,
    so that its dispersions, and its bet, stay as they are here."""
    counts: tuple[Annotated[int, Field(ge=0, le=MAX_VALUE)], ...] = Field(
        min_length=1, max_length=8
    )
    """As in a result. What is counted now is added: a result's counts are totals."""


class PlanWithin(Message):
    """Times in seconds that an answer keeps to count for goodput."""

    latency: Exact | None = None
    time_to_first_token: Exact | None = None
    time_per_output_token: Exact | None = None

    @classmethod
    def of(cls, within: Within) -> Self:
        """Return the limits that a resource says. Raises ValueFormError."""
        said = within.model_dump(exclude_none=True)
        return cls(**{name: seconds_of(limit) for name, limit in said.items()})


class PlanKpi(Message):
    """A KPI, its values without units: shares (0.92), seconds (0.25), numbers a second (18)."""

    name: str = Field(max_length=63)
    metric: Metric
    dataset: str | None = None
    """Data set, for metrics of rows."""
    average: Literal["micro", "macro"] | None = None
    """For precision, recall and f1: over all labels. Absent: of the positive label alone."""
    positive_label: str | None = Field(default=None, max_length=64)
    """The label that a metric is about, as a text: fraud, 1, true."""
    prediction: str | None = Field(default=None, max_length=1024)
    """JMESPath of what it needs of an answer. Absent: that of the data set."""
    json_schema: dict[str, Any] | None = None
    """JSON Schema that answers must be valid by, for jsonSchema."""
    worst_slice_of: str | None = Field(default=None, max_length=63)
    """Member of the rows that cuts them into slices, the worst of which counts."""
    min_rows: int | None = Field(default=None, ge=1)
    """Slices of fewer rows do not count."""
    rows: Literal["sample"] | None = None
    """sample: rows are drawn with replacement until there is a verdict. Absent: each is read once,
    and a part of a thousand or more may be enough."""
    quantile: Exact | None = None
    """Quantile as a share (0.95), for latency and the times of tokens."""
    within: PlanWithin | None = None
    """Limits, for goodput."""
    limit: Exact
    """With versus: by how much it may be worse than stable, as a share (0.01) or in seconds."""
    versus: Literal["stable"] | None = None
    """Present where it is compared with the plan's baseline."""
    relative: Literal[True] | None = None
    """Present where `limit` is a part of stable's value: 0.5 is one and a half times as much."""
    unless_below: Exact | None = None
    """An error rate that is good enough whatever stable's is."""
    expected: Exact | None = None
    direction: Literal["atMost", "atLeast"]
    effect: Literal["gate", "report"]
    start: PlanStart | None = None
    """Absent where nothing is known yet."""

    @property
    def of_rows(self) -> bool:
        """True where it is counted on the rows of a data set, not under load."""
        return METRICS[self.metric].source == "rows"

    @property
    def is_shown(self) -> bool:
        """True where it is only shown: a rate of the whole load."""
        return METRICS[self.metric].judging == "shown"

    @property
    def is_compared_latency(self) -> bool:
        """True where it is judged on load that both revisions are sent by turns."""
        return self.metric == "latency" and self.versus is not None

    @property
    def row_kind(self) -> RowKind | None:
        """What its rows come to; None under load."""
        sliced, versus = self.worst_slice_of is not None, self.versus is not None
        return row_kind(self.metric, self.average, sliced=sliced, versus=versus)
