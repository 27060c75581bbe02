"""Data sets, and the measurable requirements on them."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from modelward.api.base import ApiModel
from modelward.api.cel import (
    Schema,
    form,
    implies,
    is_duration,
    is_percent,
    map_list,
    number,
    rule,
    rules,
    text,
)
from modelward.api.fields import (
    Duration,
    Name,
    ObjectName,
    PositiveDuration,
    Quantile,
    Rate,
)
from modelward.api.latencyrules import latency_versus_stable
from modelward.api.objective import Objective, percent_between
from modelward.api.values import POINTS_FORM

Metric = Literal["accuracy", "errorRate", "latency"]

MOST_DATASETS = 8
MOST_KPIS = 32
MOST_GATES = 16
MOST_REQUESTS = 9_999_999
"""What a benchmark pod can count in one run."""


class ConfigMapKey(ApiModel):
    """A key of a ConfigMap in the resource's namespace."""

    name: ObjectName
    """Name of the ConfigMap."""
    key: Annotated[
        str,
        WithJsonSchema(
            text(
                "^[-._a-zA-Z0-9]+$",
                "say a key of the ConfigMap: letters, digits, dashes, dots and underscores",
                253,
            )
        ),
    ]
    """Key within it."""


class Dataset(ApiModel):
    """Golden rows: JSON lines of {"id", "inputs", "expected"}."""

    name: Name
    """Name that KPIs refer to."""
    config_map: ConfigMapKey
    """Where the rows are."""
    rows: Literal["exam", "sample"] = "exam"
    """exam: these rows are the requirement itself. Each is read once; of a thousand or more, where
    that takes longer than a minute, only as many as show what all of them would.
    sample: they stand for traffic. Rows are drawn again and again, until it is shown what share of
    answers is right. For models that answer at random.
    """
    prediction: str | None = Field(default=None, min_length=1, max_length=256)
    """JMESPath of the prediction in the server's answer.

    Default: outputs[0].data[0] for protocol v2, prediction for http.
    """


class Load(ApiModel):
    """Load of the benchmark step. The rows of a data set are the payload."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                f"type(self.rate) != string || !self.rate.endsWith('/s') "
                f"|| !({is_duration('self.__for__')}) || {number('self.rate', '/s')} "
                f"* double(duration(self.__for__).getMilliseconds()) <= {MOST_REQUESTS}000.0",
                f"one run sends at most {MOST_REQUESTS} requests: lower rate or for",
            )
        )
    )

    rate: Rate = "10/s"
    """Requests per second, for example 20/s, on a fixed schedule whether or not answers come."""
    for_: PositiveDuration = Field(default="1m", alias="for")
    """The longest that load is sent after warm-up and calibration, for example 2m."""
    warm_up: Duration = "5s"
    """How long load is sent before anything is counted."""
    dataset: Name | None = None
    """Data set whose rows are sent. Default: the first one."""


class BenchmarkSource(ApiModel):
    """A KPI that is measured by a benchmark pod."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            rule(
                implies("self.metric == 'accuracy'", "has(self.dataset)"),
                "accuracy is counted on a data set: name it, as in "
                "{metric: accuracy, dataset: golden}",
            ),
            rule(
                implies("has(self.dataset)", "self.metric == 'accuracy'"),
                "only accuracy names a data set: remove dataset here; the rows that errorRate and "
                "latency send are those of load.dataset",
            ),
            rule(
                implies("self.metric == 'latency'", "has(self.quantile)"),
                "say which quantile of the latency, as in {metric: latency, quantile: p95}",
            ),
            rule(
                implies("has(self.quantile)", "self.metric == 'latency'"),
                "only latency has a quantile: remove it",
            ),
        )
    )

    metric: Metric
    """accuracy (share of rows answered as expected), errorRate or latency."""
    dataset: Name | None = None
    """Data set, for accuracy."""
    quantile: Quantile | None = None
    """Quantile, for latency: p50 to p99.9, versus stable to p99."""
    baseline: Literal["copy", "serving"] | None = None
    """Of what is versus stable: which of stable's pods are asked.

    copy: a closed pod of stable that is made for the benchmark and goes with it. serving: those
    that serve users, rows at a gentle rate. Default: copy for latency, else serving. Where one
    KPI needs the copy, all are compared with it.
    """


def _for_metric(metric: str, expression: str) -> str:
    return implies(f"has(self.benchmark) && self.benchmark.metric == '{metric}'", expression)


def _limit_for_metric(metric: str, expression: str) -> str:
    """Return the expression for a limit of the KPI's own; what is versus stable needs none."""
    return _for_metric(metric, f"has(self.objective.versus) || {expression}")


