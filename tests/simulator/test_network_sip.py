"""The network as a caller meets it on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from outdial.carriers.simulator.callee import mute
from outdial.carriers.simulator.network_sip import SipNetwork
from outdial.carriers.simulator.scenarios import RESIDENTS, PhoneBook
from outdial.carriers.simulator.seen import CallEnd, SeenCall
from outdial.carriers.simulator.sip_transactions import Timers
from outdial.virtual_time import loop_clock
from sip_phone import PATIENCE_S, a_phone

QUICK = Timers(t1_s=0.05, t2_s=0.2)
SAM, NOBODY, BUSY = "+15550001111", "+15550002002", "+15550002001"
SILENT = "+15550003002"
QUICK_BOOK = PhoneBook({number: replace(callee, rings_s=min(callee.rings_s, 0.1) if number != NOBODY else callee.rings_s)
                        for number, callee in RESIDENTS.items()})  # fmt: skip


@asynccontextmanager
async def a_network() -> AsyncIterator[SipNetwork]:
    async with SipNetwork(talk=mute, clock=loop_clock(), book=QUICK_BOOK, timers=QUICK) as network:
        yield network


async def the_call(network: SipNetwork) -> SeenCall:
    """The last call, when it has ended."""
    async with asyncio.timeout(PATIENCE_S):
        await network.quiet()
    return network.calls[-1]


class TestAnAnsweredCall:
    async def test_rings_is_answered_and_ends_when_the_caller_hangs_up(self) -> None:
        async with a_network() as network, a_phone(network.port) as phone:
            invite = phone.invite(SILENT)
            answer = await invite.talk()
            invite.within(answer, "BYE", 2)
            await phone.response(200, "BYE")

            seen = await the_call(network)

        assert phone.statuses() == [100, 180, 200]
        assert (seen.number, seen.from_number, seen.sip_code) == (SILENT, "+15550009999", 200)
        assert seen.end is CallEnd.CALLER_HUNG_UP
