"""Control groups outlive the processes in them, so someone has to remove them."""

import contextlib
import os
from pathlib import Path

from tests.cluster.local.waiting import wait_for

_ROOT = Path("/sys/fs/cgroup")


def create(name: str) -> None:
    """Make the group `name` in every hierarchy, for a kubelet to put its pods in."""
    for hierarchy in (_ROOT, *_ROOT.iterdir()):
        if (hierarchy / "cgroup.procs").exists():
            (hierarchy / name).mkdir(exist_ok=True)


def remove(name: str, timeout: float) -> None:
    """Remove the group `name` and all below it, in every hierarchy; they hold no process."""
    groups = [_ROOT / name, *_ROOT.glob(f"*/{name}")]
    wait_for(lambda: all(map(_remove_tree, groups)), f"control group {name} to be empty", timeout)


def _remove_tree(group: Path) -> bool:
    """Remove what can be removed: whether that was all."""
    for folder, _, _ in os.walk(group, topdown=False):
        # A group is busy for a moment after its last process.
        with contextlib.suppress(OSError):
            Path(folder).rmdir()
    return not group.exists()
