"""The link between the machine and the node's own network."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from tests.cluster import commands
from tests.cluster.local.enter import nsenter
from tests.cluster.local.layout import Layout
from tests.cluster.local.slots import Addresses
from tests.cluster.local.waiting import wait_for

_NODE_END = "uplink"


def connect(layout: Layout, addresses: Addresses) -> None:
    """Link the node's network namespace to the machine's.

    The link ends with either of its ends, and its routes with it. The machine reaches the node,
    the pods and the Services; the machine forwards nothing, so what is in the node stays there.
    """
    machine_end, prefix = layout.unique, addresses.link_prefix
    pid = layout.recorded_supervisor().pid
    _ip(
        f"link add {machine_end} type veth peer name {_NODE_END} netns {pid}",
        f"address add {addresses.host}/{prefix} dev {machine_end}",
        f"link set {machine_end} up",
    )
    _ip(
        "link set lo up",
        f"address add {addresses.node}/{prefix} dev {_NODE_END}",
        f"link set {_NODE_END} up",
        f"route add default via {addresses.host}",
        inside=nsenter(layout, "net"),
    )
    _ip(
        f"route add {addresses.pods} via {addresses.node}",
        f"route add {addresses.services} via {addresses.node}",
    )


def disconnect(layout: Layout, timeout: float) -> None:
    """Remove the link.

    The kernel does it too when it removes the node's namespace. But it keeps that for minutes after
    the last process while connections that were cut off still try to end.
    """
    link = Path("/sys/class/net", layout.unique)
    if link.exists():
        with contextlib.suppress(commands.CommandError):  # the kernel was faster
            commands.run(["ip", "link", "delete", layout.unique])
    wait_for(lambda: not link.exists(), f"the network link {layout.unique} to go", timeout)


def _ip(*batch: str, inside: Sequence[str] = ()) -> None:
    commands.run([*inside, "ip", "-batch", "-"], stdin="".join(f"{line}\n" for line in batch))
