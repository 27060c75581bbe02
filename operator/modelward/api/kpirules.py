"""Rules in the CRDs about KPIs: which fields a metric takes, and which objectives."""

from modelward.api.cel import (
    form,
    implies,
    is_duration,
    is_one_of,
    is_percent,
    is_rate,
    number,
    rule,
    rules,
)
from modelward.api.jobs import JOB_KPI_RULES
from modelward.api.latencyrules import LATENCY_RULES
from modelward.api.live import LIVE_RULES
from modelward.api.metrics import (
    CLASS_METRICS,
    METRICS,
    ROW_METRICS,
    SHOWN_METRICS,
    TIME_METRICS,
    Metric,
    metrics_where,
)
from modelward.api.objective import percent_between
from modelward.api.values import NUMBER_FORM, POINTS_FORM

SHARES = tuple(each for each in ROW_METRICS if METRICS[each].unit == "percent")
AMOUNTS = metrics_where(unit="number")
STREAMED_TIMES = tuple(each for each in TIME_METRICS if METRICS[each].streamed)
_ABOUT_ONE_LABEL: tuple[Metric, ...] = ("auroc", "brier")


def _named(metrics: tuple[Metric, ...]) -> str:
    """Return names of metrics for people: `mae, rmse and brier`."""
    return f"{', '.join(metrics[:-1])} and {metrics[-1]}"


def _metric(metrics: tuple[Metric, ...], path: str = "self.metric") -> str:
    return is_one_of(path, metrics)


_BINARY = f"{_metric(CLASS_METRICS)} && (!has(self.average) || self.average == 'binary')"

SOURCE_RULES = rules(
    rule(
        implies(_metric(ROW_METRICS), "has(self.dataset)"),
        "this metric is counted on the rows of a data set: name it, as in "
        "{metric: accuracy, dataset: golden}",
    ),
    rule(
        implies("has(self.dataset)", _metric(ROW_METRICS)),
        "only metrics of rows name a data set: remove dataset here; the rows that errorRate and "
        "latency send are those of load.dataset",
    ),
    rule(
        implies(_metric(TIME_METRICS), "has(self.quantile)"),
        "say which quantile of the time, as in {metric: latency, quantile: p95}",
    ),
    rule(
        implies("has(self.quantile)", _metric(TIME_METRICS)),
        f"only {_named(TIME_METRICS)} have a quantile: remove it",
    ),
    rule(
        "has(self.within) == (self.metric == 'goodput')",
        "goodput counts the answers within limits, and no other metric has these: say {metric: "
        "goodput, within: {timeToFirstToken: 500ms}}, or remove within",
    ),
    rule(
        implies("has(self.average)", _metric(CLASS_METRICS)),
        f"only {_named(CLASS_METRICS)} have an average: remove it",
    ),
    rule(
        implies(
            f"{_BINARY} || {_metric(_ABOUT_ONE_LABEL)}",
            "has(self.positiveLabel)",
        ),
        "say which label counts as positive, as in {metric: recall, dataset: golden, "
        "positiveLabel: fraud}; precision, recall and f1 of all labels have average: macro or "
        "micro",
    ),
    rule(
        implies(
            "has(self.positiveLabel)",
            f"{_BINARY} || {_metric((*_ABOUT_ONE_LABEL, 'logLoss'))}",
        ),
        "no label counts more than others here: remove positiveLabel, or for precision, recall and "
        "f1 the average",
    ),
    rule(
        "has(self.schema) == (self.metric == 'jsonSchema')",
        "metric jsonSchema and a schema belong together, as in {metric: jsonSchema, dataset: "
        "golden, schema: {type: object, required: [label]}}",
    ),
    rule(
        implies(
            "has(self.worstSliceOf) || has(self.prediction)",
            _metric(ROW_METRICS),
        ),
        "only metrics of rows have worstSliceOf and prediction: remove them",
    ),
    rule(
        implies("has(self.minRows)", "has(self.worstSliceOf)"),
        "minRows says how small a slice may be: say worstSliceOf as well, or remove it",
    ),
)


def _for(metrics: tuple[Metric, ...], expression: str) -> str:
    given = f"has(self.benchmark) && {_metric(metrics, 'self.benchmark.metric')}"
    return implies(given, expression)


def _limit_for(metrics: tuple[Metric, ...], expression: str) -> str:
    """Return the expression for a limit of the KPI's own; what is versus stable needs none."""
    return _for(metrics, f"has(self.objective.versus) || {expression}")


_MARGIN = "self.objective.worseByAtMost"

