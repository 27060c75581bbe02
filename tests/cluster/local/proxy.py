"""kube-proxy: the Services' addresses, as iptables rules in the node's own network."""

from tests.cluster.local.build import Binaries
from tests.cluster.local.layout import Layout, write_json
from tests.cluster.local.pki import Pki
from tests.cluster.local.processes import Process
from tests.cluster.local.slots import Addresses


def kube_proxy(binaries: Binaries, layout: Layout, addresses: Addresses, pki: Pki) -> Process:
    """The proxy; the machine's connection tracking settings stay as they are."""
    file = layout.config / "kube-proxy.json"
    configuration = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "hostnameOverride": layout.node_name,
        "clusterCIDR": str(addresses.pods),
        "clientConnection": {"kubeconfig": str(pki.kubeconfig("kube-proxy"))},
        "iptables": {"minSyncPeriod": "0s", "syncPeriod": "30s"},
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
    }
    write_json(file, configuration)
    return Process("kube-proxy", (str(binaries.kubernetes("kube-proxy")), f"--config={file}"))
