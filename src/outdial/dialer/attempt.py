"""One attempt, read from top to bottom: build the order, mark it asked, dial and talk, write down the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.dialer.notes import Notes
from outdial.dialer.ports import Operator
from outdial.dialer.recorder import Recorder
from outdial.domain.attempt import Order, Result
from outdial.domain.clock import Clock
from outdial.domain.events import Event
from outdial.domain.outcome import NotReached, Outcome
from outdial.store.attempt_end import Finished, finish
from outdial.store.attempts import Asked, asked
from outdial.store.calendar import Claim
from outdial.store.orders import Ground, build_order, recording_name

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass
class Desk:
    """What attempts are carried out with. ``talks`` are those an operator has in hand; cancelling one hangs it up."""

    operator: Operator
    recorder: Recorder
    ground: Ground
    clock: Clock
    talks: set[asyncio.Task[Result]] = field(default_factory=set)


async def carry_through(claim: Claim, desk: Desk, on_handed_over: Callable[[], None]) -> Finished | None:
    """From the claim to the written end; None when somebody else had ended the attempt before.

    ``on_handed_over`` is called once, as the operator takes the attempt; not at all when it never comes to that.
    """
    order = await _order(claim, desk)
    if isinstance(order, NotReached):
        return await _finish(claim, desk, _refused(order, desk.clock))
    leave = await _ask(claim, desk)
    if leave is None:
        taken_back = Result(desk.clock(), Outcome.WORKER_LOST, reason="taken back before the dial")
        return await _finish(claim, desk, taken_back)
    order = replace(order, dial=replace(order.dial, before=leave.before))
    notes = Notes(claim, desk.recorder)
    result = await _talk(order, desk, notes, on_handed_over)
    await notes.written()
    return await _finish(claim, desk, result)


async def _order(claim: Claim, desk: Desk) -> Order | NotReached:
    async def work(conn: AsyncConnection, _: list[Event]) -> Order | NotReached:
        return await build_order(conn, claim, desk.ground)

    return await desk.recorder.submit(work)


async def _ask(claim: Claim, desk: Desk) -> Asked | None:
    """Commits that the carrier is being asked, if that may still be. The INVITE may leave only after this."""

    async def work(conn: AsyncConnection, facts: list[Event]) -> Asked | None:
        leave = await asked(conn, claim, desk.clock())
        facts += leave.facts if leave else ()
        return leave

    return await desk.recorder.submit(work)


async def _talk(order: Order, desk: Desk, notes: Notes, on_handed_over: Callable[[], None]) -> Result:
    """What the operator answers. A talk that is cut ends as what is known of it, never as the customer's wish."""

    async def carry_out() -> Result:
        on_handed_over()
        return await desk.operator.carry_out(order, notes.take)

    talk = asyncio.create_task(carry_out())
    desk.talks.add(talk)
    try:
        await asyncio.wait([talk])
    finally:
        desk.talks.discard(talk)
        talk.cancel()
    cut = talk.cancelled() or talk.cancelling() > 0
    if cut and (talk.cancelled() or talk.exception() or talk.result().talk is None):
        return Result(desk.clock(), Outcome.WORKER_LOST, reason="the platform was stopped during the attempt")
    if fault := talk.exception():
        _log.error("attempt broke", call_id=order.dial.call_id, attempt=order.dial.attempt, exc_info=fault)
        return Result(desk.clock(), Outcome.WORKER_LOST, reason=f"internal error: {type(fault).__name__}")
    return talk.result()


async def _finish(claim: Claim, desk: Desk, result: Result) -> Finished | None:
    async def work(conn: AsyncConnection, facts: list[Event]) -> Finished | None:
        finished = await finish(conn, claim, result, recording_path=recording_name(claim))
        facts += finished.facts if finished else ()
        return finished

    finished = await desk.recorder.submit(work)
    if finished is None:
        _log.warning("attempt had been ended by others", call_id=claim.call_id, outcome=result.outcome.value)
    return finished


def _refused(why: NotReached, clock: Clock) -> Result:
    return Result(clock(), why.outcome, why.sip_code, why.q850, why.reason)
