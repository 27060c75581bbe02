"""Running programs inside of a node."""

import subprocess
from collections.abc import Sequence

from tests.cluster import commands
from tests.cluster.local.layout import Layout


def nsenter(layout: Layout, *kinds: str) -> list[str]:
    """The beginning of a command that runs in the node's namespaces of these kinds."""
    target = layout.recorded_supervisor().pid
    return ["nsenter", f"--target={target}", *(f"--{kind}" for kind in kinds), "--"]


def in_node(layout: Layout, command: Sequence[str]) -> str:
    """Run a program with the node's network and files; its output. Raises CommandError."""
    return commands.run([*nsenter(layout, "net", "mount"), *command])


def in_node_network(
    layout: Layout, command: Sequence[str], *, check: bool
) -> subprocess.CompletedProcess[str]:
    """Run a program of this machine in the node's network."""
    return subprocess.run(
        [*nsenter(layout, "net"), *command], capture_output=True, text=True, check=check
    )
