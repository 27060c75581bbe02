"""Each protocol with its options: objects that speak it, and its rules at work."""

import copy

from tests.apiserver.crd.example import Example
from tests.apiserver.crd.paths import OMIT, Document, Json

_SAID: dict[str, dict[str, Json]] = {
    "http": {"path": "/predict"},
    "openai": {"endpoint": "completions", "prefix": "/v3"},
    "v1": {},
    "v2": {"transport": "grpc", "tensors": "binary"},
}
_WITHIN: Json = {"latency": "2s", "timeToFirstToken": "1s", "timePerOutputToken": "50ms"}
_OF_TOKENS: list[Json] = [
    {"name": name, "benchmark": benchmark, "objective": objective, "effect": "report"}
    for name, benchmark, objective in (
        ("f", {"metric": "timeToFirstToken", "quantile": "p95"}, {"atMost": "1s"}),
        ("g", {"metric": "interTokenLatency", "quantile": "p95"}, {"atMost": "80ms"}),
        ("h", {"metric": "timePerOutputToken", "quantile": "p95"}, {"atMost": "50ms"}),
        ("i", {"metric": "requestsPerSecond"}, {"atLeast": "18/s"}),
        ("j", {"metric": "tokensPerSecond"}, {"atLeast": "500/s"}),
        ("k", {"metric": "goodput", "within": _WITHIN}, {"atLeast": "18/s"}),
    )
]


def speaking(least: Document) -> dict[str, Document]:
    """Return the least object in each protocol, with all that can be said of that."""
    found: dict[str, Document] = {}
    for protocol, said in _SAID.items():
        document = copy.deepcopy(least)
        spec = document["spec"]
        if "serving" in spec:
            spec["serving"].pop("http")
            spec["serving"] |= {"protocol": protocol} | ({protocol: said} if said else {})
        for side in ("subject", "baseline"):
            if side in spec:
                spec[side].pop("path")
                spec[side] |= {"protocol": protocol} | said
        if protocol == "v1":
            spec["kpis"] = spec["kpis"][:1]
        if protocol == "openai":
            spec["kpis"] += copy.deepcopy(_OF_TOKENS)
        found[f"one that speaks {protocol}"] = document
    return found


SERVING = (
    Example(
        "protocol http needs http",
        takes=({"spec.serving.protocol": "http", "spec.serving.http": {"path": "/predict"}},),
        refuses=({"spec.serving.protocol": "http"},),
    ),
    Example(
        "only protocol http has http",
        takes=({"spec.serving.protocol": "v2"},),
        refuses=(
            {"spec.serving.http": {"path": "/predict"}},
            {"spec.serving.protocol": "v2", "spec.serving.http": {"path": "/predict"}},
            {"spec.serving.protocol": OMIT, "spec.serving.http": {"path": "/predict"}},
        ),
    ),
    Example(
        "only protocol openai has openai",
        takes=({"spec.serving.protocol": "openai", "spec.serving.openai": {"prefix": "/v3"}},),
        refuses=({"spec.serving.openai": {}}, {"spec.serving.openai": {"prefix": "/v3"}}),
    ),
    Example(
        "only protocol v2 has v2",
        takes=(
            {"spec.serving.v2": {"transport": "grpc"}},
            {"spec.serving.protocol": OMIT, "spec.serving.v2": {"tensors": "binary"}},
        ),
        refuses=({"spec.serving.protocol": "v1", "spec.serving.v2": {"transport": "grpc"}},),
    ),
)
"""Rules of spec.serving."""


def of_side(side: str) -> tuple[Example, ...]:
    """Return the rules of a run's subject, or baseline."""
    protocol = f"{side}.protocol"
    return (
        Example(
            "protocol http needs path",
            takes=({protocol: "http", f"{side}.path": "/predict"},),
            refuses=({protocol: "http"},),
        ),
        *(
            Example(
                f"only protocol {name} has {option}",
                takes=({protocol: name, f"{side}.path": "/p"} if name == "http"
                       else {protocol: name, f"{side}.{option}": value},),
                refuses=({protocol: "v1", f"{side}.{option}": value},),
            )
            for name, said in _SAID.items()
            for option, value in said.items()
        ),
    )  # fmt: skip
