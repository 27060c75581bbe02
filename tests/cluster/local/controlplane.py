"""etcd and the API server; and, where there is a node, the controllers and the scheduler."""

from pathlib import Path

from tests.cluster.audit_policy import AUDIT_POLICY
from tests.cluster.local.build import Binaries
from tests.cluster.local.layout import Layout, write_json
from tests.cluster.local.pki import Pki
from tests.cluster.local.processes import Process
from tests.cluster.local.slots import API_PORT, Addresses

_PEER_PORT = 2380
# Roomy for tests: the API server's own limits are the bound, not the clients'.
_CLIENT_LIMITS = ("--kube-api-qps=300", "--kube-api-burst=600")


def etcd(binaries: Binaries, layout: Layout, addresses: Addresses) -> Process:
    """The store. It syncs nothing to disk: a test's cluster doesn't outlive its machine."""
    peer = addresses.etcd_url.rpartition(":")[0] + f":{_PEER_PORT}"
    return Process(
        "etcd",
        (
            str(binaries.etcd),
            "--name=node",
            f"--data-dir={layout.folder / 'etcd'}",
            f"--listen-client-urls={addresses.etcd_url}",
            f"--advertise-client-urls={addresses.etcd_url}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=node={peer}",
            "--unsafe-no-fsync",
            "--quota-backend-bytes=8589934592",
            "--log-level=warn",
        ),
    )


def kube_apiserver(binaries: Binaries, layout: Layout, addresses: Addresses, pki: Pki) -> Process:
    """The API server, with an audit log of who did what to which object."""
    command = (
        str(binaries.kubernetes("kube-apiserver")),
        f"--etcd-servers={addresses.etcd_url}",
        f"--bind-address={addresses.node}",
        f"--advertise-address={addresses.node}",
        f"--secure-port={API_PORT}",
        f"--service-cluster-ip-range={addresses.services}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
        "--profiling=false",
        *_serving_files(pki),
        *_token_files(pki),
        *_audit_arguments(layout),
    )
    # Loopback can't be the endpoint of the Service `kubernetes`, and no pod is there to use it.
    unpublished = () if addresses.with_node else ("--endpoint-reconciler-type=none",)
    return Process("kube-apiserver", command + unpublished)


def kube_controller_manager(binaries: Binaries, addresses: Addresses, pki: Pki) -> Process:
    """All ordinary controllers, each under its own service account."""
    kubeconfig = pki.kubeconfig("kube-controller-manager")
    return Process(
        "kube-controller-manager",
        (
            str(binaries.kubernetes("kube-controller-manager")),
            *_kubeconfig_arguments(kubeconfig),
            f"--root-ca-file={pki.ca}",
            f"--service-account-private-key-file={pki.service_accounts}",
            f"--cluster-signing-cert-file={pki.ca}",
            f"--cluster-signing-key-file={pki.key('ca')}",
            f"--cluster-cidr={addresses.pods}",
            f"--service-cluster-ip-range={addresses.services}",
            "--use-service-account-credentials",
            *_CLIENT_LIMITS,
        ),
    )


def kube_scheduler(binaries: Binaries, pki: Pki) -> Process:
    """The scheduler."""
    kubeconfig = pki.kubeconfig("kube-scheduler")
    command = str(binaries.kubernetes("kube-scheduler"))
    return Process("kube-scheduler", (command, *_kubeconfig_arguments(kubeconfig), *_CLIENT_LIMITS))


def _kubeconfig_arguments(kubeconfig: Path) -> tuple[str, ...]:
    return (
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
    )


def _serving_files(pki: Pki) -> tuple[str, ...]:
    return (
        f"--client-ca-file={pki.ca}",
        f"--requestheader-client-ca-file={pki.ca}",
        "--requestheader-allowed-names=nobody",
        "--requestheader-username-headers=X-Remote-User",
        f"--tls-cert-file={pki.certificate('kube-apiserver')}",
        f"--tls-private-key-file={pki.key('kube-apiserver')}",
        f"--kubelet-certificate-authority={pki.ca}",
        f"--kubelet-client-certificate={pki.certificate('kubelet-client')}",
        f"--kubelet-client-key={pki.key('kubelet-client')}",
        "--kubelet-preferred-address-types=InternalIP",
    )


def _token_files(pki: Pki) -> tuple[str, ...]:
    return (
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki.service_accounts}",
        f"--service-account-signing-key-file={pki.service_accounts}",
    )


def _audit_arguments(layout: Layout) -> tuple[str, ...]:
    policy = layout.config / "audit-policy.json"
    write_json(policy, AUDIT_POLICY)
    return (
        f"--audit-policy-file={policy}",
        f"--audit-log-path={layout.audit_log}",
        "--audit-log-format=json",
        "--audit-log-maxsize=2000",
    )
