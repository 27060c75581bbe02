"""Bringing a cluster up: what is started when, and what is waited for."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import paths
from tests.cluster.local import (
    cgroups,
    controlplane,
    dns,
    network,
    node_images,
    pause_image,
    pki,
    processes,
    slots,
)
from tests.cluster.local.api import Api
from tests.cluster.local.build import Binaries
from tests.cluster.local.containerd import PAUSE_IMAGE, containerd
from tests.cluster.local.kubelet import kubelet
from tests.cluster.local.layout import Layout, write_json
from tests.cluster.local.proxy import kube_proxy
from tests.cluster.local.slots import Addresses
from tests.cluster.local.waiting import wait_for

_SUPERVISOR_TIMEOUT = 60.0
_API_TIMEOUT = 180.0
_NODE_TIMEOUT = 180.0


@dataclass(frozen=True)
class Site:
    """What all parts of a cluster are given."""

    layout: Layout
    addresses: Addresses
    binaries: Binaries
    pki: pki.Pki

    def start(self, process: processes.Process) -> None:
        """Have a process run for as long as the cluster."""
        processes.start(self.layout, process)

    def check(self) -> None:
        """Raise ClusterError if nothing will happen any more."""
        processes.check_supervisor(self.layout)


def bring_up(
    layout: Layout, binaries: Binaries, lock: int, *, with_node: bool, until_exit: bool
) -> None:
    """Bring a cluster up where there is none; the caller holds its lock by descriptor `lock`."""
    for folder in (layout.folder, layout.config, layout.logs, layout.processes):
        folder.mkdir(parents=True, exist_ok=True)
    addresses, slot = slots.claim(with_node)
    owner = os.pidfd_open(os.getpid()) if until_exit else None
    try:
        _start_supervisor(layout, lock, slot, owner, binaries if with_node else None)
    finally:
        os.close(slot)
    site = Site(layout, addresses, binaries, pki.create(layout, addresses))
    if with_node:
        network.connect(layout, addresses)
        site.start(containerd(layout, addresses))
    api = _start_api(site)
    if with_node:
        _start_node(site, api)
    shutil.copyfile(site.pki.kubeconfig(pki.ADMIN), layout.kubeconfig)
    layout.kubeconfig.chmod(0o600)
    state = {"slot": addresses.slot, "kubectl": str(binaries.kubernetes("kubectl"))}
    write_json(layout.state, state | description(binaries, with_node))


def description(binaries: Binaries, with_node: bool) -> dict[str, object]:
    """What decides whether a running cluster is the one that is asked for."""
    digest = hashlib.sha256(binaries.key.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return {"with_node": with_node, "made_by": digest.hexdigest()[:16]}


def _start_supervisor(
    layout: Layout, lock: int, slot: int, owner: int | None, in_sandbox: Binaries | None
) -> None:
    """Start the process that all others end with; it keeps the cluster's addresses claimed."""
    command = [sys.executable, "-m", "tests.cluster.local.supervisor", str(layout.folder)]
    command += [f"--lock={lock}", f"--slot={slot}"]
    command += [f"--owner={owner}"] if owner is not None else []
    if in_sandbox:
        command += ["--sandbox", *(f"--binaries={path}" for path in in_sandbox.folders.values())]
    with layout.supervisor_log.open("ab") as log:
        subprocess.run(
            command,
            cwd=paths.PROJECT_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[lock, slot, *([owner] if owner is not None else [])],
            check=True,
        )
    wait_for(
        layout.ready.exists,
        f"the cluster's supervisor to start; see {layout.supervisor_log}",
        _SUPERVISOR_TIMEOUT,
        lambda: processes.check_supervisor(layout),
    )


def _start_api(site: Site) -> Api:
    site.start(controlplane.etcd(site.binaries, site.layout, site.addresses))
    site.start(controlplane.kube_apiserver(site.binaries, site.layout, site.addresses, site.pki))
    api = Api.as_admin(site.addresses.api_url, site.pki)
    what = f"the API server at {api.url} to be ready; see {site.layout.logs}"
    wait_for(api.is_ready, what, _API_TIMEOUT, site.check)
    return api


def _start_node(site: Site, api: Api) -> None:
    """Start what makes a control plane a cluster that runs pods, and wait until it does."""
    binaries, layout, addresses, keys = site.binaries, site.layout, site.addresses, site.pki
    cgroups.create(layout.unique)
    site.start(kubelet(binaries, layout, addresses, keys))
    site.start(controlplane.kube_controller_manager(binaries, addresses, keys))
    site.start(controlplane.kube_scheduler(binaries, keys))
    site.start(kube_proxy(binaries, layout, addresses, keys))
    dns.publish(api, addresses)
    site.start(dns.coredns(binaries, layout, keys))
    node_images.load(layout, PAUSE_IMAGE, pause_image.archive(binaries))
    wait_for(
        lambda: node_is_ready(api, layout.node_name),
        f"node {layout.node_name} to be Ready; see {layout.logs}",
        _NODE_TIMEOUT,
        site.check,
    )


def node_is_ready(api: Api, name: str) -> bool:
    """Whether the node is Ready without a taint, and pods can be created in a namespace."""
    try:
        nodes = api.get("/api/v1/nodes")["items"]
        accounts = api.get("/api/v1/namespaces/default/serviceaccounts")["items"]
    except OSError:
        return False
    ready = {"type": "Ready", "status": "True"}
    return bool(accounts) and any(
        node["metadata"]["name"] == name
        and not node["spec"].get("taints")
        and any(ready.items() <= condition.items() for condition in node["status"]["conditions"])
        for node in nodes
    )
