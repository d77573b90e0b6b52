"""Caller numbers, trunks and pools: added, changed, and taken away where nothing needs them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.attempt import Trunk
from outdial.domain.errors import Conflict, NotFound
from outdial.domain.rules import TrunkLimits
from outdial.store.equipment.trunks import trunk_of, trunk_to_row
from outdial.store.locks import Lock, take
from outdial.store.schema import attempts, call_requests, calls, number_pools, numbers, trunks

_WAITING: Final = calls.c.state.in_(("registered", "retry"))
_WHAT: Final = {"numbers": "Number", "trunks": "Trunk", "number_pools": "Number pool"}


def add_number(conn: Connection, workspace_id: str, values: Mapping[str, Any]) -> None:
    """``values``: ``id``, ``number``, ``created_at`` and the columns ``change_number`` takes, ``trunk_id`` among them.

    Raises:
        NotFound: the trunk or pool is not the workspace's.
        IntegrityError: the workspace has that number.
    """
    _must_own_equipment(conn, workspace_id, values)
    conn.execute(numbers.insert().values(workspace_id=workspace_id, **values))


def change_number(conn: Connection, workspace_id: str, number_id: str, values: Mapping[str, Any]) -> None:
    """Set these columns: ``trunk_id``, ``number_pool_id`` (None: in none), ``display_name``, ``outbound``, ``spam``,
    ``tags``, ``max_calls``.

    Raises:
        NotFound: the number, trunk or pool is not the workspace's.
    """
    must_own(conn, numbers, workspace_id, [number_id], "number_id")
    _must_own_equipment(conn, workspace_id, values)
    if values:
        conn.execute(numbers.update().where(numbers.c.id == number_id).values(**values))


def remove_number(conn: Connection, workspace_id: str, number_id: str) -> None:
    """
    Raises:
        NotFound: the number is not the workspace's.
        Conflict: calls were made from it, or wait for it.
    """
    # No call is taken up until this transaction ends: what is found unused stays so.
    take(conn, Lock.CLAIMS)
    must_own(conn, numbers, workspace_id, [number_id], "number_id")
    _must_be_unused(conn, attempts.c.number_id == number_id, "calls were made from this number")
    named = sa.cast(call_requests.c.from_numbers, sa.Text).contains(number_id, autoescape=True)
    _nobody_may_wait_for(conn, workspace_id, named, "calls wait to be made from this number")
    conn.execute(numbers.delete().where(numbers.c.id == number_id))


def add_trunk(conn: Connection, workspace_id: str, trunk: Trunk, limits: TrunkLimits, at: datetime) -> None:
    """
    Raises:
        IntegrityError: the workspace has a trunk of that name.
    """
    row = trunk_to_row(trunk)
    conn.execute(trunks.insert().values(**row, **limits, workspace_id=workspace_id, created_at=at))


def change_trunk(
    conn: Connection, workspace_id: str, trunk_id: str, change: Callable[[Trunk], Trunk], limits: TrunkLimits
) -> None:
    """Make of a trunk what ``change`` makes of it (it is given the password in clear, and may raise), and set the
    ``limits`` named.

    Raises:
        NotFound: the trunk is not the workspace's.
        IntegrityError: the workspace has another trunk of that name.
    """
    mine = trunks.c.id == trunk_id, trunks.c.workspace_id == workspace_id
    row = conn.execute(sa.select(trunks).where(*mine).with_for_update()).mappings().first()
    if row is None:
        raise _not_found(trunks, "trunk_id")
    conn.execute(trunks.update().where(*mine).values(**trunk_to_row(change(trunk_of(row))), **limits))


def limit_trunk(conn: Connection, workspace_id: str, trunk_id: str, limits: TrunkLimits) -> None:
    """Set the limits named, and leave the others.

    Raises:
        NotFound: the trunk is not the workspace's.
    """
    must_own(conn, trunks, workspace_id, [trunk_id], "trunk_id")
    if limits:
        conn.execute(trunks.update().where(trunks.c.id == trunk_id).values(**limits))


def remove_trunk(conn: Connection, workspace_id: str, trunk_id: str) -> None:
    """
    Raises:
        NotFound: the trunk is not the workspace's.
        Conflict: it has numbers, or calls were made over it.
    """
    # No call is taken up until this transaction ends: what is found unused stays so.
    take(conn, Lock.CLAIMS)
    must_own(conn, trunks, workspace_id, [trunk_id], "trunk_id")
    _must_be_unused(conn, attempts.c.trunk_id == trunk_id, "calls were made over this trunk")
    _must_be_unused(conn, numbers.c.trunk_id == trunk_id, "this trunk has numbers")
    conn.execute(trunks.delete().where(trunks.c.id == trunk_id))


def add_pool(conn: Connection, workspace_id: str, values: Mapping[str, Any], number_ids: Collection[str]) -> None:
    """``values``: ``id``, ``name`` and ``created_at``.

    Raises:
        NotFound: a number is not the workspace's.
    """
    conn.execute(number_pools.insert().values(workspace_id=workspace_id, **values))
    _fill(conn, workspace_id, values["id"], number_ids)


def change_pool(
    conn: Connection, workspace_id: str, pool_id: str, name: str | None, number_ids: Collection[str] | None
) -> None:
    """Rename a pool, or let exactly these numbers be in it; None leaves it as it is.

    Raises:
        NotFound: the pool or a number is not the workspace's.
    """
    must_own(conn, number_pools, workspace_id, [pool_id], "pool_id")
    if name is not None:
        conn.execute(number_pools.update().where(number_pools.c.id == pool_id).values(name=name))
    if number_ids is not None:
        _empty(conn, pool_id)
        _fill(conn, workspace_id, pool_id, number_ids)


def remove_pool(conn: Connection, workspace_id: str, pool_id: str) -> None:
    """Its numbers stay, in none.

    Raises:
        NotFound: the pool is not the workspace's.
        Conflict: calls wait for it.
    """
    # No call is taken up until this transaction ends: what is found unused stays so.
    take(conn, Lock.CLAIMS)
    must_own(conn, number_pools, workspace_id, [pool_id], "pool_id")
    named = call_requests.c.number_pool_id == pool_id
    _nobody_may_wait_for(conn, workspace_id, named, "calls wait to be made from this pool")
    _empty(conn, pool_id)
    conn.execute(number_pools.delete().where(number_pools.c.id == pool_id))


def must_own(conn: Connection, table: sa.Table, workspace_id: str, ids: Collection[str], field: str) -> None:
    """
    Raises:
        NotFound: one of ``ids`` is not a row of the workspace's; names ``field``.
    """
    owned = sa.select(table.c.id).where(table.c.id.in_(ids), table.c.workspace_id == workspace_id)
    if set(ids) - set(conn.execute(owned).scalars()):
        raise _not_found(table, field)


def _not_found(table: sa.Table, field: str) -> NotFound:
    return NotFound(f"{_WHAT[table.name]} not found", field=field)


def _must_own_equipment(conn: Connection, workspace_id: str, values: Mapping[str, Any]) -> None:
    if "trunk_id" in values:
        must_own(conn, trunks, workspace_id, [values["trunk_id"]], "trunk_id")
    if values.get("number_pool_id") is not None:
        must_own(conn, number_pools, workspace_id, [values["number_pool_id"]], "number_pool_id")


def _empty(conn: Connection, pool_id: str) -> None:
    conn.execute(numbers.update().where(numbers.c.number_pool_id == pool_id).values(number_pool_id=None))


def _fill(conn: Connection, workspace_id: str, pool_id: str, number_ids: Collection[str]) -> None:
    must_own(conn, numbers, workspace_id, number_ids, "number_ids")
    conn.execute(numbers.update().where(numbers.c.id.in_(number_ids)).values(number_pool_id=pool_id))


def _must_be_unused(conn: Connection, use: sa.ColumnElement[bool], message: str) -> None:
    if conn.scalar(sa.select(sa.literal(1)).where(use).limit(1)):
        raise Conflict(message)


def _nobody_may_wait_for(conn: Connection, workspace_id: str, named: sa.ColumnElement[bool], message: str) -> None:
    waiting = sa.select(calls.c.id).join(call_requests, call_requests.c.call_id == calls.c.id)
    mine = calls.c.workspace_id == workspace_id, _WAITING, named
    if conn.scalar(waiting.where(*mine).limit(1)) is not None:
        raise Conflict(message)
