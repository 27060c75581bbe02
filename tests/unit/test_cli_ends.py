"""How commands end where not all goes well: Ctrl-C, a closed pipe, a full disk, wrong rows."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from modelward.benchmark.log import Details, WrongRow
from modelward.cli.troubles import troubles
from tests.unit.laptop import (
    ACCURACY,
    ERRORS,
    ROWS,
    config_map,
    deployment,
    drawn_at,
    make_quick,
    measure,
    with_rows,
    write,
)
from tests.unit.model_server import ModelServer, serving
from tests.unit.runner_plans import golden
from tests.unit.test_benchmark_log import a_profile
from tests.unit.test_cli_report import a_finished_run

MODELWARD = (sys.executable, "-m", "modelward")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2] / "operator"))
    run = {"kind": "BenchmarkRun"} | a_finished_run().to_wire()
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(run))
    return with_rows(tmp_path, monkeypatch)


def interrupted_at(stage: str, url: str) -> tuple[int, str, str]:
    """Measure at a terminal until a stage is drawn there, then press Ctrl-C."""
    terminal, end = pty.openpty()
    command = [*MODELWARD, "benchmark", "run", "-f", "plan.yaml", "--target", url, *ROWS]
    command += ["--report", "page.html"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, text=True) as process:
        drawn = b""
        while stage.encode() not in drawn:
            drawn += os.read(terminal, 10_000)
        process.send_signal(signal.SIGINT)
        assert process.stdout
        printed = process.stdout.read()
    os.close(end)
    drawn += drawn_at(terminal)
    return process.returncode, printed, drawn.decode()


def test_ctrl_c_under_load_shows_what_was_measured_until_then(place: Path) -> None:
    write(place, deployment(ACCURACY, ERRORS))
    with serving(ModelServer()) as url:
        code, printed, drawn = interrupted_at("load", url)
    assert code == 130
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    assert "accuracy 100% >= 90% Pass 30" in lines
    assert "errors: no verdict before it was interrupted" in lines
    assert "Traceback" not in drawn
    assert "no verdict before it was interrupted" in (place / "page.html").read_text()


def test_ctrl_c_before_anything_was_counted_leaves_no_result(place: Path) -> None:
    write(place, deployment(ACCURACY))
    code, printed, drawn = interrupted_at("reaching the model", "http://127.0.0.1:1")
    assert (code, printed) == (130, "")
    assert "interrupted: there is no result" in drawn
    assert "Traceback" not in drawn
    assert not (place / "page.html").exists()


def test_a_reader_who_has_had_enough_is_no_error(place: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [*MODELWARD, "benchmark", "report", "-f", "run.yaml"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("options", "what"), [((), "standard output"), (("-o", "/dev/full"), "-o /dev/full")]
)
def test_on_a_full_disk_the_command_says_what_can_t_be_written(
    place: Path, options: tuple[str, ...], what: str
) -> None:
    command = [*MODELWARD, "benchmark", "report", "-f", "run.yaml", *options]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    told = f"modelward benchmark report: {what} can't be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (64, told)


@pytest.mark.parametrize(
    ("option", "told"),
    [("--report", "there is no folder gone"), ("--log", "there is no folder gone")],
)
def test_a_file_that_can_t_be_written_is_told_before_anything_is_sent(
    place: Path, option: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place, deployment(ACCURACY))
    server = ModelServer()
    with serving(server) as url:
        assert measure(url, *ROWS, option, "gone/file") == 64
    assert told in capsys.readouterr().err
    assert server.requests == 0


def test_verdicts_are_printed_though_the_page_can_t_be_written(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_quick(monkeypatch)
    write(place, deployment(ACCURACY))
    with serving(ModelServer()) as url:
        assert measure(url, *ROWS, "--report", "/dev/full") == 64
    told = capsys.readouterr()
    assert "Every gate holds: accuracy 100%" in told.out
    assert "--report /dev/full can't be written: No space left on device" in told.err


def test_of_a_version_that_fails_the_first_wrong_rows_are_shown(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_quick(monkeypatch)
    nowhere = deployment(ACCURACY)
    nowhere["spec"]["serving"] |= {"protocol": "http", "http": {"path": "/none"}}
    write(place, nowhere, config_map(golden()))
    with serving(ModelServer()) as url:
        assert measure(url) == 1
    shown = [line.split() for line in capsys.readouterr().out.split("\n\n")[1].splitlines()]
    assert shown[0] == ["KPI", "WRONG", "ROW", "EXPECTED", "GOT"]
    assert len(shown) == 6
    assert {tuple(line[3:]) for line in shown[1:]} == {("status", "404:", "404:", "Not", "Found")}


def test_where_requests_failed_it_says_why_and_of_whom() -> None:
    loads = (a_profile(), a_profile("the stable revision"))
    lines = [line.split() for line in troubles(Details(loads)).splitlines()]
    assert lines == [
        ["FAILED", "WHY", "OF"],
        ["1", "status", "500", "the", "revision"],
        ["1", "status", "500", "the", "stable", "revision"],
    ]


def test_each_kpi_with_wrong_rows_is_among_the_few_that_are_shown() -> None:
    many = [WrongRow(dataset="golden", kpi="a", row=str(i), got="1") for i in range(100)]
    one = WrongRow(dataset="golden", kpi="b", row="b1", expected="2", problem="no answer in time")
    lines = troubles(Details(wrong_rows=(*many, one))).splitlines()
    assert len(lines) == 6
    assert lines[2].split() == ["b", "b1", "2", "no", "answer", "in", "time"]


def test_where_nothing_went_wrong_nothing_is_said() -> None:
    assert troubles(Details()) == ""
