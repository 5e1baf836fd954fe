"""Network addresses that a server which we call may have: those of the public internet, and what a site lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

EVERYWHERE = ("0.0.0.0/0", "::/0")
"""Networks for a person who names the server himself, and so may call any."""

# The part of IPv6 that is given out for use in the internet (RFC 4291, 2.4); and, of both versions, what is not for
# servers and which not every Python knows: protocol assignments with Teredo, documentation, relays of 6to4.
_PUBLIC = IPv6Network("2000::/3")
_NOT_PUBLIC = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "3fff::/20", "192.0.0.0/24", "192.88.99.0/24")))
_NAT64 = IPv6Network("64:ff9b::/96")


class Networks:
    """The networks, beside the public internet, in which servers that we call may be.

    `listed` are networks (`10.20.0.0/16`, `fd00:1::/64`) or single addresses. Raises ValueError for anything else.
    """

    __slots__ = ("_listed",)

    def __init__(self, listed: Iterable[str] = ()) -> None:
        self._listed = tuple(_network(each) for each in listed)

    def refusal(self, address: str, host: str = "") -> str:
        """Why a server at this address must not be called, in words; empty where it may be.

        `host` is the host of a listed URL. One that is itself an address allows that address, `localhost` those of
        this machine; a name allows none, since whoever runs its DNS decides what it means.
        """
        found = _parsed(address)
        if found is None:
            return "has no network address that can be checked"
        meant = tuple(_meanings(found))
        named = _parsed(host)
        if named in meant or (host == "localhost" and meant[-1].is_loopback):
            return ""
        if any(each in network for each in meant for network in self._listed):
            return ""
        return "" if _is_public(meant[-1]) else f"has the address {found}, which is not one of the public internet"


def _network(written: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(written.strip())
    except ValueError as error:
        raise ValueError(f"{written!r} is no network: write it as 10.20.0.0/16 or fd00:1::/64 ({error})") from None


def _parsed(written: str) -> Address | None:
    """An address as a socket gives it, perhaps with a zone (`fe80::1%eth0`); None for a name."""
    try:
        return ip_address(written.partition("%")[0])
    except ValueError:
        return None


def _meanings(address: Address) -> Iterator[Address]:
    """The address, then the IPv4 address that it leads to, where it is one of IPv6 that holds one."""
    yield address
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            yield inner


def _is_public(address: Address) -> bool:
    """Whether it is of one host in the internet: neither private, loopback, link-local, multicast, nor kept back."""
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    if isinstance(address, IPv6Address) and address not in _PUBLIC:
        return False
    return not any(address in network for network in _NOT_PUBLIC)
