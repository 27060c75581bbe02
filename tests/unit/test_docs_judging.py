"""docs/judging.md: what it quotes of the command line is what the commands print."""

import io
import re
import shlex
from pathlib import Path

import pytest

from benchmarks.unfolding import picture
from modelward.cli.main import main

PROJECT = Path(__file__).parents[2]
DOCUMENT = PROJECT / "docs" / "judging.md"
QUOTED = re.findall(r"```console\n\$ modelward (.*?)\n(.*?)\n```", DOCUMENT.read_text(), re.DOTALL)


def test_all_three_commands_are_quoted() -> None:
    assert {command.split()[1] for command, _ in QUOTED} == {"explain", "plan", "replay"}


@pytest.mark.parametrize(("command", "quoted"), QUOTED)
def test_a_command_prints_what_is_quoted(
    command: str, quoted: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    words, _, file = command.partition(" < ")
    if file:
        monkeypatch.setattr("sys.stdin", io.StringIO(Path(file).read_text()))
    main(shlex.split(words))
    assert capsys.readouterr().out.rstrip() == quoted


def test_the_picture_is_the_one_that_is_drawn() -> None:
    assert (PROJECT / "docs" / "unfolding.svg").read_text().splitlines() == list(picture())
