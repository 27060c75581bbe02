"""The node's own processes, network and mounts, which end with its first process.

The node shares the machine's /usr and /etc. All that its programs write goes to /run and /var,
and these are its own: /run in memory, /var in the cluster's folder. So every program can use its
ordinary paths, and nothing of them is left on the machine.
"""

import os
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.cluster.local import linux
from tests.cluster.local.layout import Layout

# What a kubelet sets for the whole machine; it reads and writes these values in files of its own.
_KERNEL_SETTINGS = {
    "kernel/keys/root_maxbytes": "25000000",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
}


def become_first_process_of_a_node() -> None:
    """Go on as process 1 of new namespaces; the process that called ends at once."""
    linux.unshare(
        linux.CLONE_NEWNS
        | linux.CLONE_NEWPID
        | linux.CLONE_NEWNET
        | linux.CLONE_NEWIPC
        | linux.CLONE_NEWUTS
    )
    if os.fork():
        os._exit(0)


def furnish(layout: Layout, binaries: Iterable[Path]) -> None:
    """Mount what the node sees, and set its kernel settings; called by its first process."""
    socket.sethostname(layout.node_name)
    _mount("--make-rprivate", "/")
    _mount("-t", "proc", "proc", "/proc")
    visible = {path: os.open(path, os.O_PATH) for path in (layout.folder, *binaries)}
    _make_var(layout.var)
    _mount("--bind", str(layout.var), "/var")
    _mount("-t", "tmpfs", "-o", "mode=755", "node", "/run")
    for path, descriptor in visible.items():
        _show_again(path, descriptor)
    _set_kernel_settings(Path("/run/kernel-settings"))


def _make_var(var: Path) -> None:
    for folder in ("lib", "log", "tmp"):
        (var / folder).mkdir(parents=True, exist_ok=True)
    (var / "run").symlink_to("/run")


def _show_again(path: Path, descriptor: int) -> None:
    """Bind a folder where it was, if the node's own /var or /run hides it."""
    hidden = not path.exists() or not os.path.samestat(path.stat(), os.fstat(descriptor))
    if hidden:
        path.mkdir(parents=True, exist_ok=True)
        # Taken as it is: the kernel follows this link to where the name doesn't lead any more.
        source = ("--no-canonicalize", "--bind", f"/proc/self/fd/{descriptor}")
        _mount(*source, str(path), inherit=(descriptor,))
    os.close(descriptor)


def _set_kernel_settings(folder: Path) -> None:
    for name, value in _KERNEL_SETTINGS.items():
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(value)
        _mount("--bind", str(copy), f"/proc/sys/{name}")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")


def _mount(*arguments: str, inherit: tuple[int, ...] = ()) -> None:
    subprocess.run(["mount", *arguments], check=True, pass_fds=inherit)
