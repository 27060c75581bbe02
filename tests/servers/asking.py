"""Whole attempts of the runner against a running server."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from modelward.benchmark.contract import RunnerPlan, RunnerResult
from modelward.benchmark.rows import sha256_of
from modelward.protocols import dialogue
from modelward.runner.attempt import Attempt
from modelward.runner.client import Answer, Client
from modelward.strictjson import Json

ACCURACY: dict[str, Any] = {
    "name": "accuracy", "metric": "accuracy", "dataset": "golden", "limit": "0.9",
    "direction": "atLeast", "effect": "gate",
}  # fmt: skip
ERRORS: dict[str, Any] = {
    "name": "errors", "metric": "errorRate", "limit": "0.4", "expected": "0.3",
    "direction": "atMost", "effect": "gate",
}  # fmt: skip


def rows_of(pairs: Sequence[tuple[Json, Json]]) -> bytes:
    """Return a data set of these inputs and expected answers."""
    lines = (
        {"id": f"row-{i}", "inputs": inputs, "expected": expected}
        for i, (inputs, expected) in enumerate(pairs)
    )
    return "\n".join(json.dumps(line) for line in lines).encode()


async def attempt(
    url: str,
    protocol: str,
    rows: bytes,
    *kpis: dict[str, Any],
    model: str = "m",
    said: Mapping[str, str] | None = None,
) -> RunnerResult:
    """Measure KPIs of a model as the benchmark pod would."""
    subject: dict[str, Json] = {"url": url, "protocol": protocol, "modelName": model,
                                "revision": "x7f9k2m4q1", "options": dict(said or {})}  # fmt: skip
    load: Json = {"rate": "40", "forSeconds": "1", "warmUpSeconds": "0", "dataset": "golden"}
    plan: dict[str, Json] = {
        "version": 1,
        "nonce": "0123456789abcdef",
        "subject": subject,
        "datasets": [{"name": "golden", "sha256": sha256_of(rows)}],
        "load": load if any(kpi["metric"] != "accuracy" for kpi in kpis) else None,
        "kpis": list(kpis),
        "judgement": {"falsePromotion": "0.05", "falseRollback": "0.05"},
        "deadlineSeconds": 60,
    }
    parsed = RunnerPlan.parse(json.dumps(plan))
    result = await Attempt(parsed, {"golden": rows}).run(seconds=60)
    assert result.outcome == "Measured", result.message
    return result


async def ask(
    url: str,
    protocol: str,
    inputs: Json,
    model: str = "m",
    said: Mapping[str, str] | None = None,
) -> Answer:
    """Ask a model for one prediction."""
    asked = dialogue(protocol, model, said or {})
    async with Client(url, asked, 30.0) as client:
        return await client.predict(asked.ask(inputs))


async def is_ready(
    url: str, protocol: str, model: str, said: Mapping[str, str] | None = None
) -> bool:
    """Tell whether a model is ready, as its server says."""
    async with Client(url, dialogue(protocol, model, said or {}), 5.0) as client:
        return (await client.ready())[1]