_KPI_RULES = rules(
    # A list of all sources, so that others can join.
    rule(
        "[has(self.benchmark)].filter(given, given).size() == 1",
        "say where this KPI is measured, by exactly one source, as in "
        "benchmark: {metric: accuracy, dataset: golden}",
    ),
    rule(
        _limit_for_metric(
            "accuracy",
            "has(self.objective.atLeast) && !has(self.objective.atMost) && "
            + percent_between("> 0.0", "self.objective.atLeast", "<= 100.0"),
        ),
        "accuracy has a lower limit above 0%, as in {atLeast: 92%}",
        field=".objective",
    ),
    rule(
        _limit_for_metric("accuracy", "!has(self.objective.expected)"),
        "remove expected: the share of right rows has one limit, and exam rows are the requirement "
        "itself",
        field=".objective.expected",
    ),
    rule(
        _limit_for_metric(
            "errorRate",
            "has(self.objective.atMost) && !has(self.objective.atLeast) && "
            + percent_between("> 0.0", "self.objective.atMost", "< 50.0"),
        ),
        "errorRate has an upper limit above 0% and below 50%, as in {atMost: 2%}",
        field=".objective",
    ),
    rule(
        _for_metric(
            "errorRate",
            "!has(self.objective.worseByAtMost) || "
            f"{is_percent('self.objective.worseByAtMost')} || "
            f"{form('self.objective.worseByAtMost', POINTS_FORM)} && "
            f"{number('self.objective.worseByAtMost', 'pp')} > 0.0",
        ),
        "say a margin above 0pp, as in {versus: stable, worseByAtMost: 0.5pp}: no number of "
        "requests shows that two error rates are equal",
        field=".objective.worseByAtMost",
    ),
    rule(
        _for_metric(
            "accuracy",
            "!has(self.objective.worseByAtMost) || "
            f"{form('self.objective.worseByAtMost', POINTS_FORM)}",
        ),
        "say by how many percentage points accuracy may be below that of stable, as in "
        "{versus: stable, worseByAtMost: 1pp}",
        field=".objective.worseByAtMost",
    ),
    *latency_versus_stable(),
    rule(
        _limit_for_metric(
            "latency",
            "has(self.objective.atMost) && !has(self.objective.atLeast) && "
            f"{is_duration('self.objective.atMost')} && "
            "duration(self.objective.atMost) > duration('0s')",
        ),
        "latency has an upper limit, a duration above 0s, as in {atMost: 250ms}",
        field=".objective",
    ),
)


def _kpi_schema(schema: dict[str, Any]) -> None:
    """Leave a missing source to our rule, which says what to write."""
    schema["required"].remove("benchmark")
    schema.update(_KPI_RULES)


class Kpi(ApiModel):
    """A measurable requirement."""

    model_config = ConfigDict(json_schema_extra=_kpi_schema)

    name: Name
    """Name of the KPI."""
    benchmark: BenchmarkSource
    """Measured by a benchmark pod, before the version gets user traffic."""
    objective: Objective
    """What is good enough."""
    effect: Literal["gate", "report"] = "gate"
    """gate: decides about promotion. report: is only shown."""


def needs_copy(kpi: Kpi) -> bool:
    """Tell whether a KPI is compared with a closed copy of stable."""
    on_copy = kpi.benchmark.baseline == "copy" or kpi.benchmark.metric == "latency"
    return kpi.objective.versus is not None and on_copy


def applicable(kpis: list[Kpi], *, has_baseline: bool) -> list[Kpi]:
    """Return the KPIs that can be measured: without a stable revision, none versus stable."""
    return [kpi for kpi in kpis if has_baseline or kpi.objective.versus is None]


Datasets = Annotated[
    list[Dataset],
    Field(min_length=1, max_length=MOST_DATASETS, json_schema_extra=map_list("name")),
]


def datasets_are_declared() -> tuple[Schema, ...]:
    """Return the rules for a spec with datasets, load and kpis: names in them must be declared."""
    declared = "self.datasets.exists(d, d.name == {})"
    names_one = "has(k.benchmark) && has(k.benchmark.dataset)"
    whole = (
        "!(has(k.benchmark) && has(k.benchmark.dataset) && has(k.objective.atLeast) "
        "&& string(k.objective.atLeast).startsWith('100')) || "
        "self.datasets.all(d, d.name != k.benchmark.dataset || d.rows != 'sample')"
    )
    return (
        rule(
            implies("has(self.load.dataset)", declared.format("self.load.dataset")),
            "there is no such data set in spec.datasets: declare it there, or correct the name",
            field=".load.dataset",
        ),
        rule(
            f"self.kpis.all(k, {implies(names_one, declared.format('k.benchmark.dataset'))})",
            "a KPI's benchmark.dataset is not in spec.datasets: declare it there, or correct the "
            "name",
            field=".kpis",
        ),
        rule(
            f"self.kpis.all(k, {whole})",
            "a sample can't show that 100% of all answers are right: say a limit below, such as "
            "99.9%, or rows: exam",
            field=".kpis",
        ),
    )
