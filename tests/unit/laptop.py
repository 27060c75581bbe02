"""What `modelward benchmark run` measures in tests: a deployment in a file, and its rows."""

import contextlib
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelward.benchmark import lag
from modelward.cli.main import main
from modelward.judge import shape
from modelward.runner import reach
from tests.unit.kpis import accuracy, errors
from tests.unit.runner_plans import golden

ACCURACY = accuracy(atLeast="90%")
ERRORS = errors(atMost="20%", expected="5%")
ROWS = ("--dataset", "golden=rows.jsonl")


def make_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of 4 requests in 20 ms, and any lag: this process is server and client."""
    monkeypatch.setattr(shape, "MIN_WINDOW_SECONDS", Fraction(1, 50))
    monkeypatch.setattr(shape, "MIN_WINDOW_REQUESTS", 4)
    monkeypatch.setattr(lag, "tolerated_delay", lambda _: 10**10)
    monkeypatch.setattr(reach, "REACH_SECONDS", 0.2)


def with_rows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder that has the golden rows."""
    monkeypatch.chdir(folder)
    (folder / "rows.jsonl").write_bytes(golden())
    return folder


def deployment(*kpis: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "modelward.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": "m"},
        "spec": {
            "serving": {
                "port": 8080,
                "template": {"spec": {"containers": [{"name": "s", "image": "i"}]}},
            },
            "datasets": [{"name": "golden", "configMap": {"name": "rows", "key": "rows.jsonl"}}],
            "load": {"rate": "200/s", "for": "5s", "warmUp": "100ms"},
            "kpis": list(kpis),
        },
    }


def config_map(rows: bytes) -> dict[str, Any]:
    return {
        "kind": "ConfigMap",
        "metadata": {"name": "rows"},
        "data": {"rows.jsonl": rows.decode()},
    }


def write(place: Path, *documents: dict[str, Any]) -> None:
    (place / "plan.yaml").write_text(yaml.safe_dump_all(documents))


def drawn_at(terminal: int) -> bytes:
    """Read a terminal whose other end is closed to the end, and close it."""
    drawn = b""
    with contextlib.suppress(OSError):  # that is how Linux tells of the end
        while part := os.read(terminal, 10_000):
            drawn += part
    os.close(terminal)
    return drawn


def measure(url: str, *options: str) -> int:
    return main(["benchmark", "run", "-f", "plan.yaml", "--target", url, *options])
