"""The largest object that a schema allows: every list full, every text as long as it may be.

That the API server takes it shows two things: each bound can be reached, and the rules stay within
the cost budget of a single object.
"""

from collections.abc import Callable

from tests.apiserver.crd.paths import OMIT, Document, Json

_LONGEST_TIME = "2026-11-23T18:00:00." + "0" * 14 + "+00:00"


def _unique(length: int) -> Callable[[int], str]:
    return lambda index: f"{index:02d}".rjust(length, "a")


def _constant(value: Json) -> Callable[[int], Json]:
    return lambda _: value


_ROWS = {"dataset": "a" * 38 + "07", "prediction": "a" * 256}
_SLICES = {"worstSliceOf": "a" * 63, "minRows": 9_999_999}
_OF_LABEL = {"positiveLabel": "a" * 64, "average": "binary"}
_SHARE: Document = {"atLeast": "099.999999%"}
_AMOUNT: Document = {"atMost": "9999999.999999"}
_AMOUNT_VERSUS: Document = {"versus": "stable", "worseByAtMost": "9999999.999999"}
_KPIS: tuple[tuple[Document, Document], ...] = (
    ({"metric": "accuracy"} | _ROWS | _SLICES, _SHARE),
    ({"metric": "errorRate"}, {"atMost": "049.999999%", "expected": "049.999998%"}),
    ({"metric": "latency", "quantile": "p99.9"}, {"atMost": "720h", "expected": "719h"}),
    (
        {"metric": "interTokenLatency", "quantile": "p99.9"},
        {"atMost": "720h", "expected": "719h"},
    ),
    (
        {"metric": "errorRate", "baseline": "serving"},
        {"versus": "stable", "worseByAtMost": "899.999999%", "unlessBelow": "49.999999%"},
    ),
    ({"metric": "precision"} | _OF_LABEL | _ROWS | _SLICES, _SHARE),
    ({"metric": "recall"} | _OF_LABEL | _ROWS | _SLICES, _SHARE),
    ({"metric": "f1", "average": "macro"} | _ROWS | _SLICES, _SHARE),
    ({"metric": "f1", "average": "micro"} | _ROWS | _SLICES, _SHARE),
    ({"metric": "exactMatch"} | _ROWS | _SLICES, _SHARE),
    ({"metric": "contains"} | _ROWS | _SLICES, _SHARE),
    ({"metric": "jsonSchema", "schema": {"const": "a" * 1_000}} | _ROWS | _SLICES, _SHARE),
    ({"metric": "auroc", "positiveLabel": "a" * 64} | _ROWS | _SLICES, _SHARE),
    ({"metric": "logLoss", "positiveLabel": "a" * 64} | _ROWS | _SLICES, _AMOUNT),
    ({"metric": "brier", "positiveLabel": "a" * 64} | _ROWS, _AMOUNT_VERSUS),
    ({"metric": "mae"} | _ROWS, _AMOUNT_VERSUS),
    ({"metric": "rmse"} | _ROWS, _AMOUNT_VERSUS),
)


_SELECTOR = 'requests_total{code=~"' + "5" * 488 + '"}'
_LIVE: Document = {
    "prometheus": {"bad": _SELECTOR, "total": _SELECTOR},
    "objective": {
        "versus": "stable", "worseByAtMost": "899.999999%", "unlessBelow": "49.999999%"
    },
}  # fmt: skip
_LIVE_LATENCY: Document = {
    "prometheus": {
        "latency": 'requests_seconds_bucket{code=~"' + "5" * 479 + '"}', "quantile": "p99.9"
    },
    "objective": {"atMost": "720h", "expected": "719h"},
}  # fmt: skip
_EXPRESSION: Document = {
    "prometheus": {"query": "1" * 1024}, "objective": {"atMost": "9999999.999999"}
}  # fmt: skip


def _live(index: int) -> Document:
    """Return one of each kind in turn; expressions are no gates."""
    if index >= 16 and index % 2:
        return _EXPRESSION
    return _LIVE_LATENCY if index % 2 else _LIVE


