"""A real S3 API on loopback: moto's server, in a virtual environment of its own."""

import hashlib
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.paths import cache

_REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements" / "s3.txt"
_READY = "Running on "


@contextmanager
def s3_server() -> Iterator[str]:
    """Run a server and return its address; it takes all credentials."""
    program = _installed() / "bin" / "moto_server"
    with subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", "0"], stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr
        try:
            yield next(line.split(_READY)[1].strip() for line in server.stderr if _READY in line)
        finally:
            server.terminate()


def put(url: str, content: bytes = b"") -> None:
    """Make a bucket, or an object with this content."""
    request = urllib.request.Request(url, data=content, method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def _installed() -> Path:
    version = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()[:16]
    folder = cache(f"s3-{version}")
    if not (folder / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
        pip = [str(folder / "bin" / "pip"), "install", *options, "-r", str(_REQUIREMENTS)]
        subprocess.run(pip, check=True)
        (folder / "installed").touch()
    return folder
