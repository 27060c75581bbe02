"""KPIs as tests declare them: each with the objective that a test is about."""

from typing import Any

Kpi = dict[str, Any]


def accuracy(name: str = "accuracy", **objective: str) -> Kpi:
    """Return a KPI on the golden rows."""
    source = {"metric": "accuracy", "dataset": "golden"}
    return {"name": name, "benchmark": source, "objective": objective}


def errors(name: str = "errors", **objective: str) -> Kpi:
    """Return a KPI about requests that fail."""
    return {"name": name, "benchmark": {"metric": "errorRate"}, "objective": objective}


def latency(quantile: str, name: str = "latency", **objective: str) -> Kpi:
    """Return a KPI about a quantile of latency."""
    source = {"metric": "latency", "quantile": quantile}
    return {"name": name, "benchmark": source, "objective": objective}


ACCURACY_VERSUS = accuracy("accuracy-vs-stable", versus="stable", worseByAtMost="1pp")
ERRORS_VERSUS = errors("errors-vs-stable", versus="stable", worseByAtMost="1pp")
LATENCY_VERSUS = latency("p95", "latency-vs-stable", versus="stable", worseByAtMost="10%")
