"""What the operator asks of a benchmark pod, and what the pod answers. Both are compact JSON.

The answer travels in the pod's termination message. The kubelet cuts that at 4,096 bytes without a
mark, earlier beside many sidecars, so an answer takes at most 2,048: KPIs are short lists in the
plan's order, and every number in them is a bounded integer (modelward.benchmark.counts). Limits
and shares in the plan are decimals written as strings, so that neither side rounds them.
"""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, ValidationError, WithJsonSchema, model_serializer, model_validator

from modelward.benchmark.bounds import MAX_REQUESTS
from modelward.benchmark.counts import Counts
from modelward.benchmark.message import Exact, Message
from modelward.benchmark.strictjson import StrictJsonError, loads_integers

MAX_RESULT_BYTES = 2_048
MAX_MESSAGE_CHARS = 300
DIGEST_CHARS = 16
"""Hex digits of a data set's sha256 that a result repeats."""

Metric = Literal["accuracy", "errorRate", "latency"]
Outcome = Literal["Measured", "Unreachable", "DatasetInvalid"]
"""Whether anything was measured at all. Measured also when time ran out on the way."""
Letter = Literal["P", "F", "I"]
"""Pass, Fail, Inconclusive."""
Reason = Literal["", "NotMeasured", "NotDeterministic", "GeneratorLagged"]
"""Why there are no counts; empty where there are, because their verdict follows from them."""


class PlanSubject(Message):
    """The revision that is measured, and where it answers."""

    url: str = Field(pattern="^http://[^/]+$", max_length=300)
    """Base, http://<service>.<namespace>.svc:<port>."""
    protocol: Literal["v2", "http"]
    model_name: str = Field(max_length=253)
    path: str | None = Field(default=None, max_length=1024)
    """Path for protocol http."""
    revision: str = Field(pattern="^[a-z0-9]+$", max_length=20)
    closed: Literal[True] | None = None
    """Of a baseline: present where it is a copy of stable that no user reaches. One that serves is
    asked its rows at a gentle rate."""


class PlanDataset(Message):
    """A data set: a file of its name in the folder of data sets."""

    name: str = Field(max_length=63)
    prediction: str | None = Field(default=None, max_length=1024)
    """JMESPath of the prediction in the server's answer. Default: that of the protocol."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """Digest that the file must have."""


class PlanLoad(Message):
    """Load on a fixed schedule, for errorRate and latency."""

    rate: Exact
    """Requests per second."""
    for_seconds: Exact
    """The longest that load is sent after warm-up and the first 60 windows of calibration."""
    warm_up_seconds: Exact
    dataset: str
    """Data set whose rows are the payload."""


class PlanStart(Message):
    """What an earlier run came to about a KPI. This attempt goes on from there."""

    verdict: Letter
    """P and F stand: no more is asked for this KPI, and its report repeats the counts."""
    windows: int = Field(ge=0, le=9_999)
    """Calibration windows that the dispersions rest on. Load is not calibrated again for this KPI,
    so that its dispersions, and its bet, stay as they are here."""
    counts: tuple[Annotated[int, Field(ge=0, le=99_999_999)], ...] = Field(
        min_length=1, max_length=8
    )
    """As in a result. What is counted now is added: a result's counts are totals."""


class PlanKpi(Message):
    """A KPI, its values without units: shares (0.92) and seconds (0.25)."""

    name: str = Field(max_length=63)
    metric: Metric
    dataset: str | None = None
    """Data set, for accuracy."""
    rows: Literal["sample"] | None = None
    """sample: rows are drawn with replacement until there is a verdict. Absent: each is read once,
    and a part of a thousand or more may be enough."""
    quantile: Exact | None = None
    """Quantile as a share (0.95), for latency."""
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


def is_compared_latency(kpi: PlanKpi) -> bool:
    """Tell whether a KPI is judged on load that both revisions are sent by turns."""
    return kpi.metric == "latency" and kpi.versus is not None


class PlanJudgement(Message):
    """Error probabilities of each gate, already shared among the gates."""

    false_promotion: Exact = Field(gt=0, lt=1)
    false_rollback: Exact = Field(gt=0, lt=1)


class RunnerPlan(Message):
    """What a benchmark pod measures."""

    version: Literal[1]
    nonce: str = Field(pattern="^[0-9a-f]{16}$")
    """Repeated in the result; another one for every attempt."""
    subject: PlanSubject
    baseline: PlanSubject | None = None
    """The stable revision, where KPIs are compared with it."""
    datasets: tuple[PlanDataset, ...] = Field(default=(), max_length=8)
    load: PlanLoad | None = None
    """Absent where no KPI needs load."""
    kpis: tuple[PlanKpi, ...] = Field(min_length=1, max_length=32)
    judgement: PlanJudgement
    deadline_seconds: int = Field(ge=1)
    """The pod reports what it has at the latest so long after its start."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the plan that a JSON document holds. Raises ValueError for any other text."""
        return cls.model_validate_json(text)

    @model_validator(mode="after")
    def _load_is_countable(self) -> Self:
        if self.load and self.load.rate * self.load.for_seconds > MAX_REQUESTS:
            raise ValueError(
                f"load sends more than {MAX_REQUESTS} requests: lower load.rate or load.for"
            )
        return self

    @model_validator(mode="after")
    def _has_what_is_compared_with(self) -> Self:
        if self.baseline is None and any(kpi.versus for kpi in self.kpis):
            raise ValueError("baseline is missing, and a KPI is compared with it")
        if self.baseline and not self.baseline.closed and any(map(is_compared_latency, self.kpis)):
            raise ValueError("a latency is compared, and baseline is not closed to users")
        return self


