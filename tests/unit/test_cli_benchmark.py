"""`modelward benchmark run`: the measurement of a benchmark pod, against a real HTTP server."""

import asyncio
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from modelward.benchmark.contract import RunnerPlan
from modelward.benchmark.rows import sha256_of
from modelward.cli.main import main
from modelward.runner.attempt import Attempt
from modelward.runner.files import Given
from modelward.runner.tls import Trust
from tests.unit.kpis import ACCURACY_VERSUS
from tests.unit.laptop import (
    ACCURACY,
    ERRORS,
    ROWS,
    config_map,
    deployment,
    drawn_at,
    measure,
    write,
)
from tests.unit.model_server import ModelServer, serving
from tests.unit.runner_plans import golden

pytestmark = pytest.mark.usefixtures("quick")


def test_a_version_that_fulfils_its_kpis_passes_and_leaves_page_log_and_run(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place, deployment(ACCURACY, ERRORS))
    with serving(ModelServer()) as url:
        more = ("--report", "page.html", "--log", "run.log", "--json")
        assert measure(url, *ROWS, *more) == 0
    told = capsys.readouterr()
    (place / "run.json").write_text(told.out)
    assert "wrote page.html" in told.err
    assert "Requests answered within a time" in (place / "page.html").read_text()
    assert '"message": "load profile"' in (place / "run.log").read_text()
    assert main(["judge", "explain", "run.json"]) == 0
    assert "30 of all 30 rows were answered as expected" in capsys.readouterr().out
    assert main(["benchmark", "report", "-f", "run.json"]) == 0


def test_a_version_that_does_not_fails_with_the_words_of_the_operator(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place, deployment(ACCURACY, ERRORS), config_map(golden()))
    with serving(ModelServer(wrong=frozenset(range(10)))) as url:
        assert measure(url) == 1
    table, _, told = capsys.readouterr().out.partition("\n\n")
    lines = [" ".join(line.split()) for line in table.splitlines()]
    assert lines == [
        "KPI VALUE OBJECTIVE VERDICT SAMPLES",
        "accuracy 66.67% >= 90% Fail BelowLimit 30",
        "errors - <= 20%, expected 5% Inconclusive NotMeasured -",
    ]
    assert told.endswith("Fail\naccuracy is 66.67% on 30 rows, not enough: >= 90%\n")


def test_nobody_there_is_inconclusive_and_says_what_to_look_at(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place, deployment(ACCURACY))
    assert measure("http://127.0.0.1:1", *ROWS) == 2
    assert "can't be reached: connection refused" in capsys.readouterr().out


def test_two_versions_are_compared_where_stable_s_address_is_given(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place, deployment(ACCURACY_VERSUS, ACCURACY))
    with (
        serving(ModelServer(wrong=frozenset({1, 2, 3}))) as url,
        serving(ModelServer(wrong=frozenset({1}))) as stable,
    ):
        assert measure(url, *ROWS, "--baseline", stable) == 1
    first = " ".join(capsys.readouterr().out.splitlines()[1].split())
    assert first == "accuracy-vs-stable 90% 96.67% >= stable - 1pp Fail WorseThanStable 30"


def test_without_stable_what_is_compared_with_it_is_not_applicable(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place, deployment(ACCURACY, ACCURACY_VERSUS))
    with serving(ModelServer()) as url:
        assert measure(url, *ROWS) == 0
    assert "NotApplicable" in capsys.readouterr().out


