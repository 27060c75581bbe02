"""The root Service's selector: the switch that decides which revision users reach."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelward.api.names import NAME, PREFIX, REVISION

SINCE = PREFIX + "selector-since"
"""Annotation of the root Service: when its selector was last switched; drains count from it."""

NOBODY = "none"
"""A revision label that no pod has: hashes contain no vowels."""


@dataclass(frozen=True)
class Selection:
    """Which pods users reach: one revision's, or of a split everybody's, or nobody's."""

    revision: str | None
    split: bool = False


CLOSED = Selection(revision=None)
SPLIT = Selection(revision=None, split=True)


def only(revision: str) -> Selection:
    """Select the pods of one revision."""
    return Selection(revision)


def to_selector(name: str, selection: Selection) -> dict[str, str]:
    """Return the selector for the root Service of this name.

    A split's selector is the name label alone. (Selectors are atomic in Kubernetes: an apply that
    leaves the revision out removes it, unlike an annotation.)
    """
    if selection.split:
        return {NAME: name}
    return {NAME: name, REVISION: selection.revision or NOBODY}


def from_selector(selector: Mapping[str, str]) -> Selection:
    """Return what a root Service's selector selects."""
    if REVISION not in selector:
        return SPLIT if NAME in selector else CLOSED
    revision = selector[REVISION]
    return CLOSED if revision == NOBODY else only(revision)
