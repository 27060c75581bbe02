"""The largest object that a schema allows: every list full, every text as long as it may be.

That the API server takes it shows two things: each bound can be reached, and the rules stay within
the cost budget of a single object.
"""

from collections.abc import Callable

from tests.apiserver.crd.paths import Document, Json

_LONGEST_TIME = "2026-11-23T18:00:00." + "0" * 14 + "+00:00"


def _unique(length: int) -> Callable[[int], str]:
    return lambda index: f"{index:02d}".rjust(length, "a")


def _constant(value: Json) -> Callable[[int], Json]:
    return lambda _: value


def _kpi(index: int) -> Document:
    benchmark, objective = [
        ({"metric": "accuracy", "dataset": _unique(40)(7)}, {"atLeast": "099.999999%"}),
        ({"metric": "errorRate"}, {"atMost": "049.999999%", "expected": "049.999998%"}),
        ({"metric": "latency", "quantile": "p99.9"}, {"atMost": "720h", "expected": "719h"}),
        (
            {"metric": "errorRate", "baseline": "serving"},
            {"versus": "stable", "worseByAtMost": "899.999999%", "unlessBelow": "49.999999%"},
        ),
    ][index % 4]
    effect = "gate" if index < 16 else "report"
    return {
        "name": _unique(40)(index),
        "benchmark": benchmark,
        "objective": objective,
        "effect": effect,
    }


def _step(index: int) -> Document:
    if index == 0:
        return {"benchmark": {"upTo": "720h"}}
    return {"weight": 99, "for": "720h", "upTo": "720h"}


_LOAD = {"rate": "000003.000/s", "for": "720h", "warmUp": "720h", "dataset": _unique(40)(7)}
_PATH = "/" + "a" * 255
_DECIMAL = "0." + "1" * 16
_GIVEN: dict[str, dict[str, Callable[[int], Json]]] = {
    "ModelDeployment": {
        "metadata": _constant({"name": "a" * 40}),
        "spec.serving.protocol": _constant("http"),
        "spec.serving.http.path": _constant(_PATH),
        "spec.serving.template.spec.containers[].name": _unique(63),
        "spec.rollout.steps[]": _step,
        "spec.rollout.maxSurge": _constant("100%"),
        "spec.rollout.maxUnavailable": _constant("100%"),
        "spec.rollout.drainDelay": _constant("720h"),
        "spec.rollout.progressDeadline": _constant("720h"),
        "spec.judgement.falsePromotion": _constant("049.999999%"),
        "spec.judgement.falseRollback": _constant("049.999999%"),
    },
    "BenchmarkRun": {
        "metadata": _constant({"name": "a" * 60}),
        "spec.subject.protocol": _constant("http"),
        "spec.subject.path": _constant(_PATH),
        "spec.baseline.protocol": _constant("http"),
        "spec.baseline.path": _constant(_PATH),
        "spec.judgement.falsePromotion": _constant(_DECIMAL),
        "spec.judgement.falseRollback": _constant(_DECIMAL),
        "spec.upTo": _constant("720h"),
        "status.attempts[].job": _unique(64),
    },
}
_GIVEN_TO_ALL: dict[str, Callable[[int], Json]] = {
    "spec.datasets[].name": _unique(40),
    "spec.load": _constant(_LOAD),
    "spec.kpis[]": _kpi,
    "status.kpis[].name": _unique(64),
    "status.conditions[].type": _unique(64),
}


def largest(kind: str, schema: Document) -> Document:
    """The largest object of a kind."""
    head = {"apiVersion": "modelward.dev/v1alpha1", "kind": kind}
    constants = {key: _constant(value) for key, value in head.items()}
    found: Document = _fill(schema, "", constants | _GIVEN_TO_ALL | _GIVEN[kind], 0)
    return found


def _fill(node: Document, path: str, given: dict[str, Callable[[int], Json]], index: int) -> Json:
    if path in given:
        return given[path](index)
    if node.get("type") == "array":
        full = range(node["maxItems"])
        return [_fill(node["items"], path + "[]", given, each) for each in full]
    if node.get("type") == "object":
        return _fill_object(node, path, given, index)
    return _scalar(node)


def _fill_object(
    node: Document, path: str, given: dict[str, Callable[[int], Json]], index: int
) -> Document:
    if "additionalProperties" in node:
        values = node["additionalProperties"]
        keys = (f"{each:02d}".rjust(63, "k") for each in range(node["maxProperties"]))
        return {key: _fill(values, path + "{}", given, index) for key in keys}
    return {
        name: _fill(child, f"{path}.{name}".removeprefix("."), given, index)
        for name, child in node.get("properties", {}).items()
    }


def _scalar(node: Document) -> Json:
    if "enum" in node:
        return max(node["enum"], key=len)
    if "x-kubernetes-int-or-string" in node:
        return "1".rjust(node["maxLength"], "0")
    if node.get("format") == "date-time":
        return _LONGEST_TIME
    of_type = {
        "string": "a" * node.get("maxLength", 0),
        "integer": node.get("maximum", 2**53),
        "boolean": True,
    }
    return of_type[node["type"]]
