"""The command as the benchmark pod runs it: files, exit codes, signals."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from modelward.benchmark.contract import RunnerPlan, RunnerResult
from tests.unit.runner_plans import ACCURACY, a_plan, golden

COMMAND = "from modelward.runner.main import main; raise SystemExit(main())"


@pytest.fixture
def pod(tmp_path: Path) -> Path:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "golden").write_bytes(golden())
    return tmp_path


def start(pod: Path, plan: RunnerPlan | None, age: float = 0.0) -> "subprocess.Popen[str]":
    """Begin in a pod that is so many seconds old."""
    file = pod / "plan.json"
    file.write_text(plan.to_json() if plan else "{")
    os.utime(file, (file.stat().st_mtime - age,) * 2)
    paths = ["--plan", str(pod / "plan.json"), "--datasets", str(pod / "datasets"),
             "--result", str(pod / "result")]  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *paths],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "operator")},
    )


def test_a_result_without_a_verdict_is_a_result_and_the_exit_code_0(pod: Path) -> None:
    plan = a_plan("http://127.0.0.1:1", ACCURACY, rows=b"others")
    process = start(pod, plan)
    out, _ = process.communicate(timeout=30)
    result = RunnerResult.parse((pod / "result").read_text())
    assert process.returncode == 0
    assert (result.outcome, result.nonce) == ("DatasetInvalid", plan.nonce)
    assert "is not the one that was asked for" in result.message
    (line,) = (json.loads(line) for line in out.splitlines())
    assert line["message"] == "result"
    assert line["result"]["outcome"] == "DatasetInvalid"


def test_without_a_readable_plan_there_is_no_result_but_the_reason(pod: Path) -> None:
    process = start(pod, None)
    process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Invalid JSON" in (pod / "result").read_text()


def test_a_missing_data_set_is_told_and_no_result(pod: Path) -> None:
    (pod / "datasets" / "golden").unlink()
    process = start(pod, a_plan("http://127.0.0.1:1", ACCURACY))
    process.communicate(timeout=30)
    assert process.returncode == 1
    assert "No such file" in (pod / "result").read_text()


def test_sigterm_ends_it_at_once_without_a_result(pod: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = start(pod, a_plan(f"http://127.0.0.1:{server.getsockname()[1]}", ACCURACY))
        server.settimeout(30)
        connection, _ = server.accept()
        with connection:
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert not (pod / "result").exists()
    assert "ended by SIGTERM" in out


def test_the_result_is_there_before_the_deadline(pod: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        plan = a_plan(f"http://127.0.0.1:{server.getsockname()[1]}", ACCURACY, deadline_seconds=8)
        process = start(pod, plan)
        server.settimeout(30)
        connection, _ = server.accept()
        with connection:
            (pod / "asked").touch()
            process.communicate(timeout=60)
    assert (pod / "result").stat().st_mtime - (pod / "asked").stat().st_mtime < 8
    result = RunnerResult.parse((pod / "result").read_text())
    assert (process.returncode, result.outcome) == (0, "Measured")
    assert result.kpis[0].reason == "NotMeasured"


def test_what_jobs_took_is_not_there_for_the_runner(pod: Path) -> None:
    job = {"name": "j", "kpis": [{"name": "k", "measures": "value", "effect": "gate"}]}
    plan = json.loads(a_plan("http://127.0.0.1:1", ACCURACY).to_json())
    asked = RunnerPlan.parse(json.dumps(plan | {"jobs": [job]}))
    process = start(pod, asked, age=asked.deadline_seconds)
    process.communicate(timeout=30)
    assert process.returncode == 1
    assert "data sets were not read within 0 s" in (pod / "result").read_text()
