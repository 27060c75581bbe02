"""Names of clusters, missing packages, and what a build says about how far it is."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cluster import locks, packages, paths
from tests.cluster.packages import MissingPackagesError
from tests.cluster.progress import Progress


@pytest.mark.parametrize("name", ["modelward", "a", "ci-2"])
def test_a_plain_name_has_a_folder_of_its_own(name: str) -> None:
    assert paths.cluster_folder(name) == paths.CLUSTERS / name


@pytest.mark.parametrize("name", ["", "../x", "A", "9x", "x-", "bin", "kubeconfig", "x" * 31])
def test_a_name_that_can_not_be_a_node_is_refused(name: str) -> None:
    with pytest.raises(paths.InvalidNameError, match="at most 30 lower-case letters"):
        paths.cluster_folder(name)


def test_two_clusters_have_two_locks() -> None:
    assert paths.lock_file("a") != paths.lock_file("b")


def test_the_error_names_the_command_that_installs_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(MissingPackagesError, match=r"apt-get install .* containerd runc$"):
        packages.ensure(["openssl", "containerd", "runc"], installed=lambda name: name == "openssl")


def test_nothing_is_said_when_no_package_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    packages.ensure(packages.NODE, installed=lambda _: True)
    assert capsys.readouterr() == ("", "")


def test_what_another_process_installs_meanwhile_is_waited_for_and_not_installed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """apt-get would fail: it can't update its lists while another one does."""
    asked, there = threading.Event(), threading.Event()

    def installed(_: str) -> bool:
        asked.set()
        return there.is_set()

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(paths, "runtime", lambda: tmp_path)
    monkeypatch.setattr(packages, "_apt_get", lambda *_: pytest.fail("installed again"))
    with ThreadPoolExecutor() as pool:
        with locks.locked(tmp_path / "apt-get.lock"):
            other = pool.submit(packages.ensure, ["openssl"], installed)
            assert asked.wait(60)
            there.set()
        other.result(60)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_one_line_that_changes() -> None:
    terminal = Terminal()
    progress = Progress("Building", terminal)
    progress.update("1 of 9 packages")
    progress.update("2 of 9 packages")
    progress.done()
    assert terminal.getvalue().count("\n") == 1
    assert "\r\x1b[KBuilding: 2 of 9 packages" in terminal.getvalue()


def test_elsewhere_a_line_is_printed_only_now_and_then() -> None:
    log = io.StringIO()
    progress = Progress("Building", log)
    for _ in range(1000):
        progress.update("some")
    progress.done()
    assert len(log.getvalue().splitlines()) == 2
