"""The demo comes out right, and says so only when it does."""

import os
import subprocess
import sys

import pytest

from examples.demo.setting import provide_image
from tests.cluster import choice
from tests.cluster.errors import LacksError
from tests.cluster.provider import Cluster
from tests.e2e.stage import PROJECT, Stage
from tests.e2e.together import Story, Told

pytestmark = [pytest.mark.e2e, pytest.mark.takes_long]


def provide(cluster: Cluster) -> None:
    """Let the cluster have the demo's image. Raises LacksError where there is no way for it."""
    if choice.present().name == choice.GIVEN:
        raise LacksError("a cluster that is given has no way for the image of the demo")
    provide_image(cluster)


def play(stage: Stage, **environment: str) -> subprocess.CompletedProcess[str]:
    """Play it on the stage's cluster; it has a namespace of its own, and one at a time."""
    provide(stage.cluster)
    paths = os.pathsep.join([str(PROJECT / "operator"), str(PROJECT)])
    return subprocess.run(
        [sys.executable, "-m", "examples.demo", "--cluster", stage.cluster.name],
        env=os.environ | {"PYTHONPATH": paths} | environment,
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,
        check=False,
    )


def the_demo_promotes_the_better_version_and_rolls_back_the_broken_one(stage: Stage) -> None:
    demo = play(stage)
    assert demo.returncode == 0, demo.stdout
    assert "\x1b" not in demo.stdout


def the_demo_fails_when_the_third_version_is_not_broken(stage: Stage) -> None:
    demo = play(stage, DEMO_BREAK="0")
    assert demo.returncode == 1, demo.stdout
    assert "NO   version 3 was rolled back by its accuracy" in demo.stdout
    assert "yes  no request failed" in demo.stdout, demo.stdout


STORIES_WITH_USERS: tuple[Story, ...] = (
    the_demo_promotes_the_better_version_and_rolls_back_the_broken_one,
)
# Later, because all demos have the same namespace.
STORIES: tuple[Story, ...] = (the_demo_fails_when_the_third_version_is_not_broken,)


@pytest.fixture(scope="session")
def image_on_the_node(node: Cluster) -> None:
    """The image is unpacked, which takes both processors, before any story with users begins."""
    provide(node)


@pytest.mark.usefixtures("image_on_the_node")
@pytest.mark.parametrize("story_with_users", STORIES_WITH_USERS, ids=lambda story: story.__name__)
def test_a_demo(told_with_users: Told, story_with_users: Story) -> None:
    told_with_users[story_with_users].result()


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_demo_of_another_end(told: Told, story: Story) -> None:
    told[story].result()
