"""A CEL rule at work."""

from dataclasses import dataclass

from tests.apiserver.crd.paths import Json

Changes = dict[str, Json]


@dataclass(frozen=True)
class Example:
    """A rule at work."""

    told: str
    """Beginning of the rule's message."""
    takes: tuple[Changes, ...]
    refuses: tuple[Changes, ...]
