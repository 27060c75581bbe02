"""The image that this operator runs: benchmark pods run the same one."""

from typing import NamedTuple

from modelward.cluster.api import Api
from modelward.cluster.connection import ConfigurationError
from modelward.cluster.kinds import POD
from modelward.cluster.observe.runs import Runner

_SAY_SO = "say the image of benchmark pods by MODELWARD_RUNNER_IMAGE"


class PodName(NamedTuple):
    """The pod that this process runs in."""

    namespace: str
    name: str


async def own_image(api: Api, pod: PodName | None, pull_policy: str) -> Runner:
    """Return the image of the first container of our own pod.

    Asked of the API server rather than configured beside it, the two images can't drift apart.
    Raises ConfigurationError where there is no such pod, and ApiError where nobody can tell.
    """
    if pod is None:
        raise ConfigurationError(f"this is no pod of a cluster: {_SAY_SO}")
    document = await api.get(POD, *pod)
    if document is None:
        message = f"there is no pod {pod.name} in namespace {pod.namespace}: {_SAY_SO}"
        raise ConfigurationError(message)
    return Runner(document["spec"]["containers"][0]["image"], pull_policy)
