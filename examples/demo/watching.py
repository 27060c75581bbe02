"""Follow objects of the cluster as they change."""

import json
import subprocess
import threading
from collections.abc import Callable
from typing import Any

from tests.cluster.provider import Cluster

Document = dict[str, Any]


class Watch:
    """`kubectl get --watch`: calls back with each object of a kind as it is and as it changes."""

    def __init__(
        self, cluster: Cluster, namespace: str, kind: str, seen: Callable[[Document], None]
    ) -> None:
        self._seen = seen
        kubectl = [str(cluster.kubectl_program), f"--kubeconfig={cluster.kubeconfig}"]
        get = ["get", kind, "-n", namespace, "--watch", "-o", 'jsonpath={$}{"\\n"}']
        self._process = subprocess.Popen(
            kubectl + get, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._seen(json.loads(line))

    def stop(self) -> None:
        """End the watch."""
        self._process.terminate()
        self._process.wait()
        self._thread.join(timeout=5)
