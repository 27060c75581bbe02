"""The operator as a process, as it runs in a pod, started and killed by tests."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.loglines import whole_lines

PROJECT = Path(__file__).parents[2]
SOURCE = PROJECT / "operator"
PATIENCE = 60.0
"""Seconds for what takes two, or less, on a machine that does nothing else."""


@dataclass
class OperatorProcess:
    """One operator on the machine itself, with a kubeconfig."""

    kubeconfig: Path
    log: Path
    namespaces: Sequence[str] = ()
    arguments: Sequence[str] = ()
    program: Sequence[str] = ("modelward",)
    """The module to run and its first arguments: the operator's own, or one of its variants."""
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    def start(self, timeout: float = PATIENCE) -> None:
        """Start it and wait until it is ready."""
        self.launch()
        self.wait_until_ready(timeout)

    def launch(self) -> None:
        """Start it, and wait for its port only."""
        offset = self.log.stat().st_size if self.log.exists() else 0
        command = [
            *(sys.executable, "-m", *self.program, "operator"),
            f"--kubeconfig={self.kubeconfig}",
            "--runner-image=modelward:dev",
            "--listen=127.0.0.1:0",
            *(f"--namespace={each}" for each in self.namespaces),
            *self.arguments,
        ]
        path = os.pathsep.join((str(SOURCE), str(PROJECT)))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stderr=log, env={**os.environ, "PYTHONPATH": path}
            )
        self.port = self._wait_for_port(offset)

    def _wait_for_port(self, offset: int) -> int:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for line in whole_lines(self.log, offset):
                port = json.loads(line).get("port") if line.startswith(b"{") else None
                if port:
                    return int(port)
            assert self.process is not None
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"the operator did not start:\n{self.log.read_text()}")

    def wait_until_ready(self, timeout: float = PATIENCE) -> None:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.get("/readyz")[0] == 200:
                return
            time.sleep(0.02)
        raise AssertionError(f"the operator is not ready:\n{self.log.read_text()}")

    def get(self, path: str) -> tuple[int, str]:
        """Ask one of its endpoints; return status and text."""
        try:
            address = f"http://127.0.0.1:{self.port}{path}"
            with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def kill(self, with_signal: signal.Signals = signal.SIGKILL) -> int | None:
        """Send a signal and wait for the end; return the exit code, None if it did not run."""
        if self.process is None:
            return None
        self.process.send_signal(with_signal)
        code = self.process.wait(timeout=PATIENCE)
        self.process = None
        return code

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged since the log began, over all its lives."""
        return [json.loads(line) for line in whole_lines(self.log)]
