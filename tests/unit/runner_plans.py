"""Plans and data sets for tests of the runner."""

import json
from typing import Any

from modelward.benchmark.contract import RunnerPlan
from modelward.benchmark.rows import sha256_of
from modelward.protocols import Dialogue
from modelward.strictjson import Json

ACCURACY = {"name": "accuracy", "metric": "accuracy", "dataset": "golden", "limit": "0.9",
            "direction": "atLeast", "effect": "gate"}  # fmt: skip
ERRORS = {"name": "errors", "metric": "errorRate", "limit": "0.1", "expected": "0.05",
          "direction": "atMost", "effect": "gate"}  # fmt: skip
LATENCY = {"name": "latency", "metric": "latency", "quantile": "0.9", "limit": "0.4",
           "direction": "atMost", "effect": "gate"}  # fmt: skip
PATIENT = LATENCY | {"limit": "5"}
"""A latency that a busy machine keeps, too."""
REPORT = {"effect": "report"}
LOAD: Json = {"rate": "200", "forSeconds": "5", "warmUpSeconds": "0.1", "dataset": "golden"}


def a_row(i: int) -> str:
    inputs = [{"name": "x", "shape": [1], "datatype": "INT64", "data": [i]}]
    return json.dumps({"id": f"row-{i}", "inputs": inputs, "expected": 2 * i})


def golden(rows: int = 30) -> bytes:
    """Return a data set whose rows expect twice their input."""
    return "\n".join(a_row(i) for i in range(rows)).encode()


def a_plan(
    url: str,
    *kpis: dict[str, Any],
    rows: bytes | None = None,
    load: Json = LOAD,
    deadline_seconds: int = 60,
) -> RunnerPlan:
    """Return a plan for a model at `url` whose data set is `rows`, or else the golden ones."""
    digest = sha256_of(golden() if rows is None else rows)
    plan: dict[str, Json] = {
        "version": 1,
        "nonce": "0123456789abcdef",
        "subject": {"url": url, "protocol": "v2", "modelName": "m", "revision": "x7f9k2m4q1"},
        "datasets": [{"name": "golden", "sha256": digest}],
        "load": load if any(kpi["metric"] != "accuracy" for kpi in kpis) else None,
        "kpis": list(kpis),
        "judgement": {"falsePromotion": "0.05", "falseRollback": "0.05"},
        "deadlineSeconds": deadline_seconds,
    }
    return RunnerPlan.parse(json.dumps(plan))


def asked_by(plan: RunnerPlan) -> Dialogue:
    """Return how the subject of a plan is asked."""
    return plan.subject.dialogue