def _kpi(index: int) -> Document:
    name = _unique(40)(index)
    effect = "gate" if index < 16 else "report"
    if index % (len(_KPIS) + 1) == len(_KPIS):
        job = {"name": _unique(40)(2), "measures": "badRequests"}
        limits: Document = {"atMost": "049.999999%", "expected": "049.999998%"}
        return {"name": name, "job": job, "objective": limits, "effect": effect}
    benchmark, objective = _KPIS[index % len(_KPIS)]
    measured: Document = {"benchmark": benchmark, "objective": objective}
    return {"name": name, **(_live(index) if index % 3 == 2 else measured), "effect": effect}


def _dataset(index: int) -> Document:
    sources: list[Document] = [
        {"configMap": {"name": "a" * 253, "key": "a" * 253}, "format": "jsonl"},
        {"persistentVolumeClaim": {"claimName": "a" * 253, "path": "a" * 512}, "format": "parquet"},
        {"uri": "https://a/" + "a" * 1014},
    ]
    return sources[index % 3] | {
        "name": _unique(40)(index),
        "columns": {"id": "a" * 253, "inputs": "a" * 1024, "expected": "a" * 256},
        "sizeLimit": "99999Gi",
        "rows": "exam",
        "prediction": "a" * 256,
        "sha256": "0" * 64,
    }


def _env(index: int) -> Document:
    secret = {"secretKeyRef": {"name": "a" * 253, "key": "a" * 253}}
    value: Document = {"valueFrom": secret} if index else {"value": "a" * 1024}
    return {"name": f"{index:02d}".rjust(128, "A")} | value


def _step(index: int) -> Document:
    if index == 0:
        return {"benchmark": {"upTo": "720h"}}
    return {"weight": 99, "for": "720h", "upTo": "720h"}


_LOAD = {"rate": "000003.000/s", "rampFrom": "000001.000/s", "arrivals": "constant",
         "for": "720h", "warmUp": "720h", "concurrency": 1000,
         "dataset": _unique(40)(7)}  # fmt: skip
_PATH = "/" + "a" * 255
_DECIMAL = "0." + "1" * 16


def _side(name: str) -> dict[str, Callable[[int], Json]]:
    """Let one side of a run speak the protocol whose options are the longest."""
    side = f"spec.{name}"
    found = {f"{side}.{option}": _constant(OMIT) for option in ("path", "transport", "tensors")}
    return found | {
        f"{side}.protocol": _constant("openai"),
        f"{side}.prefix": _constant(_PATH),
    }


_GIVEN: dict[str, dict[str, Callable[[int], Json]]] = {
    "ModelDeployment": {
        "metadata": _constant({"name": "a" * 40}),
        "spec.serving.protocol": _constant("openai"),
        "spec.serving.http": _constant(OMIT),
        "spec.serving.openai.prefix": _constant(_PATH),
        "spec.serving.v2": _constant(OMIT),
        "spec.serving.template.spec.containers[].name": _unique(63),
        "spec.benchmarkPod.env[]": _env,
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
        "spec.pod.env[]": _env,
        **_side("subject"),
        **_side("baseline"),
        "spec.judgement.falsePromotion": _constant(_DECIMAL),
        "spec.judgement.falseRollback": _constant(_DECIMAL),
        "spec.upTo": _constant("720h"),
        "spec.live.for": _constant("720h"),
        "spec.live.passedByHand[]": _unique(40),
        "spec.live.earlier[].step": lambda index: index,
        "spec.live.earlier[].kpis[].name": _unique(64),
        "status.live.window": _constant("720h"),
        "status.attempts[].job": _unique(64),
    },
}
_GIVEN_TO_ALL: dict[str, Callable[[int], Json]] = {
    "spec.datasets[]": _dataset,
    "spec.jobs[].name": _unique(40),
    "spec.jobs[].env[].name": _unique(128),
    "spec.jobs[].upTo": _constant("720h"),
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
    members = {
        name: _fill(child, f"{path}.{name}".removeprefix("."), given, index)
        for name, child in node.get("properties", {}).items()
    }
    return {name: value for name, value in members.items() if value is not OMIT}


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