def test_what_only_a_cluster_measures_is_left_out_and_named(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    by_job = {"name": "slow", "job": {"name": "locust", "measures": "value"}}
    by_job["objective"] = {"atMost": "3"}
    declared = deployment(ACCURACY, by_job)
    declared["spec"]["jobs"] = [{"name": "locust", "image": "i"}]
    write(place, declared)
    with serving(ModelServer()) as url:
        assert measure(url, *ROWS) == 0
    told = capsys.readouterr()
    assert "left out, because only a cluster measures them: slow" in told.err
    assert "slow" not in told.out
    write(place, deployment(by_job))
    assert measure("http://127.0.0.1:1", *ROWS) == 64


@pytest.mark.parametrize("source", ["job", "prometheus"])
def test_stable_is_not_asked_where_only_a_cluster_compares_with_it(
    place: Path, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {
        "job": {"name": "locust", "measures": "badRequests"},
        "prometheus": {"bad": "errors_total", "total": "requests_total"},
    }
    versus = {"versus": "stable", "worseByAtMost": "50%", "unlessBelow": "0.1%"}
    declared = deployment(ACCURACY, {"name": "slow", source: said[source], "objective": versus})
    declared["spec"]["jobs"] = [{"name": "locust", "image": "i"}] if source == "job" else []
    steps = [{"benchmark": {}}, {"weight": 50, "for": "10m"}]
    declared["spec"]["rollout"] = {"steps": steps}
    write(place, declared)
    assert measure("http://127.0.0.1:1", *ROWS, "--baseline", "http://127.0.0.1:1") == 64
    assert "--baseline: no KPI with a benchmark is versus: stable" in capsys.readouterr().err


def test_rows_come_to_what_they_come_to_in_the_pod(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same plan, given to the runner's own command."""
    write(place, deployment(ACCURACY))
    plans: list[RunnerPlan] = []

    def noted(plan: RunnerPlan, given: Given, scratch: Path | None, trust: Trust) -> Attempt:
        plans.append(plan)
        return Attempt(plan, given, scratch=scratch, trust=trust)

    monkeypatch.setattr("modelward.cli.measure.Attempt", noted)
    with serving(ModelServer(wrong=frozenset({4}))) as url:
        assert measure(url, *ROWS, "--json") == 0
        here = json.loads(capsys.readouterr().out)["status"]["kpis"][0]["evidence"]
        (place / "plan.json").write_text(plans[0].to_json())
        (place / "datasets").mkdir()
        (place / "datasets" / "golden").write_bytes(golden())
        files = ["--plan", "plan.json", "--datasets", "datasets", "--result", "result"]
        code = "import sys; from modelward.runner.main import main; sys.exit(main(sys.argv[1:]))"
        asyncio.run(_succeed(sys.executable, "-c", code, *files))
    assert json.loads((place / "result").read_text())["kpis"][0][2:] == here == [30, 30, 29]


async def _succeed(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "operator")},
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0


def test_at_a_terminal_there_is_a_bar_and_what_is_printed_stays_clean(place: Path) -> None:
    write(place, deployment(ACCURACY))
    terminal, end = pty.openpty()
    with serving(ModelServer(slow_share=1)) as url:
        process = subprocess.run(
            [sys.executable, "-m", "modelward", "benchmark", "run", "-f", "plan.yaml",
             "--target", url, *ROWS, "--json"],
            env={"PYTHONPATH": str(Path(__file__).parents[2] / "operator"), "TERM": "xterm"},
            stdout=subprocess.PIPE,
            stderr=end,
            check=True,
        )  # fmt: skip
    os.close(end)
    drawn = drawn_at(terminal).decode()
    assert "rows of golden" in drawn
    assert json.loads(process.stdout)["status"]["verdict"] == "Pass"


def a_run(sha256: str) -> dict[str, Any]:
    spec = deployment(ACCURACY)["spec"]
    subject = {"revision": "x7f9k2m4q1", "service": "m", "port": 8080, "protocol": "v2",
               "modelName": "m"}  # fmt: skip
    pinned = [spec["datasets"][0] | {"sha256": sha256}]
    judgement = {"falsePromotion": "0.05", "falseRollback": "0.05"}
    asked = {"subject": subject, "datasets": pinned, "kpis": spec["kpis"], "judgement": judgement}
    return {"kind": "BenchmarkRun", "metadata": {"name": "m-1"}, "spec": asked}


def test_a_run_of_the_cluster_is_measured_again_with_the_rows_that_it_pins(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(ModelServer()) as url:
        write(place, a_run(sha256_of(golden())))
        assert measure(url, *ROWS) == 0
        write(place, a_run("ab" * 32))
        assert measure(url, *ROWS) == 2
    assert "data set golden is not the one that was asked for" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "ConfigMap rows with key rows.jsonl is not in plan.yaml: say --dataset golden=FILE"),
        (("--dataset", "golden"), "--dataset golden: say NAME=FILE"),
        (("--dataset", "silver=rows.jsonl"), "there is no such data set, only golden"),
        (("--dataset", "golden=none"), "--dataset golden: none can't be read"),
        ((*ROWS, "--baseline", "http://localhost:1"), "no KPI with a benchmark is versus: stable"),
        ((*ROWS, "--target", "http://localhost:1/v2"), "say where the server answers"),
        ((*ROWS, "--target", "localhost:1"), "say where the server answers"),
    ],
)
def test_what_can_t_be_used_is_named_before_anything_is_sent(
    place: Path, options: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place, deployment(ACCURACY))
    assert measure("http://127.0.0.1:1", *options) == 64
    assert told in capsys.readouterr().err
