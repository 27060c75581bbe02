"""buildah, with a storage of its own in the cache."""

import contextlib
import functools
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import locks, packages, paths
from tests.cluster.commands import follow
from tests.cluster.progress import Progress

# Mounts and processes of a build that is killed end with its namespaces.
_CONTAINED = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


@dataclass(frozen=True)
class Buildah:
    """buildah on a locked storage."""

    root: Path
    driver: str

    @classmethod
    @contextlib.contextmanager
    def locked(cls) -> Iterator["Buildah"]:
        """The storage, to one user at a time; what a killed build left is cleared first."""
        packages.ensure(packages.IMAGES)
        folder = paths.cache("buildah")
        with locks.locked(folder / "lock", "another build of an image"):
            shutil.rmtree(folder / "run", ignore_errors=True)
            buildah = cls(folder, storage_driver())
            buildah.run("rm", "--all")
            yield buildah

    def run(self, *arguments: str) -> str:
        """Run buildah; its output. Raises CalledProcessError."""
        return subprocess.run(
            self._command(*arguments), env=self._environment(), check=True,
            capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip

    def follow(self, progress: Progress, *arguments: str) -> None:
        """Run buildah, saying how far it is. Raises CommandError with its last lines."""
        follow(self._command(*arguments), progress, environment=self._environment())

    def has(self, image: str) -> bool:
        """Whether the storage has an image of this name."""
        return bool(self.run("images", "--quiet", "--filter", f"reference={image}"))

    def _command(self, *arguments: str) -> list[str]:
        places = (f"--root={self.root / self.driver}", f"--runroot={self.root / 'run'}")
        return [*_CONTAINED, "buildah", *places, *arguments]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "STORAGE_DRIVER": self.driver, "BUILDAH_ISOLATION": "chroot"}


@functools.cache
def storage_driver() -> str:
    """`overlay` where the cache's file system can carry it, else `vfs`, which copies all layers."""
    folder = paths.cache("buildah", "probe")
    places = (f"--root={folder / 'root'}", f"--runroot={folder / 'run'}")
    command = [*_CONTAINED, "buildah", *places, "--storage-driver=overlay", "info"]
    probe = subprocess.run(command, check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)
    return "overlay" if probe.returncode == 0 else "vfs"