class KpiReport(Message):
    """One KPI of a result; on the wire a short list: verdict, reason, and its counts.

    `["P","",200,200,187]` is an exam passed with 187 of 200 rows; `["I","NotMeasured"]` a KPI that
    was not reached.
    """

    verdict: Letter
    reason: Reason = ""
    counts: tuple[Annotated[int, Field(ge=0, le=99_999_999)], ...] = Field(default=(), max_length=8)

    @classmethod
    def of(cls, verdict: Letter, counts: Counts) -> Self:
        """Return the report of a KPI that was measured."""
        return cls(verdict=verdict, counts=counts.to_ints())

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        if len(value) < 2:
            raise ValueError("a KPI is a list of verdict, reason and counts")
        return {"verdict": value[0], "reason": value[1], "counts": tuple(value[2:])}

    @model_validator(mode="after")
    def _counts_or_a_reason(self) -> Self:
        if bool(self.counts) == bool(self.reason):
            raise ValueError("a KPI has either counts or a reason why there are none")
        if self.reason and self.verdict != "I":
            raise ValueError("a KPI without counts is Inconclusive")
        return self

    @model_serializer
    def _to_list(self) -> list[Any]:
        return [self.verdict, self.reason, *self.counts]


_KPI_SCHEMA = {
    "description": "Verdict, reason why there are no counts (else empty), then the counts. "
    "accuracy: rows, rows read (of a sample: drawn), correct ones. "
    "errorRate: dispersion, requests, failed ones. "
    "latency: dispersion, requests, those beyond the limit, the quantile in microseconds; with "
    "expected also the dispersion and the number of those beyond expected. Dispersions are "
    "hundredths, at least 100, and 125 where they are only assumed; requests are those after "
    "calibration, 0 where it did not end. With versus, accuracy: rows, "
    "rows read, correct ones, those that stable had right, those that stable alone had right; "
    "errorRate: dispersion of differences, bet in ten-thousandths, requests to each revision, "
    "those that failed for the subject alone, for stable alone, and for both; relative errorRate: "
    "dispersion of shares of errors, dispersion of errors, requests to each revision, those that "
    "failed for the subject, those that failed for stable; latency: dispersion of differences, "
    "stable's quantile in the calibration in microseconds (the threshold), requests to each "
    "revision, those that were slow for the subject alone (beyond threshold and margin), for "
    "stable alone (beyond the threshold), and for both, then both quantiles in microseconds.",
    "type": "array",
    "prefixItems": [{"enum": list(get_args(Letter))}, {"enum": list(get_args(Reason))}],
    "items": {"type": "integer", "minimum": 0, "maximum": 99_999_999},
    "minItems": 2,
    "maxItems": 10,
}


class ResultError(ValueError):
    """A result message that does not count; `reason` is one word for it."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class RunnerResult(Message):
    """What a benchmark pod measured: its termination message."""

    v: Literal[1]
    nonce: str = Field(pattern="^[0-9a-f]{16}$")
    revision: str = Field(pattern="^[a-z0-9]+$", max_length=20)
    datasets: tuple[Annotated[str, Field(pattern="^[0-9a-f]{16}$")], ...] = Field(
        default=(), max_length=8
    )
    """First 16 hex digits of each data set's sha256, in the plan's order."""
    outcome: Outcome
    windows: int = Field(default=0, ge=0, le=9_999)
    """Calibration windows of this attempt; KPIs with a start in the plan rest on theirs."""
    kpis: tuple[Annotated[KpiReport, WithJsonSchema(_KPI_SCHEMA)], ...] = Field(max_length=32)
    """One for each KPI of the plan, in its order."""
    message: str = Field(default="", max_length=MAX_MESSAGE_CHARS)
    """What to look at, where something was not measured."""

    def to_json(self) -> str:
        """Return the termination message: at most 2,048 bytes, `message` cut to what is left."""
        text = super().to_json()
        excess = len(text.encode()) - MAX_RESULT_BYTES
        if excess <= 0:
            return text
        kept = self.message.encode()[: -excess - 1].decode(errors="ignore")
        return Message.to_json(self.model_copy(update={"message": kept}))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the result that a termination message holds.

        Raises ResultError with the reason NoResult, Oversized, Truncated or Malformed.
        """
        if not text.strip():
            raise ResultError("NoResult", "the benchmark pod left no result")
        if len(text.encode(errors="replace")) > MAX_RESULT_BYTES:
            raise ResultError("Oversized", f"the result is longer than {MAX_RESULT_BYTES} bytes")
        try:
            loads_integers(text)
            return cls.model_validate_json(text)
        except StrictJsonError as error:
            if text.lstrip().startswith("{") and not text.rstrip().endswith("}"):
                raise ResultError("Truncated", "the result ends in the middle") from error
            raise ResultError("Malformed", f"the result is not JSON: {error}") from error
        except ValidationError as error:
            raise ResultError("Malformed", _first_problem(error)) from error

    @model_validator(mode="after")
    def _no_counts_without_measuring(self) -> Self:
        if self.outcome != "Measured" and any(report.counts for report in self.kpis):
            raise ValueError(f"{self.outcome}, but a KPI has counts")
        return self


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"the result is not as agreed: {place + ': ' if place else ''}{first['msg']}"
