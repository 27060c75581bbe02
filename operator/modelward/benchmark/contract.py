"""What the operator asks of a benchmark pod, and what the pod answers. Both are compact JSON.

The answer travels in the pod's termination message. The kubelet cuts that at 4,096 bytes without a
mark, earlier beside many sidecars, so an answer takes at most 2,048: KPIs are short lists in the
plan's order, and every number in them is a bounded integer (modelward.benchmark.counts). Limits
and shares in the plan are decimals written as strings, so that neither side rounds them.
"""

import json
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    Field,
    ValidationError,
    WithJsonSchema,
    model_serializer,
    model_validator,
)

from modelward.benchmark.bounds import MAX_REQUESTS, MAX_VALUE
from modelward.benchmark.counts import Counts
from modelward.benchmark.jobcontract import PlanJob
from modelward.benchmark.kpidescription import KPI_DESCRIPTION
from modelward.benchmark.message import Exact, Message
from modelward.benchmark.plandataset import PlanColumns, PlanDataset
from modelward.benchmark.plankpi import AskedTwice, Letter, PlanKpi, PlanStart, Repeats
from modelward.benchmark.planload import PlanLoad
from modelward.benchmark.plansubject import PlanSubject
from modelward.strictjson import StrictJsonError, loads_integers

__all__ = [
    "DIGEST_CHARS",
    "MAX_MESSAGE_CHARS",
    "MAX_RESULT_BYTES",
    "MAX_SLICE_CHARS",
    "KpiReport",
    "Letter",
    "Outcome",
    "PlanColumns",
    "PlanDataset",
    "PlanJudgement",
    "PlanKpi",
    "PlanLoad",
    "PlanStart",
    "PlanSubject",
    "Reason",
    "Repeats",
    "ResultError",
    "RunnerPlan",
    "RunnerResult",
]

MAX_RESULT_BYTES = 2_048
MAX_MESSAGE_CHARS = 300
MAX_SLICE_CHARS = 32
DIGEST_CHARS = 16
"""Hex digits of a data set's sha256 that a result repeats."""

Outcome = Literal["Measured", "Unreachable", "DatasetInvalid"]
"""Whether anything was measured at all. Measured also when time ran out on the way."""
Reason = Literal[
    "",
    "NotMeasured",
    "NotDeterministic",
    "GeneratorLagged",
    "RowsUnfit",
    "ClassMissing",
    "SlicesTooSmall",
    "StableUnanswered",
]
"""Why there are no counts; empty where there are, because their verdict follows from them."""


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
    kpis: tuple[PlanKpi, ...] = Field(max_length=32)
    """What the runner measures; only jobs may have something to measure."""
    jobs: tuple[PlanJob, ...] | None = Field(default=None, min_length=1, max_length=3)
    """What images of the user's own measure before it, in containers of the same pod. Absent where
    there are none."""
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
    def _asks_for_something(self) -> Self:
        if not (self.kpis or self.jobs):
            raise ValueError("there is no KPI to measure")
        return self

    @model_validator(mode="after")
    def _has_what_is_compared_with(self) -> Self:
        by_jobs = any(kpi.versus for job in self.jobs or () for kpi in job.kpis)
        if self.baseline is None and (by_jobs or any(kpi.versus for kpi in self.kpis)):
            raise ValueError("baseline is missing, and a KPI is compared with it")
        by_turns = any(kpi.is_compared_latency for kpi in self.kpis)
        if (by_turns or by_jobs) and self.baseline and not self.baseline.closed:
            what = "a latency" if by_turns else "what a job measures"
            raise ValueError(f"{what} is compared, and baseline is not closed to users")
        return self


class KpiReport(Message):
    """One KPI of a result; on the wire a short list: verdict, reason, and its counts.

    `["P","",200,200,187]` is an exam passed with 187 of 200 rows; `["I","NotMeasured"]` a KPI that
    was not reached.
    """

    verdict: Letter
    reason: Reason = ""
    counts: tuple[Annotated[int, Field(ge=0, le=MAX_VALUE)], ...] = Field(default=(), max_length=8)

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
    "description": KPI_DESCRIPTION,
    "type": "array",
    "prefixItems": [{"enum": list(get_args(Letter))}, {"enum": list(get_args(Reason))}],
    "items": {"type": "integer", "minimum": 0, "maximum": MAX_VALUE},
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
    send_delay_micros: int | None = Field(default=None, ge=0, le=99_999_999)
    """How late requests of the load were sent, after they were due: 99 of 100 at most so many
    microseconds. Absent where none was sent."""
    turns_delay_micros: int | None = Field(default=None, ge=0, le=99_999_999)
    """The same of the load that latencies are compared on, sent to two revisions by turns."""
    kpis: tuple[Annotated[KpiReport, WithJsonSchema(_KPI_SCHEMA)], ...] = Field(max_length=32)
    """One for each KPI of the plan, in its order."""
    repeats: tuple[AskedTwice, ...] = Field(default=(), max_length=8)
    """For each data set of the plan, in its order: rows of an exam that were asked twice in this
    attempt, those that the subject answered differently, and those that the baseline did. Where any
    differ, counts of that exam are those of rows drawn with replacement; where that can't show the
    limit, the KPI is NotDeterministic. Absent where none differ."""
    slices: tuple[Annotated[str, Field(max_length=MAX_SLICE_CHARS)], ...] = Field(
        default=(), max_length=32
    )
    """Names of the worst slices, for people: one for each KPI with worstSliceOf, in the plan's
    order, empty where it has no counts. Absent where there are none, or no room for them."""
    message: str = Field(default="", max_length=MAX_MESSAGE_CHARS)
    """What to look at, where something was not measured."""

    def delay_of(self, kpi: PlanKpi) -> int | None:
        """Return how late the load of a KPI was sent, in microseconds; None where none was."""
        return self.turns_delay_micros if kpi.is_compared_latency else self.send_delay_micros

    def followed(self, plan: RunnerPlan) -> RunnerPlan:
        """Return a plan as it was followed: with what was found about the answers to its exams.

        Raises ValueError where this is not about the plan's data sets.
        """
        if self.repeats and len(self.repeats) != len(plan.datasets):
            raise ValueError(f"repeats has {len(self.repeats)} entries, and not one per data set")
        names = (data.name for data in plan.datasets)
        found = dict(zip(names, self.repeats, strict=False))
        kpis = tuple(kpi.repeated(found.get(kpi.dataset or "")) for kpi in plan.kpis)
        return plan.model_copy(update={"kpis": kpis})

    @property
    def longest_delay(self) -> int | None:
        """How late requests were sent, whatever the load, in microseconds."""
        delays = (self.send_delay_micros, self.turns_delay_micros)
        return max((each for each in delays if each is not None), default=None)

    def to_json(self) -> str:
        """Return the termination message: at most 2,048 bytes.

        `message` is cut to what is left; where that is nothing, slices have no names.
        """
        text = _compact(self)
        excess = len(text.encode()) - MAX_RESULT_BYTES
        if excess <= 0:
            return text
        kept = self.message.encode()[: -excess - 1].decode(errors="ignore")
        if not kept and self.slices:
            return self.model_copy(update={"slices": ()}).to_json()
        return _compact(self.model_copy(update={"message": kept}))

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


def _compact(result: RunnerResult) -> str:
    """Return the compact JSON without what says nothing: room is short."""
    empty = {name for name in ("repeats", "slices", "message") if not getattr(result, name)}
    document = result.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=empty)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"the result is not as agreed: {place + ': ' if place else ''}{first['msg']}"
