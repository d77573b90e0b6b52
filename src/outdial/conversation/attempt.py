"""One attempt, from the dial to its result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from outdial.conversation.manners import GOOD_MANNERS, Manners
from outdial.conversation.metronome import Metronome
from outdial.conversation.ports import Carrier, Leg, PartsFor
from outdial.conversation.talk import converse
from outdial.domain.attempt import Answered, Dial, Order, Progress, Result, Ringing
from outdial.domain.clock import Clock
from outdial.domain.errors import Refused, Unreachable
from outdial.domain.outcome import NotReached, Outcome

_CARRIER_GRACE_S: Final = 15.0
"""How much longer than the ring timeout a carrier may take for its answer, before it is taken for dead."""

Report = Callable[[Progress], None]


async def carry_out(
    order: Order,
    *,
    carrier: Carrier,
    parts_for: PartsFor,
    metronome: Metronome,
    clock: Clock,
    report: Report,
    manners: Manners = GOOD_MANNERS,
) -> Result:
    """Ring, and if somebody answers, talk. What the outside world does wrong is in the result, never raised.

    Cancelling hangs up, or takes the dial back.
    """
    try:
        parts = parts_for(order.brief)
    except (Refused, Unreachable) as error:
        # Before any phone has rung: nobody is called by an agent that cannot talk.
        reason = f"the agent cannot talk: {error}"
        return Result(clock(), Outcome.PRE_CALL_FAILED, reason=reason, nobody_rung=True, permanent=True)
    try:
        answer = await _ring(order.dial, carrier, clock, report)
    except Unreachable as error:
        return Result(clock(), Outcome.TRUNK_FAILED, reason=str(error))
    if isinstance(answer, NotReached):
        return Result(
            clock(), answer.outcome, answer.sip_code, answer.q850, answer.reason, nobody_rung=answer.nobody_rung
        )
    report(Answered(clock()))
    talk = await converse(
        answer,
        order.brief,
        parts,
        metronome=metronome,
        clock=clock,
        report=report,
        recording_path=Path(order.recording_path) if order.recording_path else None,
        manners=manners,
    )
    return Result(clock(), Outcome.COMPLETED, reason=answer.gone or "", talk=talk)


async def _ring(dial: Dial, carrier: Carrier, clock: Clock, report: Report) -> Leg | NotReached:
    """The carrier keeps the ring timeout; one that keeps silent beyond it is taken off the call."""

    def on_ringing(early_media: bool) -> None:
        report(Ringing(clock(), early_media))

    try:
        async with asyncio.timeout(dial.ring_timeout_s + _CARRIER_GRACE_S):
            return await carrier.place(dial, on_ringing)
    except TimeoutError as error:
        raise Unreachable(f"trunk {dial.trunk.name} gave no answer to the dial in time") from error
