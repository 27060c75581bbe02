"""Users' requests as the source of a KPI, and what is kept of them."""

from typing import Annotated

from pydantic import ConfigDict, Field

from modelward.api.base import ApiModel
from modelward.api.cel import Schema, implies, is_duration, is_percent, map_list, rule, rules
from modelward.api.fields import Counted, Duration, Label, Name, Quantile, Time, clip
from modelward.api.objective import percent_between
from modelward.api.promql import Buckets, Expression, Selector
from modelward.api.rollout import MOST_STEPS

LongNote = Annotated[str, clip(512), Field(max_length=512)]
"""A text with what there is to choose from; a longer one is clipped."""

MOST_LIVE_KPIS = 32
"""As many as there may be KPIs."""


class PrometheusSource(ApiModel):
    """A KPI that is measured on users' requests, in the weight steps of a release.

    Selectors of raw counters in the Prometheus that the administrator of the operator has named:
    bad and total, or latency and quantile. Namespace and pods are matched by Modelward. Or an
    expression, whose value is only shown.
    """

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                "[has(self.bad) || has(self.total), has(self.latency) || has(self.quantile), "
                "has(self.query)].filter(given, given).size() == 1 && "
                "has(self.bad) == has(self.total) && has(self.latency) == has(self.quantile)",
                "say one of {bad: errors_total, total: requests_total}, {latency: "
                "request_duration_seconds_bucket, quantile: p95} and {query: sum(queue_length)}",
            )
        )
    )

    bad: Selector | None = None
    """Requests that failed, as in 'requests_total{code=~"5.."}'."""
    total: Selector | None = None
    """All requests, those that failed among them, as in requests_total."""
    latency: Buckets | None = None
    """Buckets of a classic histogram of requests' durations, as in request_duration_seconds_bucket.

    In seconds, in milliseconds where its name ends with _milliseconds_bucket. The limit, and
    `expected`, are bounds of its buckets.
    """
    quantile: Quantile | None = None
    """Quantile of the latency: p50 to p99.9."""
    query: Expression | None = None
    """A PromQL expression with one value, for effect: report.

    $pods in it stands for a regular expression of the names of the revision's pods, as in
    sum(queue_length{pod=~"$pods"}). Only where the operator's administrator has named an address
    that keeps namespaces apart in any expression.
    """


LIVE_RULES = (
    rule(
        implies(
            "has(self.prometheus) && has(self.prometheus.bad) && !has(self.objective.versus)",
            "has(self.objective.atMost) && !has(self.objective.atLeast) && "
            + percent_between("> 0.0", "self.objective.atMost", "< 50.0"),
        ),
        "a share of users' requests has an upper limit above 0% and below 50%, as in {atMost: 2%}",
        field=".objective",
    ),
    rule(
        implies(
            "has(self.prometheus) && has(self.prometheus.bad) && has(self.objective.worseByAtMost)",
            is_percent("self.objective.worseByAtMost"),
        ),
        "users' requests are compared by their errors: say by what part of stable's rate there may "
        "be more, as in {versus: stable, worseByAtMost: 50%}",
        field=".objective.worseByAtMost",
    ),
    rule(
        implies(
            "has(self.prometheus) && has(self.prometheus.latency)",
            "has(self.objective.atMost) && !has(self.objective.atLeast) && "
            f"{is_duration('self.objective.atMost')} && "
            "duration(self.objective.atMost) > duration('0s')",
        ),
        "users' latency has an upper limit, a duration that is a bound of the histogram's buckets, "
        "as in {atMost: 250ms}; it can't be compared with stable's",
        field=".objective",
    ),
    rule(
        implies("has(self.prometheus) && has(self.prometheus.query)", "self.effect == 'report'"),
        "an expression is only shown, because nobody knows how many requests stand behind its "
        "value: say effect: report; bad and total, or latency and quantile, can be a gate",
        field=".effect",
    ),
    rule(
        implies(
            "has(self.prometheus) && has(self.prometheus.query)",
            "!has(self.objective.versus) && !has(self.objective.expected)",
        ),
        "the value of an expression has one limit and nothing beside it, as in {atMost: 100ms} or "
        '{atLeast: "12.5"}',
        field=".objective",
    ),
)
"""Rules for a KPI with a prometheus source."""


def live_gates_have_a_step() -> Schema:
    """Return the rule for a spec with kpis and rollout: users' requests need a weight step."""
    return rule(
        "!self.kpis.exists(k, has(k.prometheus) && k.effect == 'gate') || "
        "self.rollout.steps.exists(s, has(s.weight))",
        "a gate with a prometheus source is measured while users meet the version: give rollout a "
        "weight step, as in - {weight: 10, for: 10m, upTo: 1h}",
        field=".rollout",
    )


class KpiEvidence(ApiModel):
    """What was counted of a KPI."""

    name: Label
    """Name of the KPI."""
    counts: list[Counted] = Field(max_length=8)
    """As they stand in the status of the run that counted them."""


class StepEvidence(ApiModel):
    """What earlier runs of a release counted in one of its weight steps."""

    step: Annotated[int, Field(ge=0, le=MOST_STEPS - 1)]
    """Number of the weight step, the first is 0."""
    kpis: Annotated[
        list[KpiEvidence], Field(max_length=MOST_LIVE_KPIS, json_schema_extra=map_list("name"))
    ]
    """By KPI."""


class LiveStep(ApiModel):
    """The weight step of a release that is judged on users' requests."""

    step: Annotated[int, Field(ge=0, le=MOST_STEPS - 1)]
    """Number of the weight step, the first is 0."""
    steps: Annotated[int, Field(ge=1, le=MOST_STEPS)]
    """Weight steps that the release has."""
    for_: Duration = Field(default="0s", alias="for")
    """How long the step lasts at least: gates must hold at its end."""
    passed_by_hand: Annotated[
        list[Name],
        Field(max_length=MOST_LIVE_KPIS, json_schema_extra={"x-kubernetes-list-type": "set"}),
    ] = Field(default_factory=list)
    """Gates that a person let pass: they can fail, but nobody waits for them."""
    earlier: Annotated[
        list[StepEvidence], Field(max_length=MOST_STEPS, json_schema_extra=map_list("step"))
    ] = Field(default_factory=list)
    """What was counted before, in this step or those before it: rollback evidence goes on."""


class LiveStatus(ApiModel):
    """How far users' requests have been counted."""

    until: Time
    """Windows up to here are among the counts."""
    evidence_at: Time
    """End of the last window in which there was evidence about every gate, or the beginning."""
    window: Duration = "30s"
    """Length of a window."""
    problem: LongNote | None = None
    """What keeps the present window from being evidence."""
    without_value: LongNote | None = None
    """Why an expression has no value."""


NO_EVIDENCE = frozenset(
    {"NoTraffic", "NotScraped", "Unreachable", "QueryRefused", "NotConfigured", "Unusable"}
)
"""Reasons of Inconclusive: there was no evidence about users' requests for two windows."""
