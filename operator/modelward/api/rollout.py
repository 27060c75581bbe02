"""How a new revision replaces the old one, and how sure verdicts are."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from modelward.api.base import ApiModel
from modelward.api.cel import form, implies, is_duration, rule, rules
from modelward.api.fields import Count, Duration, PositiveDuration, Probability

MOST_STEPS = 16


class BenchmarkStep(ApiModel):
    """Judge the candidate before it gets user traffic."""

    up_to: PositiveDuration = "20m"
    """The longest that the judgement may take, repeated attempts included."""


class PauseStep(ApiModel):
    """Wait until a person promotes."""


class Step(ApiModel):
    """One step of a rollout: exactly one of benchmark, weight and pause."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                "[has(self.benchmark), has(self.weight), has(self.pause)]"
                ".filter(given, given).size() == 1",
                "say exactly one of benchmark, weight and pause; each is a step of its own",
            ),
            rule(
                implies("has(self.__for__) || has(self.upTo)", "has(self.weight)"),
                "for and upTo belong to a weight step; a benchmark has its own, as in "
                "benchmark: {upTo: 20m}",
            ),
            rule(
                implies(
                    f"has(self.__for__) && {is_duration('self.__for__')} "
                    f"&& (!has(self.upTo) || {is_duration('self.upTo')})",
                    "!has(self.upTo) || duration(self.upTo) >= duration(self.__for__)",
                ),
                "upTo is the longest that the step may take: say at least as much as for",
                field=".upTo",
            ),
        )
    )

    benchmark: BenchmarkStep | None = None
    """Judge the candidate before it gets user traffic."""
    weight: int | None = Field(default=None, ge=1, le=99)
    """Percentage of the serving pods that are the candidate's; 100 follows after the last step."""
    for_: Duration | None = Field(default=None, alias="for")
    """With weight: how long the candidate must hold its share. Default: 0s."""
    up_to: PositiveDuration | None = None
    """With weight: the longest that the step may take. Default: 1h, or for where that is longer."""
    pause: PauseStep | None = None
    """Wait until a person promotes."""


DEFAULT_STEPS = (
    Step(benchmark=BenchmarkStep(up_to="20m")),
    Step(weight=50, for_="2m", up_to="20m"),
)

Steps = Annotated[
    tuple[Step, ...],
    Field(
        min_length=1,
        max_length=MOST_STEPS,
        json_schema_extra={
            "x-kubernetes-list-type": "atomic",
            **rules(
                rule(
                    "self.exists(s, has(s.benchmark))",
                    "the gates are measured in a benchmark step: begin with "
                    "- benchmark: {upTo: 20m}",
                ),
                rule(
                    "self.filter(s, has(s.benchmark) || has(s.weight))"
                    ".map(s, has(s.weight) ? 1 : 0).isSorted()",
                    "benchmark steps come before the first weight",
                ),
                rule(
                    "self.filter(s, has(s.weight)).map(s, s.weight).isSorted()",
                    "weights never fall from step to step: put them in rising order",
                ),
            ),
        },
    ),
]


def _is_none(path: str) -> str:
    return f"{path} == 0 || {form(path, '^0+%$')}"


class Rollout(ApiModel):
    """How a new revision replaces the old one."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                f"!(({_is_none('self.maxSurge')}) && ({_is_none('self.maxUnavailable')}))",
                "maxSurge and maxUnavailable can't both be 0: no pod could ever be replaced",
            ),
            rule(
                implies(
                    is_duration("self.progressDeadline"),
                    "duration(self.progressDeadline).getSeconds() > self.minReadySeconds",
                ),
                "progressDeadline must be longer than minReadySeconds",
                field=".progressDeadline",
            ),
        )
    )

    steps: Steps = DEFAULT_STEPS
    """Steps of a release, in order."""
    max_surge: Count = "25%"
    """Pods above the number of replicas during a release; a percentage is rounded up."""
    max_unavailable: Count = 0
    """Ready pods that may be missing during a release; a percentage is rounded down."""
    min_ready_seconds: int = Field(default=0, ge=0, le=3600)
    """How long a pod must be ready to count as available."""
    drain_delay: Duration = "2s"
    """Time between closing a revision and deleting its pods."""
    progress_deadline: PositiveDuration = "15m"
    """How long a release may wait for the candidate's pods before it is rolled back."""
    revision_history_limit: int = Field(default=5, ge=0, le=100)
    """How many old revisions are kept, with their evidence."""


class Judgement(ApiModel):
    """How sure verdicts are."""

    false_promotion: Probability = "5%"
    """Probability that a version beyond a limit is promoted, at most."""
    false_rollback: Probability = "5%"
    """Probability that a healthy version is rolled back, at most."""
    on_inconclusive: Literal["withdraw", "hold", "rollback"] = "withdraw"
    """When no verdict is reached in time.

    withdraw: weight 0, wait for a person. hold: keep the weight, wait for a person. rollback.
    """
