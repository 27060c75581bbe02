"""The demo comes out right, and says so only when it does."""

import os
import subprocess
import sys

import pytest

from tests.cluster import choice
from tests.cluster.provider import Cluster
from tests.e2e.stage import PROJECT

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        choice.present().name == choice.GIVEN,
        reason="the demo loads an image of its own, and a cluster that is given has no way for it",
    ),
]


def play(cluster: Cluster, **environment: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(PROJECT / "operator"), str(PROJECT)])
    return subprocess.run(
        [sys.executable, "-m", "examples.demo", "--cluster", cluster.name],
        env=os.environ | {"PYTHONPATH": paths} | environment,
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,
        check=False,
    )


def test_the_demo_promotes_the_better_version_and_rolls_back_the_broken_one(node: Cluster) -> None:
    demo = play(node)
    assert demo.returncode == 0, demo.stdout
    assert "\x1b" not in demo.stdout


def test_the_demo_fails_when_the_third_version_is_not_broken(node: Cluster) -> None:
    demo = play(node, DEMO_BREAK="0")
    assert demo.returncode == 1, demo.stdout
    assert "NO   version 3 was rolled back by its accuracy" in demo.stdout
    assert "yes  no request failed" in demo.stdout, demo.stdout
