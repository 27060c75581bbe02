"""CoreDNS as a process of the node, behind the Service that pods are told to ask."""

from tests.cluster.local.api import Api
from tests.cluster.local.build import Binaries
from tests.cluster.local.layout import Layout
from tests.cluster.local.pki import Pki
from tests.cluster.local.processes import Process
from tests.cluster.local.slots import Addresses

_COREFILE = """\
.:53 {{
    errors
    ready
    cache 5
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {kubeconfig}
        ttl 5
    }}
}}
"""
_PORTS = (("dns", "UDP"), ("dns-tcp", "TCP"))
_RBAC = "/apis/rbac.authorization.k8s.io/v1"


def coredns(binaries: Binaries, layout: Layout, pki: Pki) -> Process:
    """The DNS server for names of the cluster; it forwards nothing."""
    file = layout.config / "Corefile"
    kubeconfig = pki.kubeconfig("coredns")
    file.write_text(_COREFILE.format(kubeconfig=kubeconfig))
    return Process("coredns", (str(binaries.coredns), "-conf", str(file)))


def publish(api: Api, addresses: Addresses) -> None:
    """Create the Service `kube-dns` in front of the process, and what the process may read."""
    api.create("/api/v1/namespaces/kube-system/services", _service(addresses))
    api.create(
        "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices", _endpoints(addresses)
    )
    role, binding = _permissions()
    api.create(f"{_RBAC}/clusterroles", role)
    api.create(f"{_RBAC}/clusterrolebindings", binding)


def _service(addresses: Addresses) -> dict[str, object]:
    ports = [{"name": name, "protocol": protocol, "port": 53} for name, protocol in _PORTS]
    return {
        "metadata": {"name": "kube-dns", "labels": {"k8s-app": "kube-dns"}},
        "spec": {"clusterIP": str(addresses.dns_service), "ports": ports},
    }


def _endpoints(addresses: Addresses) -> dict[str, object]:
    labels = {
        "kubernetes.io/service-name": "kube-dns",
        "endpointslice.kubernetes.io/managed-by": "modelward-tests",
    }
    return {
        "metadata": {"name": "kube-dns", "labels": labels},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [str(addresses.node)], "conditions": {"ready": True}}],
        "ports": [{"name": name, "protocol": protocol, "port": 53} for name, protocol in _PORTS],
    }


def _permissions() -> tuple[dict[str, object], dict[str, object]]:
    name = "system:coredns"
    verbs = ["list", "watch"]
    rules = [
        {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": verbs},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": verbs},
    ]
    group = "rbac.authorization.k8s.io"
    reference = {"apiGroup": group, "kind": "ClusterRole", "name": name}
    subject = {"apiGroup": group, "kind": "User", "name": name}
    metadata = {"name": name}
    return (
        {"metadata": metadata, "rules": rules},
        {"metadata": metadata, "roleRef": reference, "subjects": [subject]},
    )
