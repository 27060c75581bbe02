"""The comparison of two builds notices what differs, and names it."""

import hashlib
import io
import json
import stat
import tarfile
from pathlib import Path

import pytest

from tools.reproduce import PLACES, checkout, differing, digests


def packed(path: Path, files: dict[str, bytes], **metadata: int) -> Path:
    """Write a tar file; `metadata` is what every file carries."""
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in metadata.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
    return path


def image(folder: Path, files: dict[str, bytes], **metadata: int) -> Path:
    """Write an image of one layer as `docker save` does."""
    folder.mkdir()
    layer = packed(folder / "layer.tar", files, **metadata).read_bytes()
    config = {"rootfs": {"diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]}}
    manifest = [{"Config": "config.json", "Layers": ["layer.tar"]}]
    content = {
        "config.json": json.dumps(config).encode(),
        "layer.tar": layer,
        "manifest.json": json.dumps(manifest).encode(),
    }
    return packed(folder / "image.tar", content)


FILES = {"opt/a": b"a", "opt/b": b"b"}


def test_equal_images_have_equal_digests_and_no_file_differs(tmp_path: Path) -> None:
    one, other = image(tmp_path / "one", FILES), image(tmp_path / "other", FILES)
    assert digests(one) == digests(other)
    assert differing(one, other) == set()


def test_a_file_of_another_content_is_named(tmp_path: Path) -> None:
    one, other = image(tmp_path / "one", FILES), image(tmp_path / "other", FILES | {"opt/b": b"c"})
    assert digests(one) != digests(other)
    assert differing(one, other) == {"opt/b"}


@pytest.mark.parametrize("metadata", [{"mtime": 1}, {"mode": 0o600}, {"uid": 7}])
def test_files_of_another_time_mode_or_owner_are_named(
    tmp_path: Path, metadata: dict[str, int]
) -> None:
    one = image(tmp_path / "one", FILES)
    other = image(tmp_path / "other", FILES, **metadata)
    assert digests(one) != digests(other)
    assert differing(one, other) == set(FILES)


def test_the_second_place_has_the_same_files_with_other_times_and_permissions(
    tmp_path: Path,
) -> None:
    here, strange = (checkout("HEAD", tmp_path / place.folder, place) for place in PLACES)
    for path in here.rglob("*"):
        if path.is_file() and not path.is_symlink():
            other = strange / path.relative_to(here)
            assert other.read_bytes() == path.read_bytes()
            assert other.stat().st_mtime == 0
            assert stat.S_IMODE(other.stat().st_mode) == 0o600
