"""What the stories stand on: a node with the operator installed, and a namespace for each story."""

from collections.abc import Iterator

import pytest

from tests.cluster.provider import Cluster
from tests.e2e.local_operator import LocalOperator, rest, resume
from tests.e2e.stage import Stage, install_operator, new_stage, playing
from tests.e2e.together import Told, chosen, tell


@pytest.fixture(scope="session")
def installed(node: Cluster) -> Cluster:
    """A node on which the operator runs, installed as the README says."""
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
def told(request: pytest.FixtureRequest, installed: Cluster) -> Told:
    """All stories that can be told at the same time, when they have ended."""
    return tell(installed, chosen(request))


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
