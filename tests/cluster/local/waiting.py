"""Waiting for something to become true."""

import time
from collections.abc import Callable

from tests.cluster.errors import ClusterError

_INTERVAL = 0.05


class ClusterTimeoutError(ClusterError):
    """Something didn't happen in time."""


def wait_for(
    condition: Callable[[], bool],
    what: str,
    timeout: float,
    check: Callable[[], None] | None = None,
) -> None:
    """Return once `condition` holds; ClusterTimeoutError naming `what` after `timeout` seconds.

    `check` is called between looks and raises when waiting has become pointless.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if check is not None:
            check()
        if time.monotonic() > deadline:
            message = f"waited {timeout:g} s in vain for {what}"
            raise ClusterTimeoutError(message)
        time.sleep(_INTERVAL)
