"""What the stories stand on: a node with the operator installed, and a namespace for each story."""

import itertools
from collections.abc import Iterator

import pytest

from tests.cluster.provider import Cluster
from tests.e2e.stage import Stage, install_operator

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def installed(node: Cluster) -> Cluster:
    """A node on which the operator runs, installed as the README says."""
    install_operator(node)
    return node


@pytest.fixture
def stage(installed: Cluster) -> Iterator[Stage]:
    """A namespace of its own for one story."""
    stage = Stage(installed, f"story-{next(_NUMBERS)}")
    stage.open()
    yield stage
    stage.close()
