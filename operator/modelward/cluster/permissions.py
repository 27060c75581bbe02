"""What the operator may do, and why. The ClusterRole in manifests/ is checked against this.

No Secrets, no wildcards, nothing on pods but reading; updates only of status and, for
ownerReferences, of finalizers subresources, where nothing is ever written.
"""

from dataclasses import dataclass

from modelward.cluster.kinds import (
    BENCHMARK_RUN,
    CONFIG_MAP,
    EVENT,
    JOB,
    MODEL_DEPLOYMENT,
    POD,
    REPLICA_SET,
    SERVICE,
    Kind,
)
from modelward.writes import Document


@dataclass(frozen=True)
class Permission:
    """Verbs on a resource, or on one of its subresources."""

    kind: Kind
    verbs: tuple[str, ...]
    subresource: str = ""

    def to_rule(self) -> Document:
        """Return the rule of a ClusterRole."""
        resource = self.kind.plural + (f"/{self.subresource}" if self.subresource else "")
        return {"apiGroups": [self.kind.group], "resources": [resource], "verbs": [*self.verbs]}


_READ = ("get", "list", "watch")
_OWN = (*_READ, "create", "patch", "delete")

PERMISSIONS = (
    # What users declare is read; only what is ours, the status, is written.
    Permission(MODEL_DEPLOYMENT, _READ),
    Permission(MODEL_DEPLOYMENT, ("patch",), "status"),
    Permission(BENCHMARK_RUN, (*_READ, "create", "delete")),
    Permission(BENCHMARK_RUN, ("patch",), "status"),
    # Children: created, applied (a patch), deleted. A Job is never changed.
    Permission(REPLICA_SET, _OWN),
    Permission(SERVICE, _OWN),
    Permission(JOB, (*_READ, "create", "delete")),
    # Pods are only read: their controllers make and delete them. `get` finds our own image.
    Permission(POD, _READ),
    # Data sets, read by name; never listed.
    Permission(CONFIG_MAP, ("get",)),
    Permission(EVENT, ("create",)),
    # An ownerReference with blockOwnerDeletion, where OwnerReferencesPermissionEnforcement is on.
    *(
        Permission(kind, ("update",), "finalizers")
        for kind in (MODEL_DEPLOYMENT, BENCHMARK_RUN, REPLICA_SET)
    ),
)
