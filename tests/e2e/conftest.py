"""What the stories stand on: a node with the operator installed, and a namespace for each story."""

from collections.abc import Iterator
from contextlib import suppress
from subprocess import CalledProcessError
from threading import Thread

import pytest

from tests.cluster.errors import ClusterError, LacksError
from tests.cluster.install import build_operator_image, install_operator
from tests.cluster.provider import Cluster
from tests.e2e.local_operator import LocalOperator, rest, resume
from tests.e2e.monitoring.running import monitored
from tests.e2e.stage import Stage, new_stage, playing
from tests.e2e.together import WITH_USERS, Told, chosen, story_of, telling


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what is told at the same time after what must be alone, and what looks back last."""
    items.sort(key=turn)


def turn(item: pytest.Item) -> tuple[int, bool]:
    """Return when a test has its turn, and whether its story is begun after longer ones."""
    is_short = item.get_closest_marker("takes_long") is None
    if item.get_closest_marker("looks_back"):
        return 3, is_short
    if story_of(item):
        return 2, is_short
    return (1, is_short) if story_of(item, WITH_USERS) else (0, True)


@pytest.fixture(scope="session", autouse=True)
def image_in_the_making(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have the operator's image built, which takes a minute, beside the tests that need none.

    Tests that end early wait for the build, so that it is not left behind.
    """
    building = Thread(target=build_ahead)
    if any("installed" in getattr(item, "fixturenames", ()) for item in request.session.items):
        building.start()
    yield
    if building.ident is not None:
        building.join()


def build_ahead() -> None:
    """Build it; who installs the operator waits for that, or tries again and tells why not."""
    with suppress(ClusterError, CalledProcessError):
        build_operator_image()


@pytest.fixture(scope="session")
def audit_began(node: Cluster) -> int:
    """Size of the audit log before the operator was installed; 0 where there is none."""
    with suppress(LacksError):
        return node.audit_log.stat().st_size
    return 0


@pytest.fixture(scope="session")
def installed(node: Cluster, audit_began: int) -> Cluster:
    """A node on which the operator runs, installed as the README says."""
    del audit_began  # what is done from here on is looked back at
    install_operator(node)
    return node


@pytest.fixture
def stage(installed: Cluster) -> Iterator[Stage]:
    """A namespace of its own for one story."""
    with playing(new_stage(installed)) as stage:
        yield stage


@pytest.fixture(scope="module")
def shared_stage(installed: Cluster) -> Iterator[Stage]:
    """A namespace for all stories of a module."""
    with playing(new_stage(installed)) as stage:
        yield stage


@pytest.fixture(scope="session")
def told_with_users(request: pytest.FixtureRequest, installed: Cluster) -> Iterator[Told]:
    """All stories that have a few users, under way, and a Prometheus that counts these.

    They mostly wait, so that none of them fails another one's users for want of a processor.
    """
    with monitored(installed), telling(installed, chosen(request, WITH_USERS)) as told:
        yield told


@pytest.fixture(scope="session")
def told(request: pytest.FixtureRequest, installed: Cluster) -> Iterator[Told]:
    """All stories that can be told at the same time; they are under way."""
    with telling(installed, chosen(request)) as told:
        yield told


@pytest.fixture
def at_rest(installed: Cluster) -> Iterator[Cluster]:
    """The node while the installed operator stands still, so that another one can work."""
    rest(installed)
    yield installed
    resume(installed)


@pytest.fixture
def impatient(at_rest: Cluster, stage: Stage) -> Iterator[LocalOperator]:
    """An operator for the stage that looks again after seconds, not minutes."""
    with LocalOperator(at_rest, stage.namespace, "is_impatient") as operator:
        yield operator
