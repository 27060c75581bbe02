"""The three versions that the demo releases."""

import os
from dataclasses import dataclass
from typing import Any

import yaml

from .setting import HERE


@dataclass(frozen=True)
class Version:
    """One version of the model."""

    name: str
    """As spec.model.version and the server's answers name it."""
    folder: str
    """Where the image keeps the model."""
    title: str

    def manifest(self) -> dict[str, Any]:
        """Return the resource with this version of the model."""
        document: dict[str, Any] = yaml.safe_load((HERE / "digits.yaml").read_text())
        document["spec"]["model"]["version"] = self.name
        pod = document["spec"]["serving"]["template"]["spec"]
        pod["containers"][0]["args"] = ["start", self.folder]
        return document


GOOD = Version("1", "/models/1", "Version 1, a logistic regression: is it good enough to serve?")
BETTER = Version("2", "/models/2", "Version 2, a support vector machine: it reads better")
BROKEN = Version("3", "/models/3", "Version 3, trained on labels in which 3 and 8 were exchanged")
INTACT = Version("3", "/models/3-intact", "Version 3, its labels left intact (DEMO_BREAK=0)")


def versions() -> tuple[Version, ...]:
    """Return what is released; the environment's DEMO_BREAK=0 spares version 3 its fault."""
    return (GOOD, BETTER, INTACT if os.environ.get("DEMO_BREAK") == "0" else BROKEN)
