"""What a cluster leaves on a machine: processes, mounts, namespaces, network links, groups."""

from dataclasses import dataclass
from pathlib import Path

from tests.cluster.local.identity import ProcessIdentity, identify, is_running
from tests.cluster.local.layout import Layout

_NAMESPACES = ("ipc", "mnt", "net", "pid", "uts")


@dataclass(frozen=True)
class Machine:
    """What there is on the machine that isn't another cluster's own."""

    mounts: frozenset[str]
    named_networks: frozenset[str]
    links: frozenset[str]
    groups: frozenset[str]


def look(ours: Layout) -> Machine:
    """Look at the machine; other clusters' links and groups don't count, `ours` do."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    links = {path.name for path in Path("/sys/class/net").iterdir()}
    groups = {path.name for path in Path("/sys/fs/cgroup").glob("*/*") if path.is_dir()}
    return Machine(
        mounts=frozenset(line.split()[4] for line in mounts),
        named_networks=frozenset(path.name for path in Path("/run/netns").glob("*")),
        links=frozenset(name for name in links if _counts(name, ours)),
        groups=frozenset(name for name in groups if _counts(name, ours)),
    )


def _counts(name: str, ours: Layout) -> bool:
    return not name.startswith("mw-") or name == ours.unique


def processes(ours: Layout) -> frozenset[ProcessIdentity]:
    """A cluster's processes.

    They are those that name its folder, the supervisor and its descendants, containers too, and
    what else is in the namespaces of any of these but not of this process.
    """
    everyone = {folder.name: folder for folder in Path("/proc").glob("[0-9]*")}
    found = {pid for pid, folder in everyone.items() if _names(folder, str(ours.folder))}
    supervisor = ours.supervisor_identity()
    if supervisor is not None and is_running(supervisor):
        found.add(str(supervisor.pid))
    parents = {pid: _parent(folder) for pid, folder in everyone.items()}
    while children := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= children
    own = frozenset().union(*map(namespaces, found)) - namespaces("self")
    found |= {pid for pid in everyone if namespaces(pid) & own}
    return frozenset(identity for pid in found if (identity := identify(pid)))


def namespaces(pid: int | str) -> frozenset[str]:
    """The namespaces of a process; none if it has ended."""
    try:
        return frozenset(str(Path(f"/proc/{pid}/ns/{kind}").readlink()) for kind in _NAMESPACES)
    except OSError:
        return frozenset()


def _names(folder: Path, text: str) -> bool:
    try:
        return text.encode() in (folder / "cmdline").read_bytes()
    except OSError:
        return False


def _parent(folder: Path) -> str | None:
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()[1]
    except OSError:
        return None