KPI_RULES = rules(
    # A list of all sources, so that others can join.
    rule(
        "[has(self.benchmark), has(self.job), has(self.prometheus)]"
        ".filter(given, given).size() == 1",
        "say where this KPI is measured, by exactly one source, as in "
        "benchmark: {metric: accuracy, dataset: golden} or "
        "prometheus: {bad: errors_total, total: requests_total}",
    ),
    *JOB_KPI_RULES,
    *LIVE_RULES,
    rule(
        _limit_for(
            SHARES,
            "has(self.objective.atLeast) && !has(self.objective.atMost) && "
            + percent_between("> 0.0", "self.objective.atLeast", "<= 100.0"),
        ),
        f"{_named(SHARES)} have a lower limit above 0%, as in {{atLeast: 92%}}: more is better",
        field=".objective",
    ),
    rule(
        _limit_for(
            ("auroc",),
            f"!has(self.objective.atLeast) || !({is_percent('self.objective.atLeast')}) || "
            f"{number('self.objective.atLeast', '%')} > 50.0",
        ),
        "say a limit above 50% for auroc: a model that gives all rows the same score has 50%",
        field=".objective.atLeast",
    ),
    rule(
        _limit_for(
            AMOUNTS,
            "has(self.objective.atMost) && !has(self.objective.atLeast) && "
            + form("self.objective.atMost", NUMBER_FORM),
        ),
        f"{_named(AMOUNTS)} have an upper limit, a number in quotes and without a unit, as in "
        '{atMost: "0.35"}: less is better',
        field=".objective",
    ),
    rule(
        _limit_for(ROW_METRICS, "!has(self.objective.expected)"),
        "remove expected: what is counted on rows has one limit, and exam rows are the requirement "
        "itself",
        field=".objective.expected",
    ),
    rule(
        _limit_for(
            ("errorRate",),
            "has(self.objective.atMost) && !has(self.objective.atLeast) && "
            + percent_between("> 0.0", "self.objective.atMost", "< 50.0"),
        ),
        "errorRate has an upper limit above 0% and below 50%, as in {atMost: 2%}",
        field=".objective",
    ),
    rule(
        _for(
            ("errorRate",),
            f"!has({_MARGIN}) || {is_percent(_MARGIN)} || "
            f"{form(_MARGIN, POINTS_FORM)} && {number(_MARGIN, 'pp')} > 0.0",
        ),
        "say a margin above 0pp, as in {versus: stable, worseByAtMost: 0.5pp}: no number of "
        "requests shows that two error rates are equal",
        field=".objective.worseByAtMost",
    ),
    rule(
        _for(SHARES, f"!has({_MARGIN}) || {form(_MARGIN, POINTS_FORM)}"),
        "say by how many percentage points it may be below that of stable, as in "
        "{versus: stable, worseByAtMost: 1pp}",
        field=".objective.worseByAtMost",
    ),
    rule(
        _for(AMOUNTS, f"!has({_MARGIN}) || {form(_MARGIN, NUMBER_FORM)}"),
        "say by how much it may be above that of stable, a number in quotes, as in "
        '{versus: stable, worseByAtMost: "0.01"}',
        field=".objective.worseByAtMost",
    ),
    rule(
        implies(
            "has(self.benchmark) && has(self.benchmark.worstSliceOf)",
            "!has(self.objective.versus)",
        ),
        "a worst slice has a limit of its own, such as {atLeast: 85%}: the slices that are worst "
        "for two versions need not be the same",
        field=".objective.versus",
    ),
    *LATENCY_RULES,
    rule(
        _for(STREAMED_TIMES, "!has(self.objective.versus)"),
        "times of tokens can't be compared with stable's: say a limit, as in {atMost: 250ms}; "
        "latency, errorRate and metrics of rows can be versus: stable",
        field=".objective.versus",
    ),
    rule(
        _limit_for(
            TIME_METRICS,
            "has(self.objective.atMost) && !has(self.objective.atLeast) && "
            f"{is_duration('self.objective.atMost')} && "
            "duration(self.objective.atMost) > duration('0s')",
        ),
        "a time has an upper limit, a duration above 0s, as in {atMost: 250ms}",
        field=".objective",
    ),
    rule(
        _for(SHOWN_METRICS, "self.effect == 'report'"),
        f"{_named(SHOWN_METRICS)} are only shown, because no test of them with known error "
        "probabilities is at hand: say effect: report; errors and times can be gates",
        field=".effect",
    ),
    rule(
        _for(
            SHOWN_METRICS,
            "has(self.objective.atLeast) && !has(self.objective.expected) && "
            + is_rate("self.objective.atLeast"),
        ),
        "a rate has a lower limit and nothing beside it, as in {atLeast: 18/s}",
        field=".objective",
    ),
)
