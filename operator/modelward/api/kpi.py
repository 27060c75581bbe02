"""Data sets, and the measurable requirements on them."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from modelward.api.base import ApiModel
from modelward.api.cel import (
    Schema,
    implies,
    is_one_of,
    rule,
)
from modelward.api.fields import (
    JsonSchema,
    Name,
    PositiveLabel,
    Quantile,
)
from modelward.api.jobs import JobSource
from modelward.api.kpirules import KPI_RULES, SOURCE_RULES
from modelward.api.live import PrometheusSource
from modelward.api.load import MOST_REQUESTS
from modelward.api.metrics import (
    CLASS_METRICS,
    METRICS,
    VALUE_METRICS,
    Metric,
    RowKind,
    row_kind,
)
from modelward.api.objective import Objective
from modelward.api.tokens import Within

MOST_KPIS = 32
MOST_GATES = 16


class BenchmarkSource(ApiModel):
    """A KPI that is measured by a benchmark pod."""

    model_config = ConfigDict(json_schema_extra=SOURCE_RULES)

    metric: Metric
    """What is measured: docs/kpis.md says what each metric is, and how it is judged."""
    dataset: Name | None = None
    """Data set whose rows are asked, for all metrics but those under load."""
    quantile: Quantile | None = None
    """Quantile, for latency and the times of tokens: p50 to p99.9, versus stable to p99."""
    baseline: Literal["copy", "serving"] | None = None
    """Of what is versus stable: which of stable's pods are asked.

    copy: a closed pod of stable that is made for the benchmark and goes with it. serving: those
    that serve users, rows at a gentle rate. Default: copy for latency, else serving. Where one
    KPI needs the copy, all of the benchmark are compared with it.
    """
    within: Within | None = None
    """Limits that an answer keeps to count for goodput."""
    average: Literal["binary", "micro", "macro"] | None = None
    """For precision, recall and f1, as in scikit-learn.

    binary (the default): of positiveLabel alone. macro: the mean over all labels, each counting the
    same. micro: over all rows, which is their accuracy.
    """
    positive_label: PositiveLabel | None = None
    """The label that it is about, as it stands in a row's `expected`: fraud, 1 or true.

    For auroc, brier, and precision, recall and f1 of one label; for logLoss where an answer is the
    probability of one label.
    """
    prediction: str | None = Field(default=None, min_length=1, max_length=256)
    """JMESPath of what this metric needs of an answer. Default: that of the data set.

    A label for precision, recall and f1; a score for auroc; a probability for brier and logLoss; a
    number for mae and rmse. In place of a probability an object of them by label will do, or a list
    of them in the sorted order of the data set's labels.
    """
    json_schema: JsonSchema | None = Field(default=None, alias="schema")
    """JSON Schema that answers must be valid by, for jsonSchema. References stay within it."""
    worst_slice_of: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    """A member of the rows, such as region, by whose values they are cut into slices.

    The KPI is then that of the worst slice, whose name status shows.
    """
    min_rows: Annotated[int, Field(ge=1, le=MOST_REQUESTS)] | None = None
    """Slices of fewer rows are only reported: default 200. For recall its rows with the positive
    label count, for precision those taken for it, for f1 both, for auroc the rarer class.
    """


class Kpi(ApiModel):
    """A measurable requirement."""

    model_config = ConfigDict(json_schema_extra=KPI_RULES)

    name: Name
    """Name of the KPI."""
    benchmark_source: BenchmarkSource | None = Field(default=None, alias="benchmark")
    """Measured by a benchmark pod, before the version gets user traffic."""
    job: JobSource | None = None
    """Measured by an image of your own, in the benchmark pod."""
    prometheus: PrometheusSource | None = None
    """Measured on users' requests, in weight steps, by the counters of a Prometheus."""
    objective: Objective
    """What is good enough."""
    effect: Literal["gate", "report"] = "gate"
    """gate: decides about promotion. report: is only shown."""

    @property
    def benchmark(self) -> BenchmarkSource:
        """What a benchmark pod measures. Only for KPIs that have this source."""
        if self.benchmark_source is None:
            raise ValueError(f"{self.name} is not measured by a benchmark pod")
        return self.benchmark_source

    @property
    def row_kind(self) -> RowKind | None:
        """What rows come to for it; None where nothing is read from rows."""
        source, versus = self.benchmark_source, self.objective.versus is not None
        if source is None:
            return None
        sliced = source.worst_slice_of is not None
        return row_kind(source.metric, source.average, sliced=sliced, versus=versus)

    @property
    def metric(self) -> Metric:
        """What is measured; of users' requests how many fail, or how long they take.

        Not for KPIs of jobs, nor for expressions.
        """
        source = self.prometheus
        if source and not source.query:
            return "latency" if source.latency else "errorRate"
        return self.benchmark.metric

    @property
    def quantile(self) -> str | None:
        """The quantile that it is about; None where it is about none."""
        source = self.benchmark_source or self.prometheus
        return source.quantile if source else None

    @property
    def is_compared_latency(self) -> bool:
        """Whether it is a latency that is compared with stable's, by turns with a closed copy."""
        source = self.benchmark_source
        return source is not None and source.metric == "latency" and bool(self.objective.versus)

    @property
    def is_live(self) -> bool:
        """Whether it is measured on users' requests, in weight steps."""
        return self.prometheus is not None

    @property
    def is_expression(self) -> bool:
        """Whether it is the value of a PromQL expression, which is only shown."""
        return self.prometheus is not None and self.prometheus.query is not None


