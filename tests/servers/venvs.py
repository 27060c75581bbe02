"""Virtual environments of the servers, from locked packages, built once and cached."""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

from tests.cluster.locks import locked

CACHE = Path.home() / ".cache/modelward/servers"
FOLDER = Path(__file__).parent
REQUIREMENTS = {
    "mlserver": FOLDER.parents[1] / "examples/demo/image/requirements.txt",
    "kserve": FOLDER / "requirements/kserve.txt",
    "openai": FOLDER / "requirements/openai.txt",
    "fastapi": FOLDER / "requirements/fastapi.txt",
}
"""Server -> its locked packages."""
_QUICKLY_BUILT = "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DCMAKE_C_FLAGS_RELEASE=-O1 -DGGML_NATIVE=OFF"
"""llama.cpp is compiled where it is installed: a tiny model needs no fast code."""


def prepared(server: str) -> Path:
    """Return the folder of a server's environment; installs it first where it isn't cached."""
    requirements = REQUIREMENTS[server]
    version = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = CACHE / f"{server}-{version}"
    with locked(CACHE / f"{server}.lock", f"the packages of {server}"):
        if not (folder / "installed").exists():
            print(f"Installing {server} into {folder}, once", file=sys.stderr, flush=True)
            _install(folder, requirements)
    return folder


def _install(folder: Path, requirements: Path) -> None:
    venv.create(folder, clear=True, with_pip=True)
    pip = [str(folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
    building = {"CMAKE_ARGS": _QUICKLY_BUILT, "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count())}
    subprocess.run(
        [*pip, "--require-hashes", "-r", str(requirements)], check=True, env=os.environ | building
    )
    (folder / "installed").touch()


def program(server: str, name: str) -> str:
    """Return the path of a program of a server's environment."""
    return str(prepared(server) / "bin" / name)


def run(server: str, script: Path, *arguments: str) -> None:
    """Run a script by a server's Python. Raises CalledProcessError."""
    subprocess.run([program(server, "python"), script, *arguments], check=True)
