"""Which endpoints may be called: the customer names them, so they must not lead back inside.

A name is resolved once, every address it has is checked, and the request goes to a checked address: a second
resolution could answer differently (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx

from outdial.domain.addresses import Address, Allowed, Network
from outdial.domain.errors import Refused, Unreachable
from outdial.outgoing.resolving import Resolve, Resolver

_SCHEMES: Final = ("http", "https")


@dataclass(frozen=True)
class Target:
    """An endpoint that was checked: ``url`` as the customer wrote it, and the addresses it may be reached at."""

    url: httpx.URL
    addresses: tuple[Address, ...]

    def at(self, address: Address) -> httpx.URL:
        """The URL with the address in place of the name: nothing is left to resolve."""
        return self.url.copy_with(host=str(address), userinfo=b"", fragment=None)


@dataclass(frozen=True)
class Targets:
    """The operator's rules. ``allowed`` are internal networks that may be called all the same."""

    allowed: Sequence[Network] = ()
    https_only: bool = False
    resolve: Resolve = field(default_factory=Resolver)

    async def check(self, text: str) -> Target:
        """Where a request to the URL ``text`` may go.

        Raises:
            Refused: never; it is no web address, or one of its addresses is internal.
            Unreachable: the name cannot be resolved now.
        """
        url = self._web_address(text)
        host = url.raw_host.decode("ascii")
        try:
            found = await self.resolve(host)
        except (OSError, UnicodeError) as error:
            raise Unreachable(
                f"{host} cannot be resolved: its name server knows no address or does not answer"
            ) from error
        addresses = tuple(ipaddress.ip_address(address) for address in found)
        if not addresses:
            raise Unreachable(f"{host} cannot be resolved: it has no address")
        allowed = Allowed(networks=self.allowed)
        if not all(allowed.holds(address) for address in addresses):
            # Which one is nobody's business but the operator's.
            raise Refused(
                f"{host} leads to an internal address: give a public endpoint, or let the operator "
                "add its network to OUTDIAL_WEBHOOK_ALLOWED_NETWORKS"
            )
        return Target(url, addresses)

    def _web_address(self, text: str) -> httpx.URL:
        try:
            url = httpx.URL(text)
        except (httpx.InvalidURL, ValueError):
            raise Refused("the endpoint is not a valid URL") from None
        if url.scheme not in _SCHEMES or not url.host:
            raise Refused("the endpoint must be an http or https URL with a host")
        if self.https_only and url.scheme != "https":
            raise Refused("the endpoint must be https: the operator allows nothing else (OUTDIAL_WEBHOOK_HTTPS_ONLY)")
        return url
