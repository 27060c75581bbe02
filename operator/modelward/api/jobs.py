"""KPIs that an image of the user's own measures."""

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from modelward.api.base import ApiModel
from modelward.api.cel import Schema, implies, map_list, rule
from modelward.api.fields import Name
from modelward.api.objective import percent_between

MOST_JOBS = 3
"""All containers of a pod share 12 KiB for what they leave: more would cut each other's results."""

Measures = Literal["rightRows", "badRequests", "value"]

Word = Annotated[str, Field(max_length=4096)]
_VARIABLE: Schema = {
    "type": "object",
    "description": "An environment variable, as in a container.",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": 128, "description": "Name of the variable."},
        "value": {"type": "string", "maxLength": 1024, "description": "Its value."},
    },
    "x-kubernetes-preserve-unknown-fields": True,
}


class JobSource(ApiModel):
    """A KPI that a job of spec.jobs measures."""

    name: Name
    """Name of the job."""
    measures: Measures
    """rightRows: rows that were answered rightly, of all rows; judged exactly.
    badRequests: requests that failed or were too slow, of all that were sent; judged as an error
    rate, by the dispersion that the job tells or else by one of 1.5.
    value: one value in the unit of the limit; compared exactly, whatever it was measured on.
    """


class Job(ApiModel):
    """An image that measures KPIs, before the benchmark's own rows and load.

    It finds its plan in the file that MODELWARD_PLAN names, and leaves its result in the one that
    MODELWARD_RESULT names: docs/evidence.md has the contract, and a helper.
    """

    name: Name
    """Name that KPIs refer to; the container's is job-<name>."""
    image: Annotated[str, Field(min_length=1, max_length=1024)]
    """Image to run."""
    command: Annotated[list[Word], Field(max_length=8)] = Field(default_factory=list)
    """Command in place of the image's own."""
    args: Annotated[list[Word], Field(max_length=16)] = Field(default_factory=list)
    """Arguments."""
    env: Annotated[
        list[Annotated[dict[str, Any], WithJsonSchema(_VARIABLE)]],
        Field(max_length=16, json_schema_extra=map_list("name")),
    ] = Field(default_factory=list)
    """Environment variables."""
    run_as_user: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """Number of the user; where the image names none, or names one without a number."""


Jobs = Annotated[list[Job], Field(max_length=MOST_JOBS, json_schema_extra=map_list("name"))]


def _for_job(measures: Measures, expression: str) -> str:
    return implies(f"has(self.job) && self.job.measures == '{measures}'", expression)


JOB_KPI_RULES = (
    rule(
        implies("has(self.job)", "!has(self.objective.versus)"),
        "what a job measures can't be compared with stable: say a limit (atMost or atLeast)",
        field=".objective.versus",
    ),
    rule(
        _for_job(
            "rightRows",
            "has(self.objective.atLeast) && !has(self.objective.expected) && "
            + percent_between("> 0.0", "self.objective.atLeast", "<= 100.0"),
        ),
        "the share of right rows has a lower limit above 0% and nothing else, as in {atLeast: 92%}",
        field=".objective",
    ),
    rule(
        _for_job(
            "badRequests",
            "has(self.objective.atMost) && "
            + percent_between("> 0.0", "self.objective.atMost", "< 50.0"),
        ),
        "the share of bad requests has an upper limit above 0% and below 50%, as in "
        "{atMost: 2%, expected: 1%}",
        field=".objective",
    ),
    rule(
        _for_job("value", "!has(self.objective.expected)"),
        "remove expected: a value is compared with one limit",
        field=".objective.expected",
    ),
)
"""Rules about a KPI."""


def jobs_are_declared() -> Schema:
    """Return the rule for a spec with jobs and kpis: names in them must be declared."""
    return rule(
        "self.kpis.all(k, !has(k.job) || has(self.jobs) && "
        "self.jobs.exists(j, j.name == k.job.name))",
        "a KPI's job.name is not in spec.jobs: declare it there, or correct the name",
        field=".kpis",
    )
