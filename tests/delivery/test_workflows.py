"""The workflows: actionlint finds nothing, they are granted little, and they run what there is."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.local.build import program

PROJECT = Path(__file__).parents[2]
FILES = sorted((PROJECT / ".github" / "workflows").glob("*.yaml"))

each_file = pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)


def jobs(file: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(file.read_text())["jobs"]
    return found


def test_actionlint_finds_nothing_wrong() -> None:
    command = [str(program("actionlint", target="tool")), *map(str, FILES)]
    checked = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@each_file
def test_a_workflow_may_only_read_unless_a_job_says_why(file: Path) -> None:
    workflow = yaml.safe_load(file.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    writing = {name for name, job in workflow["jobs"].items() if "permissions" in job}
    assert writing == ({"image", "chart", "release"} if file.stem == "release" else set())


@each_file
def test_every_make_target_of_a_workflow_exists(file: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    used = set(re.findall(r"\bmake ([a-z0-9-]+)", file.read_text()))
    for job in jobs(file).values():
        used |= {*job.get("strategy", {}).get("matrix", {}).get("target", [])}
    assert used
    assert used <= targets


def test_every_part_of_make_test_runs_for_a_change() -> None:
    (line,) = re.findall(r"^test: (.*?) ##", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    ran = jobs(PROJECT / ".github" / "workflows" / "test.yaml")
    assert set(line.split()) <= {"lint", *ran["test"]["strategy"]["matrix"]["target"]}


def test_whatever_a_release_pushes_is_signed() -> None:
    released = jobs(PROJECT / ".github" / "workflows" / "release.yaml")
    for name in ("image", "chart", "release"):
        text = yaml.dump(released[name]["steps"])
        assert re.search(r"cosign sign(-blob)? --yes", text)
        assert released[name]["permissions"]["id-token"] == "write"
