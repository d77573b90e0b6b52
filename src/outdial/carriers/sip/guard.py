"""The last look at where a trunk leads, before an INVITE goes there."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from outdial.carriers.sip.addresses import Unfit, next_hop
from outdial.domain.addresses import Address
from outdial.domain.attempt import Trunk
from outdial.domain.errors import Refused, Unreachable
from outdial.outgoing.trunk_targets import TrunkTargets


async def guarded(trunk: Trunk, targets: TrunkTargets) -> Trunk:
    """The trunk as it may be dialled over: as it is if the operator added it, else tied to an address that was checked.

    A second look-up, by the SIP stack, could be answered differently (DNS rebinding). Over TLS the name has to stay:
    there the certificate must be that name's, and nothing inside has one. ``trunk`` has passed ``addresses.route``.

    Raises:
        Unfit: it leads where it may not.
        Unreachable: its name cannot be resolved now.
    """
    if trunk.added_by == "command" or trunk.kind == "simulator":
        return trunk
    hop, port, transport = next_hop(trunk)
    addresses = await _checked("outbound_proxy" if trunk.outbound_proxy else "host", hop, targets)
    if trunk.outbound_proxy:
        await _if_found(trunk.host, targets)
    if transport == "tls":
        return trunk
    plain = sorted(str(one) for one in addresses if isinstance(one, ipaddress.IPv4Address))
    if not plain:
        raise Unreachable("the host of the trunk has no IPv4 address")
    if plain == [hop]:
        return trunk
    return replace(trunk, outbound_proxy=f"sip:{plain[0]}:{port};transport={transport}")


async def must_lead_outside(trunk: Trunk, targets: TrunkTargets) -> None:
    """A name that cannot be resolved yet is left to the dial.

    Raises:
        Unfit: its host or outbound proxy leads where it may not.
    """
    if trunk.outbound_proxy:
        hop, _, _ = next_hop(trunk)
        await _if_found(hop, targets, "outbound_proxy")
    await _if_found(trunk.host, targets)


async def _if_found(host: str, targets: TrunkTargets, field: str = "host") -> None:
    try:
        await _checked(field, host, targets)
    except Unreachable:
        return


async def _checked(field: str, host: str, targets: TrunkTargets) -> tuple[Address, ...]:
    try:
        return await targets.check(host)
    except Refused as refusal:
        raise Unfit(field, str(refusal)) from None
