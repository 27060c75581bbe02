"""The kinds of cluster there are."""

from tests.cluster.local.provider import LocalProvider
from tests.cluster.provider import Provider

DEFAULT = "local"


def provider(name: str = DEFAULT) -> Provider:
    """The provider of that name."""
    return PROVIDERS[name]


PROVIDERS: dict[str, Provider] = {"local": LocalProvider()}
