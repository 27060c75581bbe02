"""A pid is only killed when it still means the process that was recorded."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.local.identity import identify, is_running, kill, parse_stat
from tests.cluster.local.layout import Layout, read_json, write_json

STAT = "4711 (odd ) (name) S 1 4711 4711 0 -1 4194560 " + " ".join(["0"] * 12) + " 987654 0 0"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def test_a_name_with_brackets_and_blanks_does_not_shift_the_start_time() -> None:
    identity = parse_stat(STAT, "boot")
    assert identity is not None
    assert (identity.pid, identity.start_ticks, identity.boot_id) == (4711, 987654, "boot")


def test_a_process_that_has_ended_and_was_not_waited_for_is_not_running() -> None:
    assert parse_stat(STAT.replace(" S ", " Z "), "boot") is None


def test_a_recorded_process_is_killed(child: subprocess.Popen[bytes]) -> None:
    identity = identify(child.pid)
    assert identity is not None
    assert is_running(identity)
    assert kill(identity, timeout=10)
    assert not is_running(identity)


def test_another_process_with_the_recorded_pid_is_left_alone(
    child: subprocess.Popen[bytes],
) -> None:
    identity = identify(child.pid)
    assert identity is not None
    assert kill(replace(identity, start_ticks=1), timeout=10)
    assert kill(replace(identity, boot_id="another"), timeout=10)
    assert is_running(identity)


def test_there_is_no_identity_for_a_pid_that_nobody_has() -> None:
    assert identify(2**22 + 1) is None


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "some")
    assert layout.supervisor_identity() is None
    identity = identify()
    assert identity is not None
    layout.record_supervisor(identity)
    assert layout.supervisor_identity() == identity
    assert [path.name for path in layout.folder.iterdir()] == ["supervisor.json"]


def test_json_files_are_for_their_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "key.json"
    write_json(file, {"a": 1})
    assert read_json(file) == {"a": 1}
    assert file.stat().st_mode & 0o077 == 0
