"""Addresses for clusters side by side: each holds a slot, and a slot is a block of addresses.

A slot is a locked file. The cluster's supervisor holds the lock, so the kernel frees the slot when
the cluster ends, however it ends.
"""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from tests.cluster import commands, locks, paths
from tests.cluster.errors import ClusterError

API_PORT = 6443
ETCD_PORT = 2379

# RFC 2544 keeps this block for test networks, so no real network is hidden by it.
_TEST_NETWORKS = IPv4Network("198.18.0.0/15")
_BLOCKS = tuple(_TEST_NETWORKS.subnets(new_prefix=20))


class NoFreeSlotError(ClusterError):
    """Every block of addresses is held by a cluster or overlaps with this machine's routes."""


@dataclass(frozen=True)
class Addresses:
    """The addresses of the cluster in slot `slot`; one with a node has a network of its own."""

    slot: int
    with_node: bool

    @property
    def block(self) -> IPv4Network:
        """All of the cluster's addresses."""
        return _BLOCKS[self.slot]

    @property
    def host(self) -> IPv4Address:
        """The machine's end of the link to the node."""
        return self.block[1]

    @property
    def node(self) -> IPv4Address:
        """The node's end of the link; on loopback where there is no node."""
        return self.block[2] if self.with_node else IPv4Address(f"127.77.{self.slot}.1")

    @property
    def link_prefix(self) -> int:
        """The length of the link's prefix."""
        return 30

    @property
    def services(self) -> IPv4Network:
        """The Services' cluster IPs."""
        return list(self.block.subnets(new_prefix=22))[1]

    @property
    def api_service(self) -> IPv4Address:
        """The cluster IP of the Service `kubernetes`: always the first one."""
        return self.services[1]

    @property
    def dns_service(self) -> IPv4Address:
        """The cluster IP of the Service `kube-dns`."""
        return self.services[10]

    @property
    def pods(self) -> IPv4Network:
        """The pods' addresses."""
        return list(self.block.subnets(new_prefix=21))[1]

    @property
    def api_url(self) -> str:
        """The API server's address."""
        return f"https://{self.node}:{API_PORT}"

    @property
    def etcd_url(self) -> str:
        """The address of etcd: loopback, of the node's network where there is a node."""
        host = "127.0.0.1" if self.with_node else str(self.node)
        return f"http://{host}:{ETCD_PORT}"


def claim(with_node: bool) -> tuple[Addresses, int]:
    """Take a free slot: its addresses and the descriptor whose lock holds it.

    Raises NoFreeSlotError.
    """
    usable = _no_route_overlaps() if with_node else _port_is_free
    for addresses in candidates(with_node):
        descriptor = locks.try_lock(paths.runtime("slots") / f"{addresses.slot}.lock")
        if descriptor is None:
            continue
        if usable(addresses):
            return addresses, descriptor
        os.close(descriptor)
    message = (
        f"no block of addresses in {_TEST_NETWORKS} is free: take clusters down "
        "(python -m tests.cluster down --name NAME), or remove routes to that network"
    )
    raise NoFreeSlotError(message)


def candidates(with_node: bool) -> Iterator[Addresses]:
    """Every slot's addresses, in the order in which they are tried."""
    return (Addresses(slot, with_node) for slot in range(len(_BLOCKS)))


def overlaps(block: IPv4Network, routes: list[IPv4Network]) -> bool:
    """Whether a block meets a route of this machine; the default route says nothing."""
    return any(route.prefixlen > 0 and route.overlaps(block) for route in routes)


def parse_routes(text: str) -> list[IPv4Network]:
    """Destinations in the output of `ip -4 route show table all`."""
    kinds = {"local", "broadcast", "unreachable", "blackhole", "prohibit", "throw", "multicast"}
    routes = []
    for line in text.splitlines():
        words = [word for word in line.split() if word not in kinds]
        if words and words[0] != "default":
            routes.append(IPv4Network(words[0], strict=False))
    return routes


def _no_route_overlaps() -> Callable[[Addresses], bool]:
    routes = parse_routes(commands.run(["ip", "-4", "route", "show", "table", "all"]))
    return lambda addresses: not overlaps(addresses.block, routes)


def _port_is_free(addresses: Addresses) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((str(addresses.node), API_PORT))
        except OSError:
            return False
    return True
