"""Builds the last commit twice, wheel and image, and compares what came out.

The second time in another folder, later, as another person would have it: other file times and
permissions, another umask, time zone and language. Both builds are buildah's, because Docker gives
files a time only where it pushes (rewrite-timestamp, as the release workflow does), and start from
the same base image; how that came about is not ours to repeat.
"""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.images.builders import EPOCH, BuildahBuilder, Recipe

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Place:
    """Where somebody builds."""

    folder: str
    umask: int
    environment: dict[str, str]
    is_strange: bool
    """Whether the files carry other times and permissions than Git gave them."""


PLACES = (
    Place("here", 0o022, {"TZ": "UTC", "LC_ALL": "C"}, is_strange=False),
    Place("else/where", 0o077, {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"}, is_strange=True),
)


def main() -> int:
    """Build twice and compare; 1 when something differs."""
    commit, epoch = _git("log", "-1", "--format=%H %ct").split()
    found = []
    with tempfile.TemporaryDirectory(prefix="reproduce-") as scratch:
        for place in PLACES:
            with _standing(place):
                source = checkout(commit, Path(scratch, place.folder), place)
                archive = image(source, epoch)
                found.append((wheel(source, epoch) | digests(archive), archive))
        (first, one), (second, other) = found
        _print(first, second)
        if first == second:
            return 0
        for name in sorted(differing(one, other))[:20]:
            print(f"differs: {name}")
    return 1


def _print(first: dict[str, str], second: dict[str, str]) -> None:
    print(f"{'SAME':6}{'WHAT':34}DIGEST")
    for what in sorted(first | second):
        found = sorted({first.get(what, "missing"), second.get(what, "missing")})
        print(f"{'yes' if len(found) == 1 else 'NO':6}{what:34}{' '.join(found)}")


def checkout(commit: str, folder: Path, place: Place) -> Path:
    """Write the files of the commit into a new folder."""
    folder.mkdir(parents=True)
    archive = subprocess.run(
        ["git", "archive", commit], cwd=PROJECT, check=True, capture_output=True
    )
    subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
    if place.is_strange:
        for path in folder.rglob("*"):
            path.chmod(0o700 if path.is_dir() else 0o600)
            os.utime(path, (0, 0))
    return folder


def wheel(source: Path, epoch: str) -> dict[str, str]:
    """Build the wheel; its digest."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir=dist"]
    environment = os.environ | {EPOCH: epoch}
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True)
    (built,) = (source / "dist").glob("*.whl")
    return {built.name: f"sha256:{hashlib.sha256(built.read_bytes()).hexdigest()}"}


def image(source: Path, epoch: str) -> Path:
    """Build the image from its first step; its archive."""
    archive = source / "image.tar"
    arguments = {EPOCH: epoch}
    recipe = Recipe(source, source / "Dockerfile", "modelward:reproduced", arguments, fresh=True)
    BuildahBuilder().build(recipe, archive)
    return archive


def digests(archive: Path) -> dict[str, str]:
    """Return the digests in an image's archive (docker save): of its configuration and layers."""
    with tarfile.open(archive) as packed:
        (manifest,) = json.loads(_read(packed, "manifest.json"))
        config = _read(packed, manifest["Config"])
    layers = json.loads(config)["rootfs"]["diff_ids"]
    found = {f"image layer {number}": digest for number, digest in enumerate(layers, 1)}
    return found | {"image configuration": f"sha256:{hashlib.sha256(config).hexdigest()}"}


def differing(one: Path, other: Path) -> set[str]:
    """Name the files of two images that differ: in content, owner, permissions or time."""
    return {name for name, _ in _files(one) ^ _files(other)}


def _files(archive: Path) -> set[tuple[str, str]]:
    """Return the files of the image's last layer, each with all that makes it what it is."""
    with tarfile.open(archive) as packed:
        (manifest,) = json.loads(_read(packed, "manifest.json"))
        member = packed.extractfile(manifest["Layers"][-1])
        with tarfile.open(fileobj=member) as layer:
            return {(info.name, _identity(layer, info)) for info in layer}


def _identity(layer: tarfile.TarFile, info: tarfile.TarInfo) -> str:
    content = layer.extractfile(info).read() if info.isreg() else b""  # type: ignore[union-attr]
    metadata = (info.type, info.mode, info.uid, info.gid, info.mtime, info.linkname)
    return f"{metadata} {hashlib.sha256(content).hexdigest()}"


def _read(packed: tarfile.TarFile, name: str) -> bytes:
    member = packed.extractfile(name)
    if member is None:
        raise ValueError(f"{name} is no file of the archive")
    return member.read()


@contextlib.contextmanager
def _standing(place: Place) -> Iterator[None]:
    """Have the umask and the environment of a place for a while."""
    before, umask = dict(os.environ), os.umask(place.umask)
    os.environ.update(place.environment)
    try:
        yield
    finally:
        os.umask(umask)
        os.environ.clear()
        os.environ.update(before)


def _git(*arguments: str) -> str:
    return subprocess.check_output(["git", *arguments], cwd=PROJECT, text=True)


if __name__ == "__main__":
    sys.exit(main())
