"""Where the benchmarks run: a control plane with real controllers, and pods played by kwok."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modelward.cluster.kinds import OURS
from tests.apiserver.conftest import CRDS
from tests.apiserver.operator_process import OperatorProcess
from tests.cluster.local import simulated
from tests.cluster.local.provider import LocalCluster, LocalProvider
from tests.cluster.local.waiting import wait_for

_PREFIX = "bench-"


@dataclass(frozen=True)
class Place:
    """A cluster of the benchmarks' own."""

    cluster: LocalCluster
    folder: Path
    """For logs; gone afterwards."""

    @contextmanager
    def operator(self, *arguments: str) -> Iterator["Operator"]:
        """An operator with default settings, ready; it is stopped in the end."""
        process = OperatorProcess(
            kubeconfig=self.cluster.kubeconfig,
            log=self.folder / "operator.log",
            arguments=arguments,
        )
        try:
            process.start(timeout=300)
            yield Operator(process)
        finally:
            process.kill(signal.SIGKILL)


@dataclass(frozen=True)
class Operator:
    """The operator's process, as the kernel sees it."""

    process: OperatorProcess

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process.process is not None
        return self.process.process.pid

    def cpu_seconds(self) -> float:
        """Return the CPU time that it has taken, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, field: str = "VmRSS") -> float:
        """Return a line of /proc/PID/status in MiB: VmRSS is what it holds, VmHWM its peak."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == field:
                return int(value.split()[0]) / 1024
        raise KeyError(field)


@contextmanager
def place(*, simulated_nodes: bool = True) -> Iterator[Place]:
    """Bring a cluster up with our CRDs; it ends with this process at the latest."""
    provider, name = LocalProvider(), f"{_PREFIX}{os.getpid()}"
    # So that the operator is stopped, too, when this is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    _sweep(provider)
    with tempfile.TemporaryDirectory() as folder:
        try:
            cluster = provider.up(name, control_plane_only=True, until_exit=True)
            cluster.kubectl("apply", "--server-side", "-k", str(CRDS))
            names = [f"crd/{kind.plural}.{kind.group}" for kind in OURS]
            wait = ("wait", "--for=condition=Established", "--timeout=10s", *names)
            # kubectl gives up at once where a CRD has no conditions yet.
            wait_for(
                lambda: cluster.kubectl(*wait, check=False).returncode == 0,
                "our CRDs to be served",
                60,
            )
            if simulated_nodes:
                simulated.start(cluster.layout, cluster.addresses)
            yield Place(cluster, Path(folder))
        finally:
            provider.down(name)


def _sweep(provider: LocalProvider) -> None:
    """Remove the folders of benchmarks that were killed: their clusters ended with them."""
    for name in provider.names():
        owner = name.removeprefix(_PREFIX)
        if owner.isdigit() and not Path("/proc", owner).exists():
            provider.down(name)
