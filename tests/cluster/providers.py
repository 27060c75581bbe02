"""The kinds of cluster there are; MODELWARD_PROVIDER names the one that is used."""

import os

from tests.cluster.local.provider import LocalProvider
from tests.cluster.provider import Provider

DEFAULT = os.environ.get("MODELWARD_PROVIDER", "local")


def provider(name: str = DEFAULT) -> Provider:
    """The provider of that name."""
    return PROVIDERS[name]


PROVIDERS: dict[str, Provider] = {"local": LocalProvider()}
