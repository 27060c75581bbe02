"""The metrics of requests under load: how long something takes, and how much is done a second.

The schema's rules, plans, evidence and the table in docs/kpis.md follow from these. A time is
judged by how many requests are beyond a limit, one count for each request. A rate is only shown:
it is one number for a whole run, and no test of it with known error probabilities is at hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class LoadMetric:
    """What a metric under load is."""

    about: str
    """What it is, for people."""
    benchmark: str
    """How it is asked for, in YAML."""
    objective: str
    """An objective in YAML."""


TOKEN_TIMES: Mapping[str, LoadMetric] = {
    "timeToFirstToken": LoadMetric(
        "quantile of the time from when a request was due to the first text of its answer",
        "{metric: timeToFirstToken, quantile: p95}",
        "{atMost: 500ms, expected: 300ms}",
    ),
    "interTokenLatency": LoadMetric(
        "quantile over requests of the same quantile of the times between the texts of one answer: "
        "with p95, at most 5% of the answers may have more than 5% of their gaps beyond the limit",
        "{metric: interTokenLatency, quantile: p95}",
        "{atMost: 80ms}",
    ),
    "timePerOutputToken": LoadMetric(
        "quantile over requests of the mean time for each token after the first",
        "{metric: timePerOutputToken, quantile: p95}",
        "{atMost: 50ms}",
    ),
}
"""Of answers that are streamed."""

TIMES = ("latency", *TOKEN_TIMES)
"""Metrics with a quantile whose limit is a duration."""

RATES: Mapping[str, LoadMetric] = {
    "requestsPerSecond": LoadMetric(
        "good answers that came, by the time in which requests were due (throughput)",
        "{metric: requestsPerSecond}",
        "{atLeast: 18/s}",
    ),
    "tokensPerSecond": LoadMetric(
        "tokens that came in good answers, by the same time",
        "{metric: tokensPerSecond}",
        "{atLeast: 500/s}",
    ),
    "goodput": LoadMetric(
        "good answers within all the times that are named, by the same time",
        "{metric: goodput, within: {timeToFirstToken: 500ms, timePerOutputToken: 50ms}}",
        "{atLeast: 18/s}",
    ),
}
"""Metrics whose limit is a rate, and that are only shown."""

STREAMED = (*TOKEN_TIMES, "tokensPerSecond")
"""Metrics that only answers have which are streamed."""
