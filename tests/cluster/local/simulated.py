"""Nodes and pods that are played by kwok, on a control plane with real controllers.

For load at scale: a ReplicaSet's pods are made by kube-controller-manager and placed by
kube-scheduler, and kwok says that they are Ready. A benchmark pod ends at once with a result in
which every KPI is met: see stages.yaml.
"""

from dataclasses import replace
from pathlib import Path

from tests.cluster.local import build, controlplane, processes
from tests.cluster.local.api import Api
from tests.cluster.local.layout import Layout, write_json
from tests.cluster.local.pki import ADMIN, Pki
from tests.cluster.local.processes import Process
from tests.cluster.local.slots import Addresses
from tests.cluster.local.waiting import wait_for

STAGES = Path(__file__).with_name("stages.yaml")
NODES = 10

# Roomy, so that what is measured is the operator: by default the controller manager asks 20 times
# a second and syncs five objects of a kind at once.
_ROOM = ("--kube-api-qps=2000", "--kube-api-burst=4000")
_SYNCS = (
    *("--concurrent-replicaset-syncs=50", "--concurrent-job-syncs=50"),
    *("--concurrent-service-endpoint-syncs=20", "--concurrent-gc-syncs=50"),
)
_TIMEOUT = 60.0


def start(layout: Layout, addresses: Addresses) -> None:
    """Add controllers, a scheduler and nodes to a control plane, and wait until these are Ready."""
    binaries, pki = build.binaries(with_node=False), Pki(layout.pki)
    manager = controlplane.kube_controller_manager(binaries, addresses, pki)
    scheduler = controlplane.kube_scheduler(binaries, pki)
    processes.start(layout, _as_admin(manager, addresses, pki, *_ROOM, *_SYNCS))
    processes.start(layout, _as_admin(scheduler, addresses, pki, *_ROOM))
    processes.start(layout, _kwok(layout, addresses, pki))
    api = Api.as_admin(addresses.api_url, pki)
    # Beside the range that is split from the block, the whole of it: no route leads there.
    more = {"metadata": {"name": "many-services"}, "spec": {"cidrs": [str(addresses.block)]}}
    api.create("/apis/networking.k8s.io/v1/servicecidrs", more)
    for number in range(NODES):
        api.create("/api/v1/nodes", {"metadata": {"name": f"simulated-{number}"}})
    wait_for(
        lambda: _all_ready(api),
        f"{NODES} simulated nodes to be Ready; see {layout.logs}",
        _TIMEOUT,
        lambda: processes.check_supervisor(layout),
    )


def stop(layout: Layout) -> None:
    """Leave the objects as they are: nobody acts on them any more."""
    for name in ("kube-controller-manager", "kube-scheduler", "kwok"):
        processes.stop(layout, name)


def _as_admin(process: Process, addresses: Addresses, pki: Pki, *more: str) -> Process:
    """The process with the administrator's rights, on the cluster's own loopback address."""
    file = pki.kubeconfig(ADMIN)
    who = tuple(
        f"--{each}={file}"
        for each in ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
    )
    command = (*process.command, *who, f"--bind-address={addresses.node}", *more)
    return replace(process, command=command)


def _kwok(layout: Layout, addresses: Addresses, pki: Pki) -> Process:
    options = layout.config / "kwok.json"
    write_json(
        options,
        {
            "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
            "kind": "KwokConfiguration",
            "options": {
                "manageAllNodes": True,
                "cidr": str(addresses.pods),
                "nodeIP": str(addresses.node),
                "nodeLeaseDurationSeconds": 40,
                "nodeLeaseParallelism": 4,
                "nodePlayStageParallelism": 4,
                "podsOnNodeSyncParallelism": 4,
                "podPlayStageParallelism": 16,
            },
        },
    )
    return Process(
        "kwok",
        (
            str(build.kwok()),
            f"--kubeconfig={pki.kubeconfig(ADMIN)}",
            f"--config={options}",
            f"--config={STAGES}",
            "--node-port=0",
        ),
    )


def _all_ready(api: Api) -> bool:
    nodes = api.get("/api/v1/nodes")["items"]
    accounts = api.get("/api/v1/namespaces/default/serviceaccounts")["items"]
    return bool(accounts) and all(
        not node["spec"].get("taints") and node["status"].get("phase") == "Running"
        for node in nodes
    )
