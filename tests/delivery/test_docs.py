"""docs/gitops.md says what the tests find."""

import re
from pathlib import Path

from tests.delivery.situations import SITUATIONS

TEXT = (Path(__file__).parents[2] / "docs" / "gitops.md").read_text()


def test_the_table_of_what_tools_see_is_the_tested_one() -> None:
    rows = re.findall(r"^\| ([^|]+) \| (\w+) \| (\w+) \| (\w+) \|$", TEXT, re.MULTILINE)
    assert rows == [(s.name, s.kstatus, s.health, s.serves) for s in SITUATIONS]
