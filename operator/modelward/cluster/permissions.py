"""What the operator may do, and why: manifests and docs/security.md are generated from this.

No Secrets, no wildcards, nothing on pods but reading; updates only of finalizers subresources,
where nothing is ever written. Nothing here is cluster-scoped, so that the same table serves an
operator of one namespace; that our CRDs are served is read by discovery, which everybody may.
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
    why: str
    subresource: str = ""

    @property
    def resource(self) -> str:
        """As a rule names it: `modeldeployments/status`."""
        return self.kind.plural + (f"/{self.subresource}" if self.subresource else "")

    def to_rule(self) -> Document:
        """Return the rule of a ClusterRole."""
        return {
            "apiGroups": [self.kind.group],
            "resources": [self.resource],
            "verbs": [*self.verbs],
        }


_WATCH = ("watch",)
"""Not list: what exists is read by watches, too, which begin with it (Kubernetes 1.34)."""
_OWNER = (
    "Demanded for a child's ownerReference where OwnerReferencesPermissionEnforcement is on; "
    "nothing is written"
)

PERMISSIONS = (
    Permission(MODEL_DEPLOYMENT, _WATCH, "What users declare is read, never written"),
    Permission(MODEL_DEPLOYMENT, ("patch",), "Tell how it stands", "status"),
    Permission(
        BENCHMARK_RUN,
        (*_WATCH, "create", "delete"),
        "Order a judgement; drop one that nobody waits for any more",
    ),
    Permission(BENCHMARK_RUN, ("patch",), "Record the evidence", "status"),
    Permission(
        REPLICA_SET,
        (*_WATCH, "create", "patch", "delete"),
        "The pods of a revision: made, scaled, pruned beyond revisionHistoryLimit",
    ),
    Permission(
        SERVICE,
        (*_WATCH, "create", "patch"),
        "Where users and benchmark pods reach a revision; they go with their owner",
    ),
    Permission(
        JOB,
        (*_WATCH, "create", "delete"),
        "One attempt of a benchmark; never changed, deleted when it is overdue",
    ),
    Permission(POD, _WATCH, "Readiness and results; their controllers make and delete them"),
    Permission(CONFIG_MAP, ("get",), "Data sets, by the name that a resource gives; never listed"),
    Permission(EVENT, ("create",), "Tell what happened"),
    *(
        Permission(kind, ("update",), _OWNER, "finalizers")
        for kind in (MODEL_DEPLOYMENT, BENCHMARK_RUN, REPLICA_SET)
    ),
)
"""In the namespaces that are looked after, or in all: bound by RoleBindings, or cluster-wide."""

AT_HOME = (Permission(POD, ("get",), "Its own pod, whose image benchmark pods run, too"),)
"""In the namespace that the operator itself runs in."""
