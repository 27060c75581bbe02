"""What tests of the operator against an API server share."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import yaml

from modelward.cluster.kinds import OURS
from tests.apiserver.controllers import Controllers, playing
from tests.apiserver.cuttable import Cuttable, cuttable
from tests.apiserver.kube import Kube, connected, fresh_namespace
from tests.apiserver.operator_process import OperatorProcess
from tests.apiserver.waiting import wait_until_established
from tests.cluster import packages
from tests.cluster.local.layout import write_json
from tests.cluster.provider import Cluster

CRDS = Path(__file__).parents[2] / "crds"


@pytest.fixture(scope="session")
def prometheus_installed() -> None:
    """Debian's package, which has promtool as well."""
    packages.ensure(packages.PROMETHEUS)


@pytest.fixture(scope="session")
def served(control_plane: Cluster) -> Cluster:
    """The control plane with our CRDs."""
    control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(CRDS))
    wait_until_established(control_plane, *(f"{kind.plural}.{kind.group}" for kind in OURS))
    return control_plane


@pytest.fixture
async def kube(served: Cluster) -> AsyncIterator[Kube]:
    """A client of the administrator."""
    async with connected(served.kubeconfig) as client:
        yield client


@pytest.fixture
async def namespace(kube: Kube) -> AsyncIterator[str]:
    """A namespace of the test's own; no operator of a later test finds work in it."""
    async with fresh_namespace(kube) as name:
        yield name


@pytest.fixture
async def controllers(kube: Kube, namespace: str) -> AsyncIterator[Controllers]:
    """ReplicaSets and Jobs of the namespace have pods, and these are ready at once."""
    async with playing(Controllers(kube, namespace)) as played:
        yield played


@pytest.fixture
async def way(served: Cluster, tmp_path: Path) -> AsyncIterator[Cuttable]:
    """A way to the API server that can be cut; tmp_path/kubeconfig leads through it."""
    async with cuttable(yaml.safe_load(served.kubeconfig.read_text())) as (way, leading):
        write_json(tmp_path / "kubeconfig", leading)
        yield way


@pytest.fixture
def far_operator(way: Cuttable, namespace: str, tmp_path: Path) -> Iterator[OperatorProcess]:
    """An operator on that way, not started; it is killed afterwards."""
    operator = OperatorProcess(tmp_path / "kubeconfig", tmp_path / "log", (namespace,))
    yield operator
    way.release()
    operator.kill()


@pytest.fixture
def start_operator(
    served: Cluster, namespace: str, tmp_path: Path
) -> Iterator[Callable[..., OperatorProcess]]:
    """Start operators that look after the test's namespace; they are killed afterwards."""
    started: list[OperatorProcess] = []

    def start(*arguments: str, cluster_wide: bool = False) -> OperatorProcess:
        operator = OperatorProcess(
            kubeconfig=served.kubeconfig,
            log=tmp_path / f"operator-{len(started)}.log",
            namespaces=() if cluster_wide else (namespace,),
            arguments=arguments,
        )
        started.append(operator)
        operator.start()
        return operator

    yield start
    for operator in started:
        operator.kill()
