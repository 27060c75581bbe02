"""The two programs that turn a Dockerfile into an archive of an image."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.cluster import paths
from tests.cluster.choice import docker_answers
from tests.cluster.commands import follow
from tests.cluster.images import base
from tests.cluster.images.content import ignore_file
from tests.cluster.images.pip_settings import certificate_files, pip_configuration
from tests.cluster.images.storage import Buildah
from tests.cluster.progress import Progress

EPOCH = "SOURCE_DATE_EPOCH"
"""Build argument: when the source last changed, in seconds since 1970 (reproducible-builds.org)."""


@dataclass(frozen=True)
class Recipe:
    """What to build."""

    context: Path
    dockerfile: Path
    tag: str
    build_args: Mapping[str, str]
    fresh: bool = False
    """Whether every step is run again, whatever is known from earlier builds."""


class Builder(Protocol):
    """Builds images."""

    @property
    def key(self) -> str:
        """Names what of the builder itself decides what is in an image."""

    def build(self, recipe: Recipe, archive: Path) -> None:
        """Build, and write the image to `archive` in docker's format. Raises CommandError."""

    def push(self, archive: Path, tag: str, name: str) -> None:
        """Push the image `tag` of an archive as `name`. Raises CommandError."""


def choose_builder() -> Builder:
    """Docker if its daemon answers, else buildah."""
    return DockerBuilder() if docker_answers() else BuildahBuilder()


class DockerBuilder:
    """Docker, with the Dockerfile's own base image."""

    key = "docker"

    def build(self, recipe: Recipe, archive: Path) -> None:
        """Build, and save the image."""
        progress = Progress(f"Building image {recipe.tag} with Docker")
        command = ["docker", "build", "--network=host", f"--tag={recipe.tag}"]
        command += [f"--file={recipe.dockerfile}", *_build_arguments(recipe.build_args)]
        command += ["--no-cache"] if recipe.fresh else []
        follow([*command, str(recipe.context)], progress)
        follow(["docker", "save", f"--output={archive}", recipe.tag], progress)
        progress.done()

    def push(self, archive: Path, tag: str, name: str) -> None:
        """Load the archive, name its image, and push."""
        progress = Progress(f"Pushing image {name} with Docker")
        follow(["docker", "load", f"--input={archive}"], progress)
        follow(["docker", "tag", tag, name], progress)
        follow(["docker", "push", name], progress)
        progress.done()


class BuildahBuilder:
    """buildah, with a base image made of Debian packages."""

    @property
    def key(self) -> str:
        """The base image decides too."""
        return f"buildah {base.image()}"

    def build(self, recipe: Recipe, archive: Path) -> None:
        """Build on the base image, keeping the layers for the next time, and save the image."""
        with Buildah.locked() as buildah, tempfile.TemporaryDirectory() as scratch:
            base.ensure(buildah)
            progress = Progress(f"Building image {recipe.tag} with buildah")
            arguments = {"BASE_IMAGE": base.image(), **recipe.build_args}
            mounts = _mounts(Path(scratch), os.environ)
            ignored = ignore_file(recipe.context, recipe.dockerfile)
            buildah.follow(
                progress,
                "bud",
                "--no-cache" if recipe.fresh else "--layers",
                "--pull-never",
                "--network=host",
                f"--tag={recipe.tag}",
                f"--file={recipe.dockerfile}",
                *([f"--ignorefile={ignored}"] if ignored else []),
                *_build_arguments(arguments),
                *_timestamp(recipe.build_args),
                *(f"--volume={mount}" for mount in mounts),
                str(recipe.context),
            )
            buildah.follow(progress, "push", recipe.tag, f"docker-archive:{archive}:{recipe.tag}")
            buildah.run("rmi", "--prune")
            progress.done()

    def push(self, archive: Path, tag: str, name: str) -> None:
        """Push what is in the archive; the storage may have forgotten it, or have a newer one."""
        del tag
        with Buildah.locked() as buildah:
            progress = Progress(f"Pushing image {name} with buildah")
            image = buildah.run("pull", "--quiet", f"docker-archive:{archive}")
            buildah.follow(progress, "push", image, name)
            progress.done()


def _build_arguments(arguments: Mapping[str, str]) -> Sequence[str]:
    return [f"--build-arg={name}={value}" for name, value in sorted(arguments.items())]


def _timestamp(arguments: Mapping[str, str]) -> Sequence[str]:
    """Give every file of the image this time.

    Docker takes it from the argument itself, for files only with its exporter's rewrite-timestamp.
    """
    epoch = arguments.get(EPOCH)
    return [f"--timestamp={epoch}"] if epoch else []


def _mounts(scratch: Path, environment: Mapping[str, str]) -> list[str]:
    """What only the steps of the build see: certificates, pip's settings and its cache."""
    settings = scratch / "pip.conf"
    settings.write_text(pip_configuration(Path("/etc/pip.conf"), environment))
    return [
        *(f"{path}:{path}:ro" for path in certificate_files(environment)),
        f"{settings}:/etc/pip.conf:ro",
        f"{paths.cache('pip')}:/root/.cache/pip",
    ]
