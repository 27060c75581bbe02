"""The kinds of objects that the operator reads or writes, and where the API server has them."""

from dataclasses import dataclass

from modelward.api import names
from modelward.api.base import GROUP, VERSION

MANAGED_ONLY = f"{names.MANAGED}=true"
"""Label selector of the children that are watched: of a whole cluster, only what is ours."""


@dataclass(frozen=True)
class Kind:
    """One kind of object, as the API server serves it."""

    group: str
    """API group; empty for the core group."""
    version: str
    name: str
    """As in an object's `kind`."""
    plural: str
    """As in the URL."""
    selector: str = ""
    """Label selector that the server applies when the kind is listed or watched."""

    @property
    def api_version(self) -> str:
        """The group and version, as in an object's `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Return the URL path of one object, of a namespace's objects, or of all."""
        parts = ["", "apis", self.group, self.version] if self.group else ["", "api", self.version]
        if namespace is not None:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        if name is not None:
            parts.append(name)
        return "/".join(parts)


MODEL_DEPLOYMENT = Kind(GROUP, VERSION, "ModelDeployment", "modeldeployments")
BENCHMARK_RUN = Kind(GROUP, VERSION, "BenchmarkRun", "benchmarkruns")
REPLICA_SET = Kind("apps", "v1", "ReplicaSet", "replicasets", MANAGED_ONLY)
SERVICE = Kind("", "v1", "Service", "services", MANAGED_ONLY)
POD = Kind("", "v1", "Pod", "pods", MANAGED_ONLY)
JOB = Kind("batch", "v1", "Job", "jobs", MANAGED_ONLY)
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps")
EVENT = Kind("events.k8s.io", "v1", "Event", "events")

OURS = (MODEL_DEPLOYMENT, BENCHMARK_RUN)
"""The kinds that Modelward defines: each has a loop of its own."""
WATCHED = (*OURS, REPLICA_SET, SERVICE, POD, JOB)
"""The kinds that are watched and kept in memory."""

_BY_NAME = {kind.name: kind for kind in (*WATCHED, CONFIG_MAP, EVENT)}


def kind_named(name: str) -> Kind:
    """Return the kind of this name; KeyError where the operator has no business with it."""
    return _BY_NAME[name]
