"""A process that rings every resident of the simulated network over real SIP, all at once, and tells what came of it.

On its own because the native SIP stack lives once in a process. Writes one JSON object to stdout: number to outcome.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from outdial.carriers.simulator.callee import talker
from outdial.carriers.simulator.network_sip import SipNetwork
from outdial.carriers.simulator.scenarios import RESIDENTS
from outdial.carriers.sip import SipCarrier, SipSettings, SipStack
from outdial.conversation.metronome import Metronome
from outdial.conversation.vad import VoiceActivity
from outdial.virtual_time import loop_clock
from simulated_calls import HASTY, RING_TIMEOUT_S, a_dial, callee_parts, observe


async def everybody_over_sip() -> dict[str, object]:
    clock, metronome = loop_clock(), Metronome(VoiceActivity())
    talk = talker(callee_parts(), metronome=metronome, clock=clock)
    settings = SipSettings(net_interface="127.0.0.1")
    async with SipNetwork(talk=talk, clock=clock, book=HASTY) as network, SipStack(settings) as stack:
        carrier = SipCarrier(stack, clock)
        dials = [a_dial(number, port=network.port, ring_timeout_s=RING_TIMEOUT_S) for number in RESIDENTS]
        observed = await asyncio.gather(*(observe(carrier, dial, metronome=metronome, clock=clock) for dial in dials))
        await network.quiet()
        seen = {call.number: [call.sip_code, call.digits] for call in network.calls}
        return {
            "observed": {n: one.to_json() for n, one in zip(RESIDENTS, observed, strict=True)},
            "seen": seen,
            "invites": len(network.calls),
            "malformed": network.malformed,
        }


if __name__ == "__main__":
    json.dump(asyncio.run(everybody_over_sip()), sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # the native stack may not survive its own end; its work is done
