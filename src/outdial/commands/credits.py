"""Credits: pay in, take back, set a price, and ask whether there is enough for another call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from outdial.commands.rules import change_rules
from outdial.domain.clock import Clock
from outdial.domain.errors import Conflict, Fault, Invalid
from outdial.domain.price import LEAST_TALK_S, cost_of
from outdial.domain.rules import MICROS, Price
from outdial.store import workspaces
from outdial.store.database import Connection, Database
from outdial.store.locks import Lock, take
from outdial.store.policy.credits import Funds, free_micros, funds, grant, prices_of

MOST_CREDITS: Final = 1_000_000_000
"""At once: far from what a column of micro-credits can hold, and surely a slip of the finger beyond it."""


async def can_pay(db: Database, workspace_id: str) -> bool:
    """Whether the workspace counts no credits, or has enough free for the least talk a dial is made for.

    For a door that refuses calls nobody can pay. Nothing is set aside: a call accepted now may have to wait later.
    One look-up, shared with whoever else asks now.

    Raises:
        Unreachable: the database did not answer.
    """
    return workspace_id not in await db.find(_unable_to_pay, [workspace_id])


def _unable_to_pay(conn: Connection, workspace_ids: Collection[str]) -> Mapping[str, bool]:
    """Those of the workspaces that count credits and have too few."""
    prices = prices_of(conn, workspace_ids)
    if not prices:
        return {}
    free = free_micros(conn, prices)
    return {
        identity: True for identity, price in prices.items() if free[identity] < cost_of(LEAST_TALK_S * 1000, price)
    }


async def set_price(db: Database, workspace_id: str, price: Price | None) -> None:
    """From now on dials set aside, and talks that end are charged, at this price; None: credits are not counted.

    A talk under way is charged no more than was set aside for it.

    Raises:
        Invalid: no such price.
        NotFound: there is no such workspace.
    """
    await change_rules(db, workspace_id, lambda rules: replace(rules, price=price))


async def add_credits(db: Database, workspace_id: str, micros: int, *, now: Clock, note: str = "") -> Funds:
    """Pay in ``micros`` millionths; negative, take back that much of what is free. What there is then.

    Raises:
        Invalid: nothing, or an amount nobody means.
        NotFound: there is no such workspace.
        Conflict: less is free than is to be taken back.
    """
    if not 0 < abs(micros) <= MOST_CREDITS * MICROS:
        raise Invalid(Fault(("amount",), f"amount must be between 0.000001 and {MOST_CREDITS}"))

    def work(conn: Connection) -> Funds:
        workspaces.must_exist(conn, workspace_id)
        if micros < 0:
            _take_back(conn, workspace_id, -micros)
        grant(conn, workspace_id, micros, note, now())
        return funds(conn, workspace_id)

    return await db.write(work)


def _take_back(conn: Connection, workspace_id: str, micros: int) -> None:
    """Make sure that so much is free, and stays free: nobody sets anything aside until this transaction ends."""
    take(conn, Lock.CLAIMS)
    free = funds(conn, workspace_id).free_micros
    if free < micros:
        raise Conflict(f"only {Decimal(free) / MICROS} credits are free")
