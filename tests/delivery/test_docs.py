"""docs/gitops.md says what the tests find, and docs/evidence.md shows a page that can be made."""

import re
from pathlib import Path

import pytest

from modelward.cli.main import main
from tests.delivery.situations import SITUATIONS

TEXT = (Path(__file__).parents[2] / "docs" / "gitops.md").read_text()


def test_the_table_of_what_tools_see_is_the_tested_one() -> None:
    rows = re.findall(r"^\| ([^|]+) \| (\w+) \| (\w+) \| (\w+) \|$", TEXT, re.MULTILINE)
    assert rows == [(s.name, s.kstatus, s.health, s.serves) for s in SITUATIONS]


EXAMPLE = Path(__file__).parents[2] / "examples" / "report"


def test_the_page_that_is_shown_is_made_of_evidence_that_holds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run, log = str(EXAMPLE / "run.json"), str(EXAMPLE / "runner.log")
    assert main(["judge", "explain", run]) == 0
    explained = capsys.readouterr().out
    assert main(["benchmark", "report", "-f", run, "--log", log]) == 0
    shown = capsys.readouterr().out
    assert explained.splitlines()[1] in shown
    assert "p95 limit 250ms" in shown
