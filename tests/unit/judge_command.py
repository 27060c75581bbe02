"""`modelward judge` as tests run it."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelward.cli.main import main
from tests.unit.documents import deployment_document
from tests.unit.kpis import accuracy, errors, latency

ERRORS = errors(atMost="10%", expected="5%")
LATENCY = latency("p90", atMost="250ms", expected="150ms")
VERSUS = errors("versus", versus="stable", worseByAtMost="5pp")
LATENCY_VERSUS = latency("p95", "slower", versus="stable", worseByAtMost="10%")
ACCURACY = accuracy(atLeast="92%")
LOAD = {"rate": "20/s", "for": "1m", "warmUp": "1s"}


class Ask:
    """Runs `modelward judge`."""

    def __init__(
        self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self._path = folder / "modeldeployment.yaml"
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(
        self,
        question: str,
        kpis: list[dict[str, Any]],
        *more: str,
        lines: Iterable[str] = (),
        **spec: object,
    ) -> tuple[int, str, str]:
        """Return exit code, standard output and standard error."""
        document = deployment_document(**{"load": LOAD, "kpis": kpis} | spec)
        self._path.write_text(yaml.safe_dump({"kind": "ModelDeployment"} | document))
        self._monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
        code = main(["judge", question, "-f", str(self._path), *more])
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err
