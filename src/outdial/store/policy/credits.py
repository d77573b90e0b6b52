"""Credits: a ledger that only grows, its sum per workspace, and what live attempts have set aside of it.

A balance changes in the transaction that writes its ledger entry, and never falls below zero: what a dial may cost is
set aside when it is claimed, one claimer at a time, and it is charged no more than that. What is set aside is read
from the live attempts, not counted anywhere, so that it is free again however an attempt ends.

Many attempts of many workspaces end in one transaction, in any order, on several machines at once. Their charges are
entries of their own; the balances follow in one order at the end of the transaction (``settle``), so that no two
transactions can wait for each other. See docs/decisions/0006-credits.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.rules import Price
from outdial.store.inserts import upsert_into
from outdial.store.policy.rules import load_rules
from outdial.store.schema import attempts, balances, credit_entries

_TAKE: Final = (
    balances.update()
    .where(balances.c.workspace_id == sa.bindparam("whose"))
    .values(micros=balances.c.micros - sa.bindparam("taken"))
)


@dataclass(frozen=True)
class Funds:
    """A workspace's credits in millionths: the sum of its ledger, and how much of it is set aside for live attempts."""

    balance_micros: int = 0
    held_micros: int = 0

    @property
    def free_micros(self) -> int:
        return self.balance_micros - self.held_micros


@dataclass(frozen=True)
class Bill:
    """What an attempt (call, number) cost, in millionths."""

    workspace_id: str
    key: tuple[str, int]
    micros: int
    at: datetime

    def to_row(self) -> dict[str, Any]:
        call_id, attempt = self.key
        entered = {"workspace_id": self.workspace_id, "at": self.at, "micros": -self.micros}
        return {**entered, "call_id": call_id, "attempt": attempt}


def funds_of(conn: Connection, workspace_ids: Collection[str]) -> dict[str, Funds]:
    """What each of these workspaces has; nothing for one that was never given any.

    One statement, so of one moment: a charge that commits between reading the balance and reading what is set aside
    would otherwise be counted as free.
    """
    held = (
        sa.select(sa.cast(sa.func.coalesce(sa.func.sum(attempts.c.hold), 0), sa.BigInteger))
        # The second condition is the partial index's own, literally.
        .where(attempts.c.workspace_id == balances.c.workspace_id, sa.text("attempts.state <> 'ended'"))
        .correlate(balances)
        .scalar_subquery()
    )
    found = conn.execute(
        sa.select(balances.c.workspace_id, balances.c.micros, held).where(balances.c.workspace_id.in_(workspace_ids))
    )
    known = {workspace_id: Funds(micros, held_micros) for workspace_id, micros, held_micros in found}
    return {workspace_id: known.get(workspace_id, Funds()) for workspace_id in workspace_ids}


def funds(conn: Connection, workspace_id: str) -> Funds:
    """What one workspace has."""
    return funds_of(conn, [workspace_id])[workspace_id]


def free_micros(conn: Connection, workspace_ids: Collection[str]) -> dict[str, int]:
    """What may still be set aside, per workspace: its balance less what its live attempts hold."""
    return {identity: its.free_micros for identity, its in funds_of(conn, workspace_ids).items()}


def prices_of(conn: Connection, workspace_ids: Collection[str]) -> dict[str, Price]:
    """The prices of those that count credits. Rules nobody can read say nothing here: nothing is dialled under them."""
    rules = load_rules(conn, workspace_ids)
    return {workspace_id: its.price for workspace_id, its in rules.items() if its.price is not None}


def grant(conn: Connection, workspace_id: str, micros: int, note: str, at: datetime) -> None:
    """Add to a workspace's credits; a negative amount takes away.

    Whoever takes away must hold the claim lock (``Lock.CLAIMS``) and see to it that so much is free.
    """
    conn.execute(credit_entries.insert().values(workspace_id=workspace_id, at=at, micros=micros, note=note))
    # One row of the table and the last lock but one, as in ``settle``.
    fresh = upsert_into(conn, balances).values(workspace_id=workspace_id, micros=micros)
    sum_up = {"micros": balances.c.micros + fresh.excluded.micros}
    conn.execute(fresh.on_conflict_do_update(index_elements=[balances.c.workspace_id], set_=sum_up))


def charge(conn: Connection, bills: Sequence[Bill]) -> Mapping[tuple[str, int], int]:
    """Enter in the ledger what attempts cost; the millionths charged, by attempt.

    An attempt that has been charged before is left out, and nothing is entered for it. Only half of it: whoever
    charges has ``settle`` change the balances at the end of the same transaction.
    """
    if not bills:
        return {}
    entry = upsert_into(conn, credit_entries)
    once = entry.on_conflict_do_nothing(index_elements=[credit_entries.c.call_id, credit_entries.c.attempt])
    entered = conn.execute(
        once.returning(credit_entries.c.call_id, credit_entries.c.attempt, credit_entries.c.micros),
        [bill.to_row() for bill in bills],
    )
    return {(row.call_id, row.attempt): -row.micros for row in entered}


def settle(conn: Connection, charged: Mapping[str, int]) -> None:
    """Take from the balances what has been charged, by workspace: after everything else the transaction locks, but
    before it numbers its events; always in the order of the workspaces' ids."""
    if charged:
        # One after the other, in this order.
        conn.execute(_TAKE, [{"whose": identity, "taken": charged[identity]} for identity in sorted(charged)])
