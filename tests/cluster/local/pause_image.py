"""The image that holds a pod's namespaces: one static program, packed without any tool."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

from tests.cluster.local.build import Binaries
from tests.cluster.local.containerd import PAUSE_IMAGE


def archive(binaries: Binaries) -> Path:
    """The image as an archive in docker's format, kept beside its program."""
    path = binaries.pause.with_name("pause.tar")
    if not path.exists():
        draft = path.with_suffix(".draft")
        draft.write_bytes(pack(binaries.pause.read_bytes(), PAUSE_IMAGE))
        draft.replace(path)
    return path


def pack(program: bytes, reference: str) -> bytes:
    """An archive that `docker load` and containerd take, of an image that runs `program`."""
    layer = _tar({"pause": program})
    configuration = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": ["/pause"], "User": "65535:65535"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [reference], "Layers": ["layer.tar"]}]
    return _tar(
        {
            "config.json": json.dumps(configuration).encode(),
            "layer.tar": layer,
            "manifest.json": json.dumps(manifest).encode(),
        }
    )


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
