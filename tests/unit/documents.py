"""The object that decisions are tried on."""

from typing import Any

Document = dict[str, Any]


def deployment_document(**spec: object) -> Document:
    """Return a small valid ModelDeployment; keyword arguments replace members of spec."""
    return {
        "metadata": {"name": "fraud", "namespace": "ml", "uid": "uid-fraud", "generation": 1},
        "spec": {
            "replicas": 1,
            "model": {"version": "1"},
            "serving": {
                "port": 8080,
                "template": {"spec": {"containers": [{"name": "server", "image": "fraud:1"}]}},
            },
            "datasets": [{"name": "golden", "configMap": {"name": "golden", "key": "rows"}}],
            "load": {"rate": "50/s", "for": "1m"},
            "kpis": [
                {
                    "name": "accuracy",
                    "benchmark": {"metric": "accuracy", "dataset": "golden"},
                    "objective": {"atLeast": "92%"},
                },
                {
                    "name": "errors",
                    "benchmark": {"metric": "errorRate"},
                    "objective": {"atMost": "2%"},
                },
            ],
            "rollout": {
                "steps": [
                    {"benchmark": {"upTo": "5m"}},
                    {"weight": 50, "for": "10s", "upTo": "5m"},
                ],
                "progressDeadline": "1m",
            },
        }
        | spec,
    }
