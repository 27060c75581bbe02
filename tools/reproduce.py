"""Builds the last commit twice, wheel and image, and compares what came out.

The second time in another folder, later, as another person would have it: other file times and
permissions, another umask, time zone and language. Both builds start from the same base image;
how that came about is not ours to repeat.
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

from tests.cluster.images.builders import EPOCH, Recipe, choose_builder

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
    epoch = _git("log", "-1", "--format=%ct").strip()
    found = []
    with tempfile.TemporaryDirectory(prefix="reproduce-") as scratch:
        for place in PLACES:
            with _standing(place):
                source = checkout(Path(scratch, place.folder), place)
                found.append(wheel(source, epoch) | image(source, epoch))
    first, second = found
    print(f"{'SAME':6}{'WHAT':34}DIGEST")
    for what in sorted(first | second):
        digests = {first.get(what, "missing"), second.get(what, "missing")}
        print(f"{'yes' if len(digests) == 1 else 'NO':6}{what:34}{' '.join(sorted(digests))}")
    return 0 if first == second else 1


def checkout(folder: Path, place: Place) -> Path:
    """Write the files of the last commit into a new folder."""
    folder.mkdir(parents=True)
    archive = subprocess.run(
        ["git", "archive", "HEAD"], cwd=PROJECT, check=True, capture_output=True
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


def image(source: Path, epoch: str) -> dict[str, str]:
    """Build the image from its first step; the digests of its configuration and its layers."""
    archive = source / "image.tar"
    tag = "modelward:reproduced"
    recipe = Recipe(source, source / "Dockerfile", tag, {EPOCH: epoch}, fresh=True)
    choose_builder().build(recipe, archive)
    return digests(archive)


def digests(archive: Path) -> dict[str, str]:
    """Return the digests in an image's archive (docker save): what registries go by."""
    with tarfile.open(archive) as packed:

        def read(name: str) -> bytes:
            member = packed.extractfile(name)
            assert member is not None
            return member.read()

        (manifest,) = json.loads(read("manifest.json"))
        config = read(manifest["Config"])
    layers = json.loads(config)["rootfs"]["diff_ids"]
    found = {f"image layer {number}": digest for number, digest in enumerate(layers, 1)}
    return found | {"image configuration": f"sha256:{hashlib.sha256(config).hexdigest()}"}


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
