"""A real S3 API on loopback: moto's server, in a virtual environment of its own."""

import hashlib
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.locks import locked
from tests.cluster.paths import cache

_REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements" / "s3.txt"
_AS_BYTES = {"Content-Type": "application/octet-stream"}
_PROGRAM = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print("http://%s:%d" % server.get_host_and_port(), flush=True)
sys.stdin.read()
"""


@contextmanager
def s3_server() -> Iterator[str]:
    """Run a server and return its address; it takes all credentials."""
    python = _installed() / "bin" / "python"
    with subprocess.Popen(
        [python, "-c", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def put(url: str, content: bytes = b"") -> None:
    """Make a bucket, or an object with this content."""
    request = urllib.request.Request(url, data=content, method="PUT", headers=_AS_BYTES)
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def _installed() -> Path:
    version = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()[:16]
    folder = cache(f"s3-{version}")
    with locked(cache() / ".s3.lock", "another process that installs the S3 server"):
        if not (folder / "installed").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            options = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
            pip = [str(folder / "bin" / "pip"), "install", *options, "-r", str(_REQUIREMENTS)]
            subprocess.run(pip, check=True)
            (folder / "installed").touch()
    return folder
