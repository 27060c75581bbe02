"""The metrics that a benchmark measures: units, directions, and how each is judged.

The schema's rules, the plan of a benchmark, its evidence and the table in docs/kpis.md all follow
from `METRICS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Metric = Literal[
    "accuracy",
    "precision",
    "recall",
    "f1",
    "exactMatch",
    "contains",
    "jsonSchema",
    "auroc",
    "logLoss",
    "brier",
    "mae",
    "rmse",
    "errorRate",
    "latency",
    "timeToFirstToken",
    "interTokenLatency",
    "timePerOutputToken",
    "requestsPerSecond",
    "tokensPerSecond",
    "goodput",
]
Unit = Literal["percent", "number", "duration", "rate"]
"""percent: 92%. number: a decimal in quotes, "0.35". duration: 250ms. rate: 500/s."""
Direction = Literal["atLeast", "atMost"]
Source = Literal["rows", "load"]
"""rows: the rows of a data set, each with its right answer. load: requests on a schedule."""
Judging = Literal["answers", "classes", "values", "requests", "shown"]
"""answers: each row is right or wrong. classes: rows count by what they are and what they were
taken for. values: one number for all rows. requests: each is good or bad. shown: not judged, for
want of a test with known error probabilities."""


RowKind = Literal["answers", "classes", "values", "slices"]
"""What rows come to for one KPI: as its metric is judged, or the value of the worst slice."""


@dataclass(frozen=True)
class MetricKind:
    """What a metric is."""

    unit: Unit
    direction: Direction
    source: Source
    judging: Judging
    about: str
    """What it is, for people."""
    example: str
    """An objective in YAML."""
    options: str = ""
    """What the benchmark says beside metric and dataset, in YAML."""
    worst_loss: bool = False
    """Of values: whether an answer can be no worse than some value, which a failed one gets."""
    versus: str = ""
    """A margin for `versus: stable`; empty where it can't be compared."""
    streamed: bool = False
    """True where only answers have it that come in parts, as tokens do."""


_CLASSES = ", positiveLabel: fraud"

