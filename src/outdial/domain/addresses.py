"""IP addresses: which are anything but one public host, which something may lead to, which count as one client.

One mechanism for all that a customer can name: endpoints of webhooks, pages that are fetched, trunks.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PRIVATE: Final[Sequence[Network]] = (
    # RFC 1918, RFC 4193: networks of one's own. Not this machine, not the link, where clouds answer with credentials.
    ipaddress.IPv4Network("10.0.0.0/8"),
    ipaddress.IPv4Network("172.16.0.0/12"),
    ipaddress.IPv4Network("192.168.0.0/16"),
    ipaddress.IPv6Network("fc00::/7"),
)
METADATA: Final[Sequence[Network]] = (
    # Where clouds answer with credentials of the machine; the second lies within PRIVATE.
    ipaddress.IPv4Network("169.254.169.254/32"),
    ipaddress.IPv6Network("fd00:ec2::254/128"),
)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_GLOBAL_EITHER: Final[Sequence[Network]] = (
    # The IANA registries say so; the tables of older Python releases do not.
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv4Network("192.88.99.0/24"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
    ipaddress.IPv6Network("3fff::/20"),
    ipaddress.IPv6Network("5f00::/16"),
    ipaddress.IPv6Network("fec0::/10"),
)
UNKNOWN: Final = "::/128"
"""The group of everything that is no address."""
_ONE_CLIENT: Final = 64
"""Bits of an IPv6 address that a provider gives to one customer; the rest are his to vary (RFC 6177)."""


@dataclass(frozen=True)
class Allowed:
    """Where something may lead: ``public`` addresses, the ``private`` ones, and those in ``networks``."""

    public: bool = True
    private: bool = False
    networks: Sequence[Network] = ()

    def holds(self, address: Address) -> bool:
        plain = meant(address)
        if any(plain in network for network in self.networks):
            return True
        if self.private and any(plain in network for network in PRIVATE):
            return not any(plain in network for network in METADATA)
        return self.public and not is_internal(plain)


def is_internal(address: Address) -> bool:
    """Whether an address is anything but one public host: private, loopback, link-local, shared (RFC 6598),
    unspecified, multicast, reserved, or an IPv6 form of such an IPv4 address (IANA special-purpose registries)."""
    address = meant(address)
    if any(address in network for network in _NOT_GLOBAL_EITHER):
        return True
    return not address.is_global or address.is_multicast or address.is_reserved


def meant(address: Address) -> Address:
    """The IPv4 address an IPv6 one stands for (mapped, 6to4, NAT64), or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def address_group(address: str) -> str:
    """The network that counts as one client: an IPv4 address, or the /64 of an IPv6 one, in CIDR notation.

    An IPv4 address in IPv6's clothes (``::ffff:192.0.2.1``) is that IPv4 address. What is no address is ``UNKNOWN``.
    """
    try:
        plain = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return UNKNOWN
    if isinstance(plain, ipaddress.IPv6Address):
        plain = plain.ipv4_mapped or plain
    if isinstance(plain, ipaddress.IPv4Address):
        return f"{plain}/32"
    return str(ipaddress.ip_network((plain, _ONE_CLIENT if not plain.is_loopback else 128), strict=False))
