"""Kubernetes, etcd, CoreDNS and kwok, built from their Go modules into a cache by version."""

import functools
import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import commands, locks, paths
from tests.cluster.errors import ClusterError
from tests.cluster.progress import Progress

_MODULES = Path(__file__).resolve().parents[1] / "go"
_ENVIRONMENT = {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-buildvcs=false"}
_KEPT_VERSIONS = 3


class MissingGoError(ClusterError):
    """There is no Go on this machine."""


@dataclass(frozen=True)
class Module:
    """A folder with a go.mod of ours, and what to build there."""

    name: str
    target: str = "."

    @property
    def folder(self) -> Path:
        """Where its go.mod is."""
        return _MODULES / self.name

    @property
    def flags(self) -> tuple[str, ...]:
        """Flags for `go build`."""
        linker = ["-s", "-w"]
        version = re.search(r"k8s\.io/kubernetes (v(\d+)\.(\d+)\.\S+)", self._go_mod)
        if version:
            values = dict(zip(("Version", "Major", "Minor"), version.groups(), strict=True))
            for package in ("component-base/version", "client-go/pkg/version"):
                for name, value in values.items():
                    linker += ["-X", f"k8s.io/{package}.git{name}={value}"]
        return ("-trimpath", f"-ldflags={' '.join(linker)}")

    @property
    def _go_mod(self) -> str:
        return (self.folder / "go.mod").read_text()

    def key(self, go_version: str) -> str:
        """A digest of all that decides what is built."""
        digest = hashlib.sha256()
        for word in (go_version, self.target, *self.flags, *sorted(_ENVIRONMENT.items())):
            digest.update(repr(word).encode())
        for file in sorted(self.folder.iterdir()):
            if file.name in {"go.mod", "go.sum"} or file.suffix == ".go":
                digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
        return digest.hexdigest()[:16]


_KUBERNETES = Module("kubernetes", target="tool")
_ETCD = Module("etcd", target="tool")
_COREDNS = Module("coredns")
_PAUSE = Module("pause")
_KWOK = Module("kwok", target="tool")
_KIND = Module("kind", target="tool")
_KUBECTL = Module("kubernetes", target="k8s.io/kubernetes/cmd/kubectl")


@dataclass(frozen=True)
class Binaries:
    """Where the built programs are; each folder is there once it is complete."""

    folders: dict[str, Path]

    def kubernetes(self, program: str) -> Path:
        """A program of Kubernetes."""
        return self.folders["kubernetes"] / program

    @property
    def etcd(self) -> Path:
        """etcd, whose module names its program `server`."""
        return self.folders["etcd"] / "server"

    @property
    def coredns(self) -> Path:
        """CoreDNS."""
        return self.folders["coredns"] / "coredns"

    @property
    def pause(self) -> Path:
        """The program of the image that holds a pod's namespaces."""
        return self.folders["pause"] / "pause"

    @property
    def key(self) -> str:
        """Names the versions of all programs."""
        return " ".join(sorted(folder.name for folder in self.folders.values()))


def binaries(with_node: bool) -> Binaries:
    """All programs of a cluster, built now if they aren't in the cache.

    Raises MissingGoError, and CommandError with Go's last lines.
    """
    modules = [_ETCD, _KUBERNETES]
    if with_node:
        modules += [_PAUSE, _COREDNS]
    return Binaries({module.name: _built(module) for module in modules})


def kwok() -> Path:
    """The program that plays nodes and pods for tests of scale. Raises as `binaries` does."""
    return _built(_KWOK) / "kwok"


def kubectl() -> Path:
    """A kubectl alone, for clusters that bring none. Raises as `binaries` does."""
    return _built(_KUBECTL) / "kubectl"


def kind() -> Path:
    """The program kind. Raises as `binaries` does."""
    return _built(_KIND) / "kind"


def _built(module: Module) -> Path:
    cache = paths.cache("bin")
    folder = cache / f"{module.name}-{module.key(go_version())}"
    if folder.exists():
        return folder
    with locks.locked(cache / f".{module.name}.lock", f"another build of {module.name}"):
        if not folder.exists():
            _remove(cache.glob(f".{module.name}-*"))
            draft = Path(tempfile.mkdtemp(prefix=f".{module.name}-", dir=cache))
            _build(module, draft)
            draft.chmod(0o755)
            draft.rename(folder)
            by_age = sorted(cache.glob(f"{module.name}-*"), key=lambda path: path.stat().st_mtime)
            _remove(by_age[:-_KEPT_VERSIONS])
    return folder


def program(name: str, target: str = ".") -> Path:
    """A program that some tests run and no cluster needs, built now if it isn't in the cache.

    Raises MissingGoError, and CommandError with Go's last lines.
    """
    return _built(Module(name, target)) / name


@functools.cache
def go_version() -> str:
    """The version of the machine's Go. Raises MissingGoError."""
    if shutil.which("go") is None:
        message = "Go is missing: install Go 1.26 or later (go.dev/doc/install) to build Kubernetes"
        raise MissingGoError(message)
    return subprocess.check_output(["go", "env", "GOVERSION"], text=True).strip()


def _build(module: Module, output: Path) -> None:
    progress = Progress(f"Building {module.name} (kept for the next time)")

    def go(*arguments: str, total: int) -> list[str]:
        return commands.follow(
            ["go", *arguments, module.target],
            progress,
            describe=GoOutput(total).take,
            environment=_ENVIRONMENT,
            folder=module.folder,
        )

    listed = go("list", "-deps", *module.flags, "-f", "{{if .Stale}}stale{{end}}", total=0)
    total = listed.count("stale")
    go("build", "-v", *module.flags, "-o", f"{output}/", total=total)
    progress.done()


@dataclass
class GoOutput:
    """How far Go is, by what it printed."""

    total: int
    downloaded: int = 0
    compiled: int = 0

    def take(self, line: str) -> str:
        """Count a line, `go: downloading ...` or a package about to be compiled; how far Go is."""
        if line.startswith("go: downloading "):
            self.downloaded += 1
        elif re.fullmatch(r"[\w.~-]+(/[\w.~-]+)*", line):
            self.compiled += 1
        if self.total:
            return f"{min(self.compiled, self.total)} of {self.total} packages"
        return f"{self.downloaded} modules fetched"


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
