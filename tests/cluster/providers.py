"""The kinds of cluster there are; MODELWARD_PROVIDER forces one, see tests.cluster.choice."""

from tests.cluster import choice
from tests.cluster.given import GivenProvider
from tests.cluster.kind.provider import KindProvider
from tests.cluster.local.provider import LocalProvider
from tests.cluster.provider import Provider


def provider(name: str | None = None) -> Provider:
    """The provider of that name, by default the one that suits this machine.

    Raises NoClusterError where there is none.
    """
    return PROVIDERS[name or choice.present().name]


PROVIDERS: dict[str, Provider] = {
    choice.LOCAL: LocalProvider(),
    choice.KIND: KindProvider(),
    choice.GIVEN: GivenProvider(),
}
