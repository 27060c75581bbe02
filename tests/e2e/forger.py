"""A program that measures nothing and leaves a result: python -c PROGRAM in a benchmark pod.

What is wrong with the result is the name of the plan's first KPI; any other name gets a perfect
result. It uses the standard library alone, as somebody else's image would.
"""

import json
import sys
from pathlib import Path
from typing import Any

PLAN = Path("/etc/modelward/plan.json")
RESULT = Path("/dev/termination-log")


def perfect(plan: dict[str, Any]) -> dict[str, Any]:
    """Return what a measurement of a model without a fault would have said."""
    return {
        "v": 1,
        "nonce": plan["nonce"],
        "revision": plan["subject"]["revision"],
        "datasets": [data["sha256"][:16] for data in plan["datasets"]],
        "outcome": "Measured",
        "kpis": [["P", "", 100, 100, 100] for _ in plan["kpis"]],
    }


def main() -> int:
    """Leave the result and return the exit code."""
    plan = json.loads(PLAN.read_text())
    kind = plan["kpis"][0]["name"]
    result = perfect(plan)
    wrong: dict[str, Any] = {
        "wrong-nonce": {"nonce": "0" * 16},
        "wrong-revision": {"revision": "another"},
        "wrong-dataset": {"datasets": ["0" * 16]},
        "wrong-kpis": {"kpis": result["kpis"] * 2},
        "contradiction": {"kpis": [["P", "", 100, 100, 50]]},
        "not-a-number": {"kpis": [["P", "", 100, 100, float("nan")]]},
        "oversized": {"message": "x" * 3000},
        "longer-than-kept": {"message": "x" * 9000},
    }
    text = json.dumps(result | wrong.get(kind, {}))
    if kind == "truncated":
        text = text[: len(text) // 2]
    RESULT.write_text("" if kind == "empty" else text)
    return 1 if kind == "failed" else 0


if __name__ == "__main__":
    sys.exit(main())
