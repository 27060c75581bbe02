"""Addresses of clusters side by side."""

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cluster import paths
from tests.cluster.local import slots
from tests.cluster.local.slots import Addresses, NoFreeSlotError, overlaps, parse_routes

SLOTS = st.integers(min_value=0, max_value=31)

ROUTES = """\
default via 192.0.2.1 dev eth0
192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2
198.18.16.0/30 dev mw-1 proto kernel scope link src 198.18.16.1
unreachable 10.1.0.0/16
local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1
broadcast 192.0.2.255 dev eth0 table local proto kernel scope link src 192.0.2.2
"""


@given(first=SLOTS, second=SLOTS)
def test_clusters_in_two_slots_share_no_address(first: int, second: int) -> None:
    one, other = Addresses(first, with_node=True), Addresses(second, with_node=True)
    assert one.block.overlaps(other.block) == (first == second)
    assert (Addresses(first, with_node=False).node == Addresses(second, with_node=False).node) == (
        first == second
    )


@given(SLOTS)
def test_link_services_and_pods_of_a_cluster_do_not_overlap(slot: int) -> None:
    addresses = Addresses(slot, with_node=True)
    link = IPv4Network(f"{addresses.host}/{addresses.link_prefix}", strict=False)
    parts = [link, addresses.services, addresses.pods]
    assert all(part.subnet_of(addresses.block) for part in parts)
    assert not any(a.overlaps(b) for a in parts for b in parts if a is not b)
    assert addresses.node in link
    assert addresses.api_service in addresses.services
    assert addresses.dns_service in addresses.services


def test_every_destination_of_the_routing_table_is_read() -> None:
    assert [str(route) for route in parse_routes(ROUTES)] == [
        "192.0.2.0/24",
        "198.18.16.0/30",
        "10.1.0.0/16",
        "127.0.0.0/8",
        "192.0.2.255/32",
    ]


def test_a_block_that_a_route_of_the_machine_meets_is_not_used() -> None:
    routes = parse_routes(ROUTES)
    assert not overlaps(Addresses(0, with_node=True).block, routes)
    assert overlaps(Addresses(1, with_node=True).block, routes)


def test_the_default_route_meets_no_block() -> None:
    assert not overlaps(IPv4Network("198.18.0.0/20"), [IPv4Network("0.0.0.0/0")])


def test_a_held_slot_is_given_to_nobody_else(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("slots")
    monkeypatch.setattr(paths, "runtime", lambda *_: folder)
    first, _ = slots.claim(with_node=False)
    second, _ = slots.claim(with_node=False)
    assert first.slot != second.slot


def test_an_error_says_what_to_do_when_no_slot_is_free(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("slots")
    monkeypatch.setattr(paths, "runtime", lambda *_: folder)
    monkeypatch.setattr(slots, "candidates", lambda _: iter(()))
    with pytest.raises(NoFreeSlotError, match="take clusters down"):
        slots.claim(with_node=False)
