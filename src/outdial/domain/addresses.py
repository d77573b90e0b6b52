"""IP addresses that are anything but one public host, and which of them something may lead to.

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
