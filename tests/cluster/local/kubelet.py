"""The kubelet, on a machine that it doesn't own: no cgroups of its own for itself, swap is fine."""

from tests.cluster.local.build import Binaries
from tests.cluster.local.containerd import SOCKET
from tests.cluster.local.layout import Layout, write_json
from tests.cluster.local.pki import Pki
from tests.cluster.local.processes import Process
from tests.cluster.local.slots import Addresses


def kubelet(binaries: Binaries, layout: Layout, addresses: Addresses, pki: Pki) -> Process:
    """The kubelet of the cluster's one node."""
    file = layout.config / "kubelet.json"
    write_json(file, _configuration(layout, addresses, pki))
    return Process(
        "kubelet",
        (
            str(binaries.kubernetes("kubelet")),
            f"--config={file}",
            f"--kubeconfig={pki.kubeconfig('kubelet')}",
            f"--hostname-override={layout.node_name}",
            f"--node-ip={addresses.node}",
        ),
        {"TMPDIR": "/var/tmp"},
    )


def _configuration(layout: Layout, addresses: Addresses, pki: Pki) -> dict[str, object]:
    resolv_conf = layout.config / "resolv.conf"
    resolv_conf.touch()
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(pki.ca)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(pki.certificate("kubelet-server")),
        "tlsPrivateKeyFile": str(pki.key("kubelet-server")),
        "clusterDomain": "cluster.local",
        "clusterDNS": [str(addresses.dns_service)],
        "resolvConf": str(resolv_conf),
        **_MACHINE,
        "cgroupRoot": f"/{layout.unique}",
        **_QUICK,
    }


_MACHINE: dict[str, object] = {
    "cgroupDriver": "cgroupfs",
    "failCgroupV1": False,
    "cgroupsPerQOS": True,
    "enforceNodeAllocatable": [],
    "failSwapOn": False,
    "oomScoreAdj": 0,
    # The machine's disk is its owner's business: nothing is evicted, no image removed for it.
    "imageGCHighThresholdPercent": 100,
    "evictionHard": {
        "imagefs.available": "0%",
        "nodefs.available": "0%",
        "nodefs.inodesFree": "0%",
    },
}

_QUICK: dict[str, object] = {
    "kubeAPIQPS": 100,
    "kubeAPIBurst": 200,
    "registryPullQPS": 0,
    "eventRecordQPS": 0,
    "serializeImagePulls": False,
}
