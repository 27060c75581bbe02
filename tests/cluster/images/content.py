"""What an image is made of, as a key: the same key, the same image."""

import hashlib
import stat
from collections.abc import Mapping
from pathlib import Path

from tests.cluster.images.ignore import IgnoreRules, context_files


def ignore_file(context: Path, dockerfile: Path) -> Path | None:
    """The file that says what to leave out: the Dockerfile's own, else the context's."""
    for path in (
        dockerfile.with_name(f"{dockerfile.name}.dockerignore"),
        context / ".dockerignore",
    ):
        if path.exists():
            return path
    return None


def content_key(
    context: Path, dockerfile: Path, build_args: Mapping[str, str], builder: str
) -> str:
    """A digest of all that decides what is in an image.

    That is every file of the context that isn't ignored, with its mode, the Dockerfile, the build
    arguments, and what builds (with the base image that it brings).
    """
    digest = hashlib.sha256()

    def add(*words: str | bytes) -> None:
        for word in words:
            data = word if isinstance(word, bytes) else word.encode()
            digest.update(len(data).to_bytes(8, "big") + data)

    add(builder, dockerfile.read_bytes())
    for name, value in sorted(build_args.items()):
        add(name, value)
    ignored = ignore_file(context, dockerfile)
    rules = IgnoreRules.parse(ignored.read_text() if ignored else "")
    for path in context_files(context, rules):
        executable = path.lstat().st_mode & stat.S_IXUSR
        content = str(path.readlink()) if path.is_symlink() else path.read_bytes()
        add(str(path.relative_to(context)), "x" if executable else "-", content)
    return digest.hexdigest()[:16]
