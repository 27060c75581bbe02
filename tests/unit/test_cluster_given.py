"""A cluster that somebody else made: what it lacks is said, and stories are skipped aloud."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.errors import ClusterError, LacksError
from tests.cluster.given import GivenCluster, GivenProvider
from tests.cluster.paths import PROJECT_ROOT

CLUSTER = GivenCluster("any", Path("kubeconfig"), Path("kubectl"))

STORIES = """
import pytest
from tests.cluster.given import GivenCluster
from pathlib import Path

CLUSTER = GivenCluster("any", Path("kubeconfig"), Path("kubectl"))

@pytest.fixture
def log():
    return CLUSTER.audit_log

def test_asks_by_itself():
    CLUSTER.run_in_node(["true"])

def test_asks_by_a_fixture(log):
    raise AssertionError

@pytest.mark.bare_node
def test_is_about_the_node():
    raise AssertionError

def test_asks_for_nothing():
    pass
"""


@pytest.mark.parametrize(
    ("ask", "lacking"),
    [
        (lambda: CLUSTER.audit_log, "the API server's audit log"),
        (lambda: CLUSTER.netns, "the node's network namespace"),
        (lambda: CLUSTER.run_in_node(["true"]), "the node's network"),
        (lambda: CLUSTER.without("kube-apiserver"), "a way to stop its kube-apiserver"),
        (lambda: CLUSTER.load_image("hello:test"), "a way to its nodes for image hello:test"),
    ],
)
def test_what_is_lacking_is_named(ask: Callable[[], object], lacking: str) -> None:
    with pytest.raises(LacksError, match=f"KUBECONFIG names lacks here: .*{lacking}"):
        ask()


def test_without_a_kubeconfig_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with pytest.raises(ClusterError, match="KUBECONFIG is not set"):
        GivenProvider().up("any")


def test_it_is_never_taken_down_and_is_nobody_s_leftover() -> None:
    assert GivenProvider().names() == []
    assert GivenProvider().down("any") is False


def test_a_story_that_asks_for_what_is_lacking_is_skipped_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "test_stories.py").write_text(STORIES)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    bare_node: x\n")
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "tests.cluster.fixtures", "."]
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT_ROOT),
        "MODELWARD_PROVIDER": "kubeconfig",
    }
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert "1 passed, 3 skipped" in result.stdout, result.stdout
    assert "lacks here: the node's network, for true" in result.stdout
    assert "lacks here: the API server's audit log" in result.stdout
    assert "it is about the bare node. Clusters by provider kubeconfig" in result.stdout
