"""containerd, the pods' network plugins, and the image that holds a pod's namespaces."""

from tests.cluster.local.layout import Layout, write_json
from tests.cluster.local.processes import Process
from tests.cluster.local.slots import Addresses

SOCKET = "/run/containerd/containerd.sock"
PAUSE_IMAGE = "modelward.local/pause:1"

# restrict_oom_score_adj: without CAP_SYS_RESOURCE a container's score can't be lowered.
_CONFIG = """\
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause_image}"
  restrict_oom_score_adj = true
  enable_unprivileged_ports = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "runc"
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{cni}"
"""


def containerd(layout: Layout, addresses: Addresses) -> Process:
    """The container runtime."""
    cni = layout.config / "cni"
    write_json(cni / "10-pods.conflist", _pod_network(addresses))
    file = layout.config / "containerd.toml"
    file.write_text(_CONFIG.format(socket=SOCKET, pause_image=PAUSE_IMAGE, cni=cni))
    return Process("containerd", ("containerd", "--config", str(file)))


def _pod_network(addresses: Addresses) -> dict[str, object]:
    bridge = {
        "type": "bridge",
        "bridge": "pods",
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": str(addresses.pods)}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    plugins = [bridge, {"type": "portmap", "capabilities": {"portMappings": True}}]
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": plugins}
