"""A base image with Python, of Debian packages: it stands in for a registry's python:*-slim."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.cluster import paths
from tests.cluster.commands import follow
from tests.cluster.images.storage import Buildah
from tests.cluster.progress import Progress

_RELEASE = "bookworm"  # Debian 12, whose Python is 3.11
_PACKAGES = ("ca-certificates", "python3", "python3-venv")
_LEFT_OUT = (
    "usr/share/doc",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/man",
    "var/cache",
    "var/lib/apt/lists",
    "var/log",
)


def image() -> str:
    """The base image's name; another content has another name."""
    content = repr((_RELEASE, _PACKAGES, _LEFT_OUT, "python"))
    return f"modelward.local/python:{hashlib.sha256(content.encode()).hexdigest()[:12]}"


def ensure(buildah: Buildah) -> None:
    """Have the base image in buildah's storage; its files are kept as an archive beside it."""
    if buildah.has(image()):
        return
    archive = paths.cache("base") / f"{image().rpartition(':')[2]}.tar"
    if not archive.exists():
        _make(archive)
    container = buildah.run("from", "scratch")
    buildah.run("add", container, str(archive), "/")
    buildah.run("config", "--cmd", "python3", container)
    buildah.run("commit", "--rm", container, image())


def _make(archive: Path) -> None:
    progress = Progress("Making a base image of Debian packages (kept for the next time)")
    for leftover in archive.parent.glob("draft-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="draft-", dir=archive.parent) as draft:
        root = Path(draft, "root")
        include = f"--include={','.join(_PACKAGES)}"
        follow(["debootstrap", "--variant=minbase", include, _RELEASE, str(root)], progress)
        _slim(root)
        (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        packed = Path(draft, "root.tar")
        excluded = [f"--exclude=./{folder}/*" for folder in ("dev", "proc", "sys")]
        subprocess.run(["tar", "-C", root, *excluded, "-cf", packed, "."], check=True)
        packed.replace(archive)
    progress.done()


def _slim(root: Path) -> None:
    """Empty the folders that nothing needs at run time."""
    for folder in _LEFT_OUT:
        for entry in (root / folder).iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
