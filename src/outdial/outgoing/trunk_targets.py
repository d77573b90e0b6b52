"""Where trunks may lead that were added over HTTP: to the operator's networks, or else nowhere.

A trunk sends what its customer chose (user names, headers, over TCP too) to a host its customer chose: let alone, that
reaches every service of the inside. Trunks added by command are the operator's own and lead where they lead.
"""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass, field
from typing import Final

from outdial.domain.addresses import Address, Allowed, is_internal
from outdial.domain.errors import Refused, Unreachable
from outdial.outgoing.resolving import Resolve, Resolver

_LOOK_UP_S: Final = 3.0


@dataclass(frozen=True)
class TrunkTargets:
    """The operator's rule (``OUTDIAL_TRUNK_NETWORKS``). ``limit_s``: for one look-up of a name."""

    allowed: Allowed = field(default_factory=Allowed)
    resolve: Resolve = field(default_factory=Resolver)
    limit_s: float = _LOOK_UP_S

    async def check(self, host: str) -> tuple[Address, ...]:
        """Every address of a trunk's host, all of which may be reached; they are never named to whoever asks.

        Raises:
            Refused: one of them may not.
            Unreachable: the name cannot be resolved now.
        """
        try:
            async with asyncio.timeout(self.limit_s):
                found = await self.resolve(host)
            addresses = tuple(ipaddress.ip_address(address) for address in found)
        except (OSError, ValueError):  # among them TimeoutError and UnicodeError
            addresses = ()
        if not addresses:
            raise Unreachable("its host name cannot be found: check it and the machine's DNS")
        for address in addresses:
            if not self.allowed.holds(address):
                what = "an internal address" if is_internal(address) else "an address the operator does not allow"
                raise Refused(f"leads to {what}: only the operator can add such a trunk, by command on the server")
        return addresses
