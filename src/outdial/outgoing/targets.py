"""Which endpoints may be called: the customer names them, so they must not lead back inside.

A name is resolved once, every address it has is checked, and the request goes to a checked address: a second
resolution could answer differently (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

import httpx

from outdial.domain.addresses import Address, Allowed, Network
from outdial.domain.errors import Refused, Unreachable

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host name, as text, best first. Raises OSError when it has none."""

_PORTS: Final = {"http": 80, "https": 443}
_RESOLVERS: Final = ThreadPoolExecutor(64, thread_name_prefix="resolve")


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver, which also understands every way of writing an IP address.

    In threads of its own: names whose servers never answer must not keep those from working that others wait for.
    """
    with suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_RESOLVERS, ask)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


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
    resolve: Resolve = system_resolve

    async def check(self, text: str) -> Target:
        """Where a request to the URL ``text`` may go.

        Raises:
            Refused: never; it is no web address, or one of its addresses is internal.
            Unreachable: the name cannot be resolved now.
        """
        url = self._web_address(text)
        host = url.raw_host.decode("ascii")
        try:
            found = await self.resolve(host, url.port or _PORTS[url.scheme])
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
        if url.scheme not in _PORTS or not url.host:
            raise Refused("the endpoint must be an http or https URL with a host")
        if self.https_only and url.scheme != "https":
            raise Refused("the endpoint must be https: the operator allows nothing else (OUTDIAL_WEBHOOK_HTTPS_ONLY)")
        return url
