"""What a user's own image is asked, and what it answers: docs/evidence.md for those who write one.

It is asked by the plan of the benchmark pod, in which its part is one of `jobs`. It answers by its
termination message, like the runner. Verdicts are the operator's: it counts, or gives a value.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from modelward.benchmark.bounds import MAX_DISPERSION, MAX_REQUESTS
from modelward.benchmark.message import Message
from modelward.strictjson import StrictJsonError, loads_integers

MAX_RESULT_BYTES = 2_048
VALUE_FORM = (
    r"^[0-9]{1,7}(\.[0-9]{1,6})?$|^[0-9]{1,3}(\.[0-9]{1,6})?%$|^([0-9.]+(h|m|s|ms))+$"
    r"|^[0-9]{1,6}(\.[0-9]{1,3})?/s$"
)

KpiName = Annotated[str, Field(max_length=63)]


class PlanJobKpi(Message):
    """A KPI that a job measures; its limits as the user wrote them (250ms, 2%, 0.35)."""

    name: KpiName
    measures: Literal["rightRows", "badRequests", "value"]
    """What is to be reported: right ones of all rows, bad ones of all requests, or one value."""
    at_most: str | None = None
    """Upper limit. Of a value: it must not be larger."""
    at_least: str | None = None
    """Lower limit."""
    expected: str | None = None
    versus: Literal["stable"] | None = None
    """Present where the same requests are to be sent to the plan's baseline, too."""
    worse_by_at_most: str | None = None
    """With versus: by what part of stable's share of bad requests its own may be larger (50%)."""
    unless_below: str | None = None
    """With versus: a share of bad requests that is good enough, whatever stable's is (0.1%)."""
    effect: Literal["gate", "report"]


class PlanJob(Message):
    """An image of the user's own, and its KPIs."""

    name: str = Field(max_length=40)
    """Also in the container's environment, as MODELWARD_JOB."""
    kpis: tuple[PlanJobKpi, ...] = Field(min_length=1, max_length=32)


Count = Annotated[int, Field(ge=0, le=MAX_REQUESTS)]


class Measurement(Message):
    """What a job found about one KPI: the members of what the KPI measures, and no others."""

    rows: Annotated[int, Field(ge=1, le=MAX_REQUESTS)] | None = None
    """All rows."""
    right: Count | None = None
    """Those that were answered rightly."""
    requests: Annotated[int, Field(ge=1, le=MAX_REQUESTS)] | None = None
    """All requests that count."""
    bad: Count | None = None
    """Those that failed, or were too slow."""
    dispersion: Annotated[int, Field(ge=100, le=MAX_DISPERSION)] | None = None
    """Beside requests: how much larger the variance of bad requests in stretches of time is than it
    would be of independent ones, in hundredths. Absent: it is not known, and 150 is assumed, which
    is enough to pass and not to fail."""
    baseline_bad: Count | None = None
    """Versus stable, beside requests: of as many requests that were sent to it, the bad ones."""
    dispersion_of_shares: Annotated[int, Field(ge=100, le=MAX_DISPERSION)] | None = None
    """Versus stable: the same of the version's share of all bad requests."""
    value: str | None = Field(default=None, max_length=32, pattern=VALUE_FORM)
    """A value in the unit of the KPI's limit: "231.5ms", "92.4%", "18/s", "0.31".
    Not negative."""

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if not any(needed <= given <= needed | may for needed, may in _KINDS):
            raise ValueError(
                "say rows and right, or requests and bad (versus stable with baselineBad; with "
                "dispersion, and then dispersionOfShares, where they are known), or value"
            )
        bad = max(self.bad or 0, self.baseline_bad or 0)
        if (self.right or 0) > (self.rows or 0) or bad > (self.requests or 0):
            raise ValueError("a part is larger than the whole")
        return self


_KINDS: tuple[tuple[set[str], set[str]], ...] = (
    ({"rows", "right"}, set()),
    ({"value"}, set()),
    ({"requests", "bad"}, {"dispersion"}),
    ({"requests", "bad", "baseline_bad"}, {"dispersion", "dispersion_of_shares"}),
)
"""What must be told together, and what may be beside it."""


class JobResult(Message):
    """What a job measured: its termination message, at most 2,048 bytes."""

    v: Literal[1]
    nonce: str = Field(pattern="^[0-9a-f]{16}$")
    """That of the plan."""
    revision: str = Field(pattern="^[a-z0-9]+$", max_length=20)
    """That of the plan's subject."""
    job: str = Field(max_length=40)
    """MODELWARD_JOB."""
    datasets: dict[Annotated[str, Field(max_length=63)],
                   Annotated[str, Field(pattern="^[0-9a-f]{16}$")]] = Field(
        default_factory=dict, max_length=8
    )  # fmt: skip
    """First 16 hex digits of the sha256 of each data set that was used, as it was found."""
    kpis: dict[KpiName, Measurement] = Field(max_length=32)
    """By name. A KPI that could not be measured is left out: it is Inconclusive."""
    message: str = Field(default="", max_length=300)
    """What to look at, where a KPI was not measured."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the result that a termination message holds.

        Raises ValueError with what is wrong with it.
        """
        if not text.strip():
            raise ValueError("it left no result")
        if len(text.encode(errors="replace")) > MAX_RESULT_BYTES:
            raise ValueError(f"its result is longer than {MAX_RESULT_BYTES} bytes")
        try:
            loads_integers(text)
            return cls.model_validate_json(text)
        except StrictJsonError as error:
            raise ValueError(f"its result is not JSON: {error}") from error
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"its result is not as agreed: {place}: {first['msg']}") from error
