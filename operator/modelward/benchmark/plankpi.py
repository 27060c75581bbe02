"""A KPI as a benchmark pod is asked for it: part of the plan in modelward.benchmark.contract."""

from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field, model_validator

from modelward.api.metrics import METRICS, Metric, RowKind, row_kind
from modelward.api.tokens import Within
from modelward.api.values import seconds_of
from modelward.benchmark.bounds import MAX_VALUE
from modelward.benchmark.message import Exact, Message

Letter = Literal["P", "F", "I"]
"""Pass, Fail, Inconclusive."""


ASKED_TWICE = 20
"""Rows of an exam that are asked twice first, to find out whether the answers repeat."""
_Asked = Annotated[int, Field(ge=0, le=ASKED_TWICE)]


class Repeats(NamedTuple):
    """What came of asking rows twice. On the wire: [asked, differing, stable differing]."""

    asked: _Asked
    """Rows that were asked twice."""
    differing: _Asked
    """Those that the subject answered differently the second time."""
    stable_differing: _Asked
    """Those that the baseline answered differently."""

    def concerns(self, *, versus: bool) -> bool:
        """Tell whether answers differ that a KPI rests on."""
        return self.differing > 0 or (versus and self.stable_differing > 0)


def _possible(repeats: Repeats) -> Repeats:
    if max(repeats) > repeats.asked:
        raise ValueError(f"of {repeats.asked} rows asked twice {max(repeats)} can't differ")
    return repeats


AskedTwice = Annotated[Repeats, AfterValidator(_possible)]


class PlanStart(Message):
    """What is known about a KPI: what an earlier run came to. This attempt goes on from there."""

    verdict: Letter
    """P and F stand: no more is asked for this KPI, and its report repeats the counts."""
    windows: int = Field(ge=0, le=9_999)
    """Calibration windows that the dispersions rest on. Load is not calibrated again for this KPI,
    so that its dispersions, and its bet, stay as they are here."""
    counts: tuple[Annotated[int, Field(ge=0, le=MAX_VALUE)], ...] = Field(max_length=8)
    """As in a result. What is counted now is added: a result's counts are totals. Empty where no
    more is known than that answers differ."""
    repeats: AskedTwice | None = None
    """Present where rows of an exam were answered differently when asked twice: they are not asked
    twice again, and `counts` are those of rows drawn with replacement."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.counts and (self.repeats is None or self.verdict != "I"):
            raise ValueError("a start has counts, or tells that answers differ and nothing else")
        return self


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
    """sample: rows are drawn with replacement until there is a verdict. Absent, an exam: each is
    read once, and a part of a thousand or more may be enough; but see `start.repeats`."""
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

    @property
    def repeats(self) -> Repeats | None:
        """What came of asking rows of an exam twice, where answers differ."""
        return self.start.repeats if self.start else None

    @property
    def answers_differ(self) -> bool:
        """True for an exam whose rows were answered differently when asked twice."""
        return self.repeats is not None

    @property
    def is_sample(self) -> bool:
        """True where rows are drawn with replacement: declared so, or because answers differ."""
        return self.rows == "sample" or (self.answers_differ and self._a_sample_shows)

    @property
    def is_unjudgeable(self) -> bool:
        """True where answers differ, and no sample of them can show the limit."""
        return self.answers_differ and not self.is_sample

    @property
    def _a_sample_shows(self) -> bool:
        """True but for a value of all rows, and for 100%, which only the last row shows."""
        in_part = self.row_kind in ("answers", "classes")
        return in_part and (self.versus is not None or self.limit < 1)

    def repeated(self, found: Repeats | None) -> Self:
        """Return the KPI with what was found when rows of its data set were asked twice.

        That changes an exam that nothing is known of, and whose answers differ. What goes on from
        rows of an exam was not asked twice again, and stays one.
        """
        is_exam = self.of_rows and self.rows is None and self.start is None
        if found is None or not is_exam or not found.concerns(versus=self.versus is not None):
            return self
        start = PlanStart(verdict="I", windows=0, counts=(), repeats=found)
        return self.model_copy(update={"start": start})
