"""One attempt, read from top to bottom: build the order and mark it asked, dial and talk, write down the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from outdial.dialer.hand import Hand, taken_back
from outdial.dialer.notes import Notes
from outdial.dialer.ports import Operator
from outdial.dialer.steps import Step, Watch, unwatched
from outdial.domain.attempt import Order, Result
from outdial.domain.clock import Clock
from outdial.domain.events import Event
from outdial.domain.inside import without_addresses
from outdial.domain.outcome import NotReached
from outdial.store.batcher import Batcher
from outdial.store.calls.attempt_end import End, Finished, finish_all
from outdial.store.calls.attempts import Asked, ask_all
from outdial.store.calls.calendar import Claim
from outdial.store.calls.orders import Ground, build_orders, recording_name
from outdial.store.database import Connection, Database
from outdial.store.events import with_events

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


_MOST_IN_ONE_TRANSACTION: Final = 100


def attempt_writer(db: Database, patience_s: float = 0.03) -> Batcher:
    """Writes what the dialer knows of its attempts. Attempts never wait for the disk, and while the database does not
    answer it is all kept: a talk is not cut because of it.

    ``patience_s``: how long what is patient waits for company; a transaction costs much more than what is in it.
    """
    return Batcher(db.write, with_events, most=_MOST_IN_ONE_TRANSACTION, patience_s=patience_s, lasting=True)


@dataclass(frozen=True)
class Desk:
    """What attempts are carried out with, and what they have written, many at a time (``attempt_writer``).

    ``asks`` writes that carriers are asked, which nothing else may hold up; ``recorder`` everything else.
    """

    operator: Operator
    asks: Batcher
    recorder: Batcher
    ground: Ground
    clock: Clock
    watch: Watch = field(default=unwatched)

    def ask(self, conn: Connection, claims: Sequence[Claim], facts: list[Event]) -> list[Order | NotReached | None]:
        """Commits that carriers are being asked, for orders that can be carried out and where it may still be: the
        INVITE may leave only after this. None: it may not be."""
        orders = dict(zip(claims, build_orders(conn, claims, self.ground), strict=True))
        ready = [claim for claim, order in orders.items() if isinstance(order, Order)]
        leaves = dict(zip(ready, ask_all(conn, ready, self.clock()), strict=True))
        facts += [fact for leave in leaves.values() if leave for fact in leave.facts]
        for claim in claims:
            self.watch(Step.ASKING, claim.key)
        return [_asked(order, leaves.get(claim)) for claim, order in orders.items()]

    def finish(self, conn: Connection, ends: Sequence[End], facts: list[Event]) -> list[Finished | None]:
        finished = finish_all(conn, ends)
        facts += [fact for one in finished if one for fact in one.facts]
        for end in ends:
            self.watch(Step.FINISHING, end.claim.key)
        return finished


async def carry_through(hand: Hand, desk: Desk, on_handed_over: Callable[[], None]) -> Finished | None:
    """From the claim to the written end; None when somebody else had ended the attempt before.

    ``on_handed_over`` is called once, as the operator takes the attempt; not at all when it never comes to that.
    """
    claim = hand.claim
    order: Order | NotReached | None = await desk.asks.submit(desk.ask, claim)
    if order is None:
        return await _finish(claim, desk, taken_back(desk.clock))
    if isinstance(order, NotReached):
        _log.warning("not dialled", call_id=claim.call_id, outcome=order.outcome.value, reason=order.reason)
        return await _finish(claim, desk, _refused(order, desk.clock))
    desk.watch(Step.ASKED, claim.key)
    notes = Notes(claim, desk.recorder)

    async def work() -> Result:
        on_handed_over()
        desk.watch(Step.HANDED_OVER, claim.key)
        return await desk.operator.carry_out(order, notes.take)

    result = await hand.carry_out(work, desk.clock)
    await notes.written()
    return await _finish(claim, desk, result)


async def _finish(claim: Claim, desk: Desk, result: Result) -> Finished | None:
    went_wrong = result.reason or (result.talk.trouble if result.talk else "")
    if went_wrong != without_addresses(went_wrong):
        # Customers are not told where it happened.
        _log.warning("a part of a call failed", call_id=claim.call_id, attempt=claim.attempt, reason=went_wrong)
    end = End(claim, result, recording_name(claim))
    finished: Finished | None = await desk.recorder.submit(desk.finish, end, patient=True)
    desk.watch(Step.FINISHED, claim.key)
    if finished is None:
        _log.warning("attempt had been ended by others", call_id=claim.call_id, outcome=result.outcome.value)
    return finished


def _asked(order: Order | NotReached, leave: Asked | None) -> Order | NotReached | None:
    if isinstance(order, NotReached):
        return order
    return None if leave is None else replace(order, dial=replace(order.dial, before=leave.before))


def _refused(why: NotReached, clock: Clock) -> Result:
    return Result(clock(), why.outcome, why.sip_code, why.q850, why.reason, permanent=why.permanent)
