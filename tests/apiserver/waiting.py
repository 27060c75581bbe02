"""Waiting for something to become so."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tests.cluster.provider import Cluster

T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T | None]], what: str, seconds: float = 60.0) -> T:
    """Look again and again until there is something (true); return it."""
    deadline = time.monotonic() + seconds
    while True:
        found = await look()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for {what}"
        await asyncio.sleep(0.02)


def wait_until_established(cluster: Cluster, *crds: str) -> None:
    """Wait until objects of these CRDs can be made.

    kubectl fails on an object that has no conditions yet, so it waits for these first.
    """
    names = [f"crd/{crd}" for crd in crds]
    for what in ("jsonpath={.status.conditions}", "condition=Established"):
        cluster.kubectl("wait", f"--for={what}", "--timeout=60s", *names)
