"""Control groups outlive the processes in them, so someone has to remove them."""

import contextlib
import os
from pathlib import Path

from tests.cluster.local.waiting import wait_for

_ROOT = Path("/sys/fs/cgroup")
_PROCESSES = 16
"""As how many processes of the machine all pods together count for the CPU. As one, which is the
kernel's default, they miss their probes whenever the machine is busy with something else."""
_SHARES = (("cpu.shares", 1024), ("cpu.weight", 100))
"""What one process has, in the words of both versions of control groups."""


def create(name: str) -> None:
    """Make the group `name` in every hierarchy, for a kubelet to put its pods in."""
    for hierarchy in (_ROOT, *_ROOT.iterdir()):
        if (hierarchy / "cgroup.procs").exists():
            group = hierarchy / name
            group.mkdir(exist_ok=True)
            for file, share in _SHARES:
                if (group / file).exists():
                    (group / file).write_text(str(share * _PROCESSES))


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