METRICS: Mapping[Metric, MetricKind] = {
    "accuracy": MetricKind(
        "percent", "atLeast", "rows", "answers",
        "share of rows that are answered as expected, compared as JSON",
        "{atLeast: 92%}", versus="1pp",
    ),
    "precision": MetricKind(
        "percent", "atLeast", "rows", "classes",
        "share of the rows taken for the positive label that have it",
        "{atLeast: 90%}", _CLASSES, versus="1pp",
    ),
    "recall": MetricKind(
        "percent", "atLeast", "rows", "classes",
        "share of the rows with the positive label that are taken for it",
        "{atLeast: 85%}", _CLASSES, versus="1pp",
    ),
    "f1": MetricKind(
        "percent", "atLeast", "rows", "classes",
        "harmonic mean of precision and recall",
        "{atLeast: 88%}", ", average: macro", versus="1pp",
    ),
    "exactMatch": MetricKind(
        "percent", "atLeast", "rows", "answers",
        "share of texts that are the expected one, or one of a list, but for space around them",
        "{atLeast: 80%}", versus="1pp",
    ),
    "contains": MetricKind(
        "percent", "atLeast", "rows", "answers",
        "share of texts that hold the expected one, or one of a list",
        "{atLeast: 80%}", versus="1pp",
    ),
    "jsonSchema": MetricKind(
        "percent", "atLeast", "rows", "answers",
        "share of answers that are valid by a JSON Schema; a text is read as JSON first",
        "{atLeast: 99%}", ", schema: {type: object, required: [label]}", versus="1pp",
    ),
    "auroc": MetricKind(
        "percent", "atLeast", "rows", "values",
        "probability that a row with the positive label scores higher than one without",
        "{atLeast: 95%}", _CLASSES, worst_loss=True, versus="1pp",
    ),
    "logLoss": MetricKind(
        "number", "atMost", "rows", "values",
        "mean of -ln of the probability of the right label",
        '{atMost: "0.35"}', worst_loss=True, versus='"0.01"',
    ),
    "brier": MetricKind(
        "number", "atMost", "rows", "values",
        "mean squared error of the probability of the positive label",
        '{atMost: "0.08"}', _CLASSES, worst_loss=True, versus='"0.01"',
    ),
    "mae": MetricKind(
        "number", "atMost", "rows", "values",
        "mean absolute error of a number",
        '{atMost: "2.5"}', versus='"0.1"',
    ),
    "rmse": MetricKind(
        "number", "atMost", "rows", "values",
        "root of the mean squared error of a number",
        '{atMost: "4"}', versus='"0.1"',
    ),
    "errorRate": MetricKind(
        "percent", "atMost", "load", "requests",
        "share of requests that fail",
        "{atMost: 2%, expected: 1%}", versus="0.5pp",
    ),
    "latency": MetricKind(
        "duration", "atMost", "load", "requests",
        "quantile of the time from when a request was due to its whole answer",
        "{atMost: 250ms, expected: 150ms}", ", quantile: p95", versus="10%",
    ),
    "timeToFirstToken": MetricKind(
        "duration", "atMost", "load", "requests",
        "quantile of the time from when a request was due to the first text of its answer",
        "{atMost: 500ms, expected: 300ms}", ", quantile: p95", streamed=True,
    ),
    "interTokenLatency": MetricKind(
        "duration", "atMost", "load", "requests",
        "quantile over requests of the same quantile of the gaps between the texts of an answer",
        "{atMost: 80ms}", ", quantile: p95", streamed=True,
    ),
    "timePerOutputToken": MetricKind(
        "duration", "atMost", "load", "requests",
        "quantile over requests of the mean time for each token of an answer after the first",
        "{atMost: 50ms}", ", quantile: p95", streamed=True,
    ),
    "requestsPerSecond": MetricKind(
        "rate", "atLeast", "load", "shown",
        "good answers that came while load was sent, by that time (throughput)",
        "{atLeast: 18/s}",
    ),
    "tokensPerSecond": MetricKind(
        "rate", "atLeast", "load", "shown",
        "tokens that came in good answers while load was sent, by that time",
        "{atLeast: 500/s}", streamed=True,
    ),
    "goodput": MetricKind(
        "rate", "atLeast", "load", "shown",
        "good answers within all the limits that are named, by the time in which load was sent",
        "{atLeast: 18/s}", ", within: {timeToFirstToken: 500ms, timePerOutputToken: 50ms}",
    ),
}  # fmt: skip


def metrics_where(**wanted: str) -> tuple[Metric, ...]:
    """Return the metrics that have these values, as in `metrics_where(source="rows")`."""
    return tuple(
        name
        for name, kind in METRICS.items()
        if all(getattr(kind, key) == value for key, value in wanted.items())
    )


ROW_METRICS = metrics_where(source="rows")
"""Those that are counted on the rows of a data set."""
CLASS_METRICS = metrics_where(judging="classes")
"""Those about labels, of one label or as a mean over all."""
TIME_METRICS = metrics_where(unit="duration")
"""Those that are the time of a request, with a quantile."""
SHOWN_METRICS = metrics_where(judging="shown")
"""Those that are one rate for a whole load, and are not judged."""
STREAMED_METRICS = tuple(name for name, kind in METRICS.items() if kind.streamed)
"""Those about tokens."""
VALUE_METRICS = metrics_where(judging="values")
"""Those that are one number for all rows, so that all are read."""


def row_kind(metric: Metric, average: str | None, *, sliced: bool, versus: bool) -> RowKind | None:
    """Return what rows come to for a KPI; None under load."""
    kind = METRICS[metric]
    if kind.source != "rows":
        return None
    if sliced:
        return "slices"
    if kind.judging == "values" or average == "macro":
        return "values"
    if kind.judging == "classes" and average != "micro":
        return "values" if versus else "classes"
    return "answers"
