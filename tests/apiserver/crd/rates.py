"""Examples of the rules about rates of a load, which are only shown; see rules."""

from tests.apiserver.crd.example import Changes, Example
from tests.apiserver.crd.paths import Json

LATENCY = "spec.kpis[1]"
"""The KPI that the examples make one about a rate."""


def rate(benchmark: Json, objective: Json = None) -> Changes:
    """Make the KPI about latency one about a rate."""
    return {
        f"{LATENCY}.benchmark": benchmark,
        f"{LATENCY}.objective": objective or {"atLeast": "18/s"},
        f"{LATENCY}.effect": "report",
    }


RATES = (
    Example(
        "requestsPerSecond, tokensPerSecond and goodput are only shown",
        takes=(rate({"metric": "requestsPerSecond"}),),
        refuses=(rate({"metric": "requestsPerSecond"}) | {f"{LATENCY}.effect": "gate"},),
    ),
    Example(
        "a rate has a lower limit",
        takes=(rate({"metric": "requestsPerSecond"}),),
        refuses=(
            rate({"metric": "requestsPerSecond"}, {"atMost": "18/s"}),
            rate({"metric": "requestsPerSecond"}, {"atLeast": "18%"}),
            rate({"metric": "requestsPerSecond"}, {"atLeast": "18/s", "expected": "20/s"}),
        ),
    ),
)
GOODPUT = (
    Example(
        "goodput counts the answers within limits",
        takes=(rate({"metric": "goodput", "within": {"latency": "1s"}}),),
        refuses=(
            rate({"metric": "goodput"}),
            {f"{LATENCY}.benchmark.within": {"latency": "1s"}},
        ),
    ),
)
WITHIN = (
    Example(
        "say at least one time",
        takes=(rate({"metric": "goodput", "within": {"latency": "1s"}}),),
        refuses=(rate({"metric": "goodput", "within": {}}),),
    ),
)
