"""The operator as a process of this machine, so that it can be killed without a back-off."""

import os
import signal
import subprocess
import sys
from types import TracebackType
from typing import Self

from tests.cluster.install import OPERATOR as OPERATOR_ACCOUNT
from tests.cluster.provider import Cluster
from tests.cluster.rights import account_kubeconfig
from tests.e2e.stage import IMAGE, OPERATOR, PROJECT


class LocalOperator:
    """An operator that looks after one namespace; `variant` is one of tests/e2e/variants.py.

    It speaks as the installed operator's account, and may do no more.
    """

    def __init__(self, cluster: Cluster, namespace: str, variant: str = "") -> None:
        module = ("tests.e2e.variants", variant) if variant else ("modelward",)
        self._command = [sys.executable, "-m", *module, "operator"]
        path = cluster.kubeconfig.with_name("operator-kubeconfig")
        kubeconfig = account_kubeconfig(cluster, OPERATOR_ACCOUNT, path)
        self._command += ["--kubeconfig", str(kubeconfig), "--namespace", namespace]
        self._command += ["--runner-image", IMAGE, "--listen", "127.0.0.1:0"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        path = os.pathsep.join((str(PROJECT / "operator"), str(PROJECT)))
        self._process = subprocess.Popen(
            self._command,
            env=os.environ | {"PYTHONPATH": path},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def kill_and_restart(self) -> None:
        self.kill()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


def rest(cluster: Cluster) -> None:
    """Have the installed operator stand still."""
    cluster.kubectl("scale", *OPERATOR, "--replicas=0")
    cluster.kubectl(
        *("wait", "-n", "modelward-system", "--for=delete", "pod"),
        *("-l", "app.kubernetes.io/name=modelward", "--timeout=60s"),
    )


def resume(cluster: Cluster) -> None:
    """Have the installed operator work again."""
    cluster.kubectl("scale", *OPERATOR, "--replicas=1")
    cluster.kubectl("rollout", "status", *OPERATOR, "--timeout=120s")
