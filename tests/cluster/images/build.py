"""Building images, and keeping them so that nothing is built twice."""

import os
from collections.abc import Mapping
from pathlib import Path

from tests.cluster import locks, paths
from tests.cluster.errors import ClusterError
from tests.cluster.images import base
from tests.cluster.images.builders import Recipe, choose_builder
from tests.cluster.images.content import content_key
from tests.cluster.images.storage import Buildah

_KEPT_ARCHIVES = 3


class UnknownImageError(ClusterError):
    """No image of this name was built in this checkout."""


def build_image(
    context: Path, dockerfile: Path, tag: str, build_args: Mapping[str, str] | None = None
) -> None:
    """Build the image `tag` and keep it as an archive; nothing if it is kept from earlier.

    Without a Docker daemon the build argument BASE_IMAGE is set to a base image made here.
    Raises CommandError with the build's last lines.
    """
    builder = choose_builder()
    recipe = Recipe(context, dockerfile, tag, build_args or {})
    key = content_key(context, dockerfile, recipe.build_args, builder.key)
    cache = paths.cache("images")
    archive = cache / f"{_file_name(tag)}-{key}.tar"
    with locks.locked(cache / f".{_file_name(tag)}.lock", f"another build of image {tag}"):
        if archive.exists():
            os.utime(archive)
        else:
            draft = cache / f".{_file_name(tag)}.tar"
            draft.unlink(missing_ok=True)
            builder.build(recipe, draft)
            draft.replace(archive)
        paths.link(_link(tag), archive)
        _prune(cache, tag)


def base_image() -> str:
    """Make the base image that stands in for a registry's, if it isn't there yet; its name."""
    with Buildah.locked() as buildah:
        base.ensure(buildah)
    return base.image()


def image_archive(tag: str) -> Path:
    """The archive of the image `tag` as it was last built in this checkout.

    Raises UnknownImageError.
    """
    link = _link(tag)
    if not link.exists():
        message = (
            f"image {tag} was not built in this checkout: python -m tests.cluster build-image "
            f"--tag {tag} CONTEXT"
        )
        raise UnknownImageError(message)
    return link.resolve()


def push(tag: str, name: str) -> None:
    """Push the image `tag`, as it was last built in this checkout, under a registry's name for it.

    Raises UnknownImageError, and CommandError with what the builder said.
    """
    choose_builder().push(image_archive(tag), tag, name)


def _prune(cache: Path, tag: str) -> None:
    archives = cache.glob(f"{_file_name(tag)}-{'[0-9a-f]' * 16}.tar")
    by_age = sorted(archives, key=lambda path: path.stat().st_mtime)
    for archive in by_age[:-_KEPT_ARCHIVES]:
        archive.unlink()


def _link(tag: str) -> Path:
    return paths.CLUSTERS / ".images" / _file_name(tag)


def _file_name(tag: str) -> str:
    return tag.replace("/", "_").replace(":", "_")
