"""The images that a node has."""

import hashlib
from pathlib import Path

from tests.cluster.local.containerd import SOCKET
from tests.cluster.local.enter import in_node
from tests.cluster.local.layout import Layout

_LABEL = "modelward.dev/archive"


def load(layout: Layout, reference: str, archive: Path) -> None:
    """Give the node the image in an archive, unless it has that very one under this name."""
    label = f"{_LABEL}={_identity(archive)}"
    if label in _labels(layout, reference):
        return
    _ctr(layout, "images", "import", "--snapshotter", "overlayfs", str(archive))
    for name in named(reference, _ctr(layout, "images", "list")):
        _ctr(layout, "images", "label", name, label)


def named(reference: str, listing: str) -> dict[str, str]:
    """The images that `reference` means in the output of `ctr images list`, with their labels.

    The kubelet and containerd write a short name in full, with a registry and a folder before it.
    """
    rows = [line.split() for line in listing.splitlines()[1:]]
    ends = tuple(f"/{name}" for name in (reference, f"{reference}:latest"))
    return {row[0]: row[-1] for row in rows if f"/{row[0]}".endswith(ends)}


def _labels(layout: Layout, reference: str) -> str:
    return ",".join(named(reference, _ctr(layout, "images", "list")).values())


def _identity(archive: Path) -> str:
    """What tells archives apart without reading them: they are never written a second time."""
    status = archive.stat()
    described = f"{archive.name} {status.st_size} {status.st_ino}"
    return hashlib.sha256(described.encode()).hexdigest()[:16]


def _ctr(layout: Layout, *arguments: str) -> str:
    """Run containerd's own client in the node."""
    return in_node(layout, ["ctr", "--address", SOCKET, "--namespace", "k8s.io", *arguments])
