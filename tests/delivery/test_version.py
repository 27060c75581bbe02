"""The version is said in one place; everything else that names it follows."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from modelward import __version__
from tools.changelog import CHANGELOG, MissingEntryError, entry

PROJECT = Path(__file__).parents[2]


def loaded(path: str) -> dict[str, object]:
    document: dict[str, object] = yaml.safe_load((PROJECT / path).read_text())
    return document


def test_the_version_is_written_down_once() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"] == {"path": "operator/modelward/__init__.py"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_the_chart_and_the_image_have_the_version_of_the_code() -> None:
    chart = loaded("charts/modelward/Chart.yaml")
    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)
    assert loaded("manifests/release/kustomization.yaml")["images"] == [
        {"name": "modelward", "newTag": __version__}
    ]


def test_the_changelog_tells_of_this_version() -> None:
    assert "### Added" in entry(CHANGELOG.read_text(), __version__)


NEXT = "# Changelog\n\n## [Unreleased]\n\n## [1.1.0] - 2026-12-01\n\n- b\n\n## [1.0.0]\n\n- a\n"


def test_an_entry_ends_where_the_one_before_it_begins() -> None:
    assert entry(NEXT, "1.1.0", released=True) == "- b"


@pytest.mark.parametrize(
    ("text", "version", "complaint"),
    [
        (NEXT, "1.2.0", "not that of 1.2.0"),
        (NEXT, "1.0.0", "not that of 1.0.0"),
        ("", "1.0.0", "not that of 1.0.0"),
        ("## [1.0.0]\n\n- a\n", "1.0.0", "no date"),
        ("## [1.0.0] - unreleased\n\n- a\n", "1.0.0", "no date"),
        ("## [1.0.0] - 2026-12-01\n\n## [0.9.0]\n\n- a\n", "1.0.0", "empty"),
    ],
)
def test_a_version_is_not_released_without_its_entry(
    text: str, version: str, complaint: str
) -> None:
    with pytest.raises(MissingEntryError, match=complaint):
        entry(text, version, released=True)
