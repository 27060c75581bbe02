"""The cluster's certificate authority, and a certificate for everyone who takes part."""

import base64
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import commands
from tests.cluster.local.layout import Layout, write_json
from tests.cluster.local.slots import Addresses

_DAYS = "3650"
_ELLIPTIC_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc")


@dataclass(frozen=True)
class Identity:
    """Who a certificate is for: user and group to Kubernetes, or the names of a server."""

    file: str
    user: str
    group: str = ""
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pki:
    """Keys and certificates in one folder."""

    folder: Path

    @property
    def ca(self) -> Path:
        """The authority's certificate."""
        return self.folder / "ca.crt"

    @property
    def service_accounts(self) -> Path:
        """The key that signs service accounts' tokens."""
        return self.folder / "service-accounts.key"

    def certificate(self, file: str) -> Path:
        """The certificate of an identity."""
        return self.folder / f"{file}.crt"

    def key(self, file: str) -> Path:
        """The key of an identity."""
        return self.folder / f"{file}.key"

    def kubeconfig(self, file: str) -> Path:
        """The kubeconfig of an identity."""
        return self.folder / f"{file}.kubeconfig"


ADMIN = "admin"
_COMPONENTS = ("kube-controller-manager", "kube-scheduler", "kube-proxy", "coredns")


def create(layout: Layout, addresses: Addresses) -> Pki:
    """Make the authority, all certificates and kubeconfigs; the administrator's is last."""
    pki = Pki(layout.pki)
    layout.pki.mkdir(mode=0o700, parents=True, exist_ok=True)
    _openssl("req", "-x509", *_ELLIPTIC_KEY, "-subj", "/CN=modelward-test", "-days", _DAYS,
             "-keyout", str(pki.key("ca")), "-out", str(pki.ca))  # fmt: skip
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout",
             "-out", str(pki.service_accounts))  # fmt: skip
    servers = _servers(layout, addresses)
    clients = _clients(layout) if addresses.with_node else [_ADMIN, _KUBELET_CLIENT]
    for identity in (*servers, *clients):
        _issue(pki, identity)
    for identity in clients:
        write_json(
            pki.kubeconfig(identity.file), _kubeconfig(pki, identity.file, layout, addresses)
        )
    return pki


_ADMIN = Identity(ADMIN, user="modelward:admin", group="system:masters")
_KUBELET_CLIENT = Identity("kubelet-client", user="kube-apiserver", group="system:masters")


def _servers(layout: Layout, addresses: Addresses) -> list[Identity]:
    api_hosts = (
        "DNS:kubernetes",
        "DNS:kubernetes.default",
        "DNS:kubernetes.default.svc",
        "DNS:kubernetes.default.svc.cluster.local",
        "DNS:localhost",
        f"IP:{addresses.node}",
        f"IP:{addresses.api_service}",
        "IP:127.0.0.1",
    )
    kubelet_hosts = (f"DNS:{layout.node_name}", f"IP:{addresses.node}")
    servers = [Identity("kube-apiserver", user="kube-apiserver", hosts=api_hosts)]
    if addresses.with_node:
        servers.append(Identity("kubelet-server", user=layout.node_name, hosts=kubelet_hosts))
    return servers


def _clients(layout: Layout) -> list[Identity]:
    kubelet = Identity("kubelet", user=f"system:node:{layout.node_name}", group="system:nodes")
    components = [Identity(name, user=f"system:{name}") for name in _COMPONENTS]
    return [_ADMIN, _KUBELET_CLIENT, kubelet, *components]


def _issue(pki: Pki, identity: Identity) -> None:
    group = f"/O={identity.group}" if identity.group else ""
    names = ("-addext", f"subjectAltName={','.join(identity.hosts)}") if identity.hosts else ()
    _openssl("req", "-x509", *_ELLIPTIC_KEY, "-CA", str(pki.ca), "-CAkey", str(pki.key("ca")),
             "-subj", f"{group}/CN={identity.user}", "-days", _DAYS, *names,
             "-addext", "basicConstraints=critical,CA:FALSE",
             "-addext", "extendedKeyUsage=serverAuth,clientAuth",
             "-keyout", str(pki.key(identity.file)),
             "-out", str(pki.certificate(identity.file)))  # fmt: skip


def _kubeconfig(pki: Pki, file: str, layout: Layout, addresses: Addresses) -> dict[str, object]:
    """A kubeconfig that holds all it needs, so that it can be copied."""

    def data(path: Path) -> str:
        return base64.b64encode(path.read_bytes()).decode()

    cluster = {"server": addresses.api_url, "certificate-authority-data": data(pki.ca)}
    user = {
        "client-certificate-data": data(pki.certificate(file)),
        "client-key-data": data(pki.key(file)),
    }
    context = {"cluster": layout.name, "user": file}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": layout.name, "cluster": cluster}],
        "users": [{"name": file, "user": user}],
        "contexts": [{"name": layout.name, "context": context}],
        "current-context": layout.name,
    }


def _openssl(*arguments: str) -> None:
    commands.run(["openssl", *arguments])
