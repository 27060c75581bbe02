"""Where clusters and caches live."""

import os
import re
from pathlib import Path

from tests.cluster.errors import ClusterError

PROJECT_ROOT = Path(__file__).resolve().parents[2]
CLUSTERS = PROJECT_ROOT / ".cluster"
DEFAULT_NAME = "modelward"

_TAKEN = {"bin", "kubeconfig"}  # these files stand beside the clusters' folders
_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")


class InvalidNameError(ClusterError):
    """A cluster's name that can't be used for its folder and its node."""


def cluster_folder(name: str) -> Path:
    """The folder that holds everything of the cluster `name`.

    It lies in the checkout, so that two checkouts never meet, and so on a real disk, which the
    containers' overlay file systems need.
    """
    if not _is_valid(name):
        message = (
            f"cluster name {name!r}: use at most 30 lower-case letters, digits and dashes, "
            f"beginning with a letter, and none of {', '.join(sorted(_TAKEN))}"
        )
        raise InvalidNameError(message)
    return CLUSTERS / name


def is_cluster_folder(path: Path) -> bool:
    """Whether this is a folder of a cluster."""
    return path.is_dir() and _is_valid(path.name)


def _is_valid(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and not name.endswith("-") and name not in _TAKEN


def lock_file(name: str) -> Path:
    """The file whose lock is held while the cluster `name` is brought up or taken down.

    It stands beside the folder, because it must outlive it.
    """
    return CLUSTERS / ".locks" / f"{cluster_folder(name).name}.lock"


def cache(*parts: str) -> Path:
    """A folder of Modelward's cache ($XDG_CACHE_HOME, by default ~/.cache), made if missing."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base, "modelward", *parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def runtime(*parts: str) -> Path:
    """A folder for what all checkouts of this machine's user share until the next boot."""
    if os.geteuid() == 0:
        base = Path("/run/modelward")
    else:
        base = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/tmp/modelward-{os.geteuid()}")
        base = base / "modelward"
    folder = base.joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def link(path: Path, target: Path) -> None:
    """Have the symbolic link `path` point to `target`; readers always find one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(path)
