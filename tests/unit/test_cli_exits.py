"""Exit codes: one meaning each, the same in the code, in every --help and in the documents."""

import re
from pathlib import Path

import pytest

from modelward.cli.exits import ExitCode, exit_code
from modelward.cli.main import main

PROJECT = Path(__file__).parents[2]
COMMANDS = ["judge plan", "judge replay", "judge explain", "benchmark run", "benchmark report"]


def test_the_table_in_the_documents_has_every_code() -> None:
    text = (PROJECT / "docs" / "evidence.md").read_text()
    section = text.partition("## Exit codes")[2].partition("\n## ")[0]
    assert [int(code) for code in re.findall(r"^\| (\d+) ", section, re.MULTILINE)] == list(
        ExitCode
    )
    for name in COMMANDS:
        assert f"`{name}`" in section


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_explains_no_code_that_there_is_not(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out.partition("exit codes:")[2].partition("\n\n")[0]
    assert {int(code) for code in re.findall(r"^  (\d+) ", told, re.MULTILINE)} <= set(ExitCode)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_line_that_makes_no_sense_is_no_verdict(command: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--nonsense"])
    assert ended.value.code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("verdict", "code"),
    [("Pass", 0), ("Fail", 1), ("Inconclusive", 2), ("NotApplicable", 2), (None, 2)],
)
def test_only_pass_is_zero(verdict: str | None, code: int) -> None:
    assert ExitCode.of(verdict) == code


def test_ctrl_c_is_told_as_shells_do(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> ExitCode:
        raise KeyboardInterrupt

    assert exit_code("judge replay", interrupted) == 130
    assert capsys.readouterr().err == "interrupted: there is no result\n"
