"""Waiting for something to become true."""

import time
from collections.abc import Callable

_INTERVAL = 0.05


def wait_for(
    condition: Callable[[], bool],
    what: str,
    timeout: float,
    check: Callable[[], None] | None = None,
) -> None:
    """Return once `condition` holds; TimeoutError naming `what` after `timeout` seconds.

    `check` is called between looks and raises when waiting has become pointless.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if check is not None:
            check()
        if time.monotonic() > deadline:
            message = f"waited {timeout:g} s in vain for {what}"
            raise TimeoutError(message)
        time.sleep(_INTERVAL)
