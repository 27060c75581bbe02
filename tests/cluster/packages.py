"""Debian packages that something here needs: installed as root on Debian, named elsewhere."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.cluster import locks, paths
from tests.cluster.errors import ClusterError

# Package -> a program or file that shows that it is installed, by whatever means.
_SHOWN_BY = {
    "buildah": "buildah",
    "containerd": "containerd",
    "containernetworking-plugins": "/usr/lib/cni/bridge",
    "debootstrap": "debootstrap",
    "iproute2": "ip",
    "iptables": "iptables",
    "openssl": "openssl",
    "prometheus": "promtool",
    "runc": "runc",
    "util-linux": "nsenter",
}
_SYSTEM_FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

CONTROL_PLANE = ("openssl",)
NODE = (
    *CONTROL_PLANE,
    "containerd",
    "containernetworking-plugins",
    "iproute2",
    "iptables",
    "runc",
    "util-linux",
)
IMAGES = ("buildah", "debootstrap")
PROMETHEUS = ("prometheus",)


class MissingPackagesError(ClusterError):
    """Packages are missing and can't be installed from here."""


def is_installed(package: str) -> bool:
    """Whether what the package brings is there."""
    shown_by = _SHOWN_BY[package]
    if shown_by.startswith("/"):
        return Path(shown_by).exists()
    return (
        shutil.which(shown_by, path=f"{os.environ.get('PATH', '')}:{_SYSTEM_FOLDERS}") is not None
    )


def ensure(packages: Iterable[str], installed: Callable[[str], bool] = is_installed) -> None:
    """Install what is missing, saying so. Raises MissingPackagesError where that can't be done."""
    missing = [package for package in packages if not installed(package)]
    if not missing:
        return
    names = " ".join(missing)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        message = (
            f"missing on this machine: {names}. On Debian, install them by: "
            f"sudo apt-get install --no-install-recommends {names}"
        )
        raise MissingPackagesError(message)
    # apt-get waits for others' installing, but not for their updating of lists.
    with locks.locked(paths.runtime() / "apt-get.lock", "another installation of Debian packages"):
        missing = [package for package in missing if not installed(package)]
        if missing:
            print(f"Installing Debian packages: {names}", file=sys.stderr, flush=True)
            _apt_get("update")
            _apt_get("install", "--yes", "--no-install-recommends", *missing)


def _apt_get(*arguments: str) -> None:
    command = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *arguments]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(
        command,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if result.returncode != 0:
        message = f"{' '.join(command)} failed:\n{result.stdout}{result.stderr}"
        raise MissingPackagesError(message)