def in_benchmark(kpis: list[Kpi]) -> list[Kpi]:
    """Return the KPIs of the benchmark step: those that the pod measures, and those of jobs."""
    return [kpi for kpi in kpis if not kpi.is_live]


def live(kpis: list[Kpi]) -> list[Kpi]:
    """Return the KPIs that are measured on users' requests."""
    return [kpi for kpi in kpis if kpi.is_live]


def is_of_requests(kpi: Kpi) -> bool:
    """Tell whether a KPI is judged by a part of all requests, so that its verdict may be false."""
    if kpi.job:
        return kpi.job.measures == "badRequests"
    if kpi.is_live:
        return not kpi.is_expression
    return METRICS[kpi.benchmark.metric].judging == "requests"


def benchmarked(kpis: list[Kpi]) -> list[Kpi]:
    """Return the KPIs that a benchmark pod measures by itself."""
    return [kpi for kpi in kpis if kpi.benchmark_source]


def needs_copy(kpi: Kpi) -> bool:
    """Tell whether a KPI is compared with a closed copy of stable; users' requests never are.

    What a job sends is nobody's to bound, so that pods which serve users are none of its targets.
    """
    source = kpi.benchmark_source
    if kpi.objective.versus is None:
        return False
    if source is None:
        return kpi.job is not None
    return source.baseline == "copy" or kpi.is_compared_latency


def applicable(kpis: list[Kpi], *, has_baseline: bool) -> list[Kpi]:
    """Return the KPIs that can be measured: without a stable revision, none versus stable."""
    return [kpi for kpi in kpis if has_baseline or kpi.objective.versus is None]


def _needs_all_rows(kpi: str) -> str:
    """Return the expression: a KPI on rows is one value of all of them."""
    metric, average = f"{kpi}.benchmark.metric", f"has({kpi}.benchmark.average)"
    return (
        f"{is_one_of(metric, VALUE_METRICS)} || has({kpi}.benchmark.worstSliceOf) || "
        f"{average} && {kpi}.benchmark.average == 'macro' || "
        f"has({kpi}.objective.versus) && {is_one_of(metric, CLASS_METRICS)} && "
        f"!({average} && {kpi}.benchmark.average == 'micro')"
    )


def datasets_are_declared() -> tuple[Schema, ...]:
    """Return the rules for a spec with datasets, load and kpis: names in them must be declared."""
    declared = "self.datasets.exists(d, d.name == {})"
    names_one = "has(k.benchmark) && has(k.benchmark.dataset)"
    whole = (
        "!(has(k.benchmark) && has(k.benchmark.dataset) && has(k.objective.atLeast) "
        "&& string(k.objective.atLeast).startsWith('100')) || "
        "self.datasets.all(d, d.name != k.benchmark.dataset || d.rows != 'sample')"
    )
    exam = (
        f"!(has(k.benchmark) && has(k.benchmark.dataset) && ({_needs_all_rows('k')})) || "
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
        rule(
            f"self.kpis.all(k, {exam})",
            "a sample has no last row, and logLoss, brier, mae, rmse, auroc, averages over labels "
            "and worst slices are values of all rows: say rows: exam of the data set, or make it "
            "another one",
            field=".kpis",
        ),
    )
