"""README's first release, word for word, as who has a cluster and no image would type it."""

import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml

from tests.cluster.errors import LacksError
from tests.cluster.images import build_image
from tests.cluster.provider import Cluster
from tests.e2e import readme
from tests.e2e.handbook import WRITE
from tests.e2e.stage import PROJECT, Stage
from tests.e2e.together import Story, Told

pytestmark = [pytest.mark.e2e, pytest.mark.takes_long]

TITLE = "Your first judged release"
PUBLIC_IMAGE = "python:3.11-slim"
MADE = "modeldeployments,replicasets,services,jobs,benchmarkruns"
DOCKERFILE = f"""\
ARG BASE_IMAGE={PUBLIC_IMAGE}
FROM ${{BASE_IMAGE}}
"""


def provide(cluster: Cluster, folder: Path) -> None:
    """Let nodes that reach no registry have the public image, under its own name.

    Where Docker builds it, it is that very one, else the one that stands in for it.
    """
    (folder / "Dockerfile").write_text(DOCKERFILE)
    build_image(folder, folder / "Dockerfile", PUBLIC_IMAGE)
    with suppress(LacksError):  # nodes of a given cluster pull it
        cluster.load_image(PUBLIC_IMAGE)


def shell(stage: Stage, folder: Path) -> Callable[[str], str]:
    """Return what runs a command line in the checkout; its kubectl points to the namespace."""
    context = yaml.safe_load(stage.cluster.kubeconfig.read_text())
    for each in context["contexts"]:
        each["context"]["namespace"] = stage.namespace
    config = folder / "kubeconfig"
    config.touch(mode=0o600)
    config.write_text(yaml.safe_dump(context))
    (folder / "kubectl").symlink_to(stage.cluster.kubectl_program)
    path = os.pathsep.join((str(folder), os.environ["PATH"]))
    environment = os.environ | {"KUBECONFIG": str(config), "PATH": path}

    def run(command: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            check=False,
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}"
        return done.stdout.replace(stage.namespace, "default")

    return run


def a_first_release_goes_as_the_readme_says(stage: Stage) -> None:
    declared = readme.section(TITLE)
    with TemporaryDirectory() as built, TemporaryDirectory() as folder:
        provide(stage.cluster, Path(built))
        performed = readme.performed(declared, shell(stage, Path(folder)))
    for printed in ("Healthy", "Pass", "Version v2 (", "Degraded", "Fail", "Version v3 ("):
        assert printed in performed, f"the section does not come to {printed!r}"
    stage.wait("nothing is left", lambda: not stage.get(MADE)["items"])
    if os.environ.get(WRITE):
        readme.write(declared, performed)
    hint = f"{WRITE}=1 writes it into README.md"
    assert readme.plain(performed) == readme.plain(readme.section(TITLE)), hint


STORIES: tuple[Story, ...] = (a_first_release_goes_as_the_readme_says,)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_what_the_readme_tells(told: Told, story: Story) -> None:
    told[story].result()
