"""Change and remove what calls are made with: caller numbers, trunks, pools. ``provision`` adds them.

What calls were made over stays, for their history names it; it is switched off instead. Nothing that a waiting call
still names is taken away from under it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.commands.provision import display_name_faults, faults_of
from outdial.commands.rules import TrunkLimits
from outdial.domain.attempt import Trunk
from outdial.domain.clock import Clock
from outdial.domain.errors import Conflict, Invalid, NotFound
from outdial.domain.ids import new_id
from outdial.domain.rules import limit_faults
from outdial.store.calendar import CLAIM_LOCK
from outdial.store.database import Database
from outdial.store.quotas import must_have_room
from outdial.store.schema import attempts, call_requests, calls, number_pools, numbers, trunks
from outdial.store.trunks import trunk_of, trunk_to_row

_WAITING: Final = calls.c.state.in_(("registered", "retry"))


async def change_number(db: Database, workspace_id: str, number_id: str, changes: Mapping[str, Any]) -> None:
    """Set these columns of a caller number: ``trunk_id``, ``number_pool_id`` (None: in none), ``display_name``,
    ``outbound``, ``spam``, ``tags``, ``max_calls``. Calls that are up stay as they are.

    Raises:
        Invalid: the limit is none, or SIP cannot carry the name.
        NotFound: the number, trunk or pool is not the workspace's.
    """
    named = changes.get("display_name")
    if faults := [*limit_faults("max_calls", changes.get("max_calls")), *display_name_faults(named or "")]:
        raise Invalid(*faults)

    async def work(conn: AsyncConnection) -> None:
        await must_own(conn, numbers, workspace_id, [number_id], NotFound("Number not found", field="number_id"))
        if "trunk_id" in changes:
            unknown = NotFound("Trunk not found", field="trunk_id")
            await must_own(conn, trunks, workspace_id, [changes["trunk_id"]], unknown)
        if changes.get("number_pool_id") is not None:
            unknown = NotFound("Number pool not found", field="number_pool_id")
            await must_own(conn, number_pools, workspace_id, [changes["number_pool_id"]], unknown)
        if changes:
            await conn.execute(numbers.update().where(numbers.c.id == number_id).values(**changes))

    await db.write(work)


async def remove_number(db: Database, workspace_id: str, number_id: str) -> None:
    """Take away a caller number no call was made from, and no waiting call names.

    Raises:
        NotFound: the number is not the workspace's.
        Conflict: calls were made from it, or wait for it.
    """

    async def work(conn: AsyncConnection) -> None:
        await _stop_claims(conn)
        await must_own(conn, numbers, workspace_id, [number_id], NotFound("Number not found", field="number_id"))
        await _must_be_unused(conn, attempts.c.number_id == number_id, "calls were made from this number")
        named = sa.cast(call_requests.c.from_numbers, sa.Text).contains(number_id, autoescape=True)
        await _nobody_may_wait_for(conn, workspace_id, named, "calls wait to be made from this number")
        await conn.execute(numbers.delete().where(numbers.c.id == number_id))

    await db.write(work)


async def change_trunk(
    db: Database,
    workspace_id: str,
    trunk_id: str,
    change: Callable[[Trunk], Trunk],
    limits: TrunkLimits,
) -> None:
    """Make of a trunk what ``change`` makes of it, and set the ``limits`` named. Calls that are up stay as they are.

    ``change`` is given the password in clear and may raise Invalid.

    Raises:
        Invalid: no such limit or name, or as ``change``.
        NotFound: the trunk is not the workspace's.
        Conflict: the workspace has another trunk of that name.
    """

    async def work(conn: AsyncConnection) -> None:
        mine = trunks.c.id == trunk_id, trunks.c.workspace_id == workspace_id
        row = (await conn.execute(sa.select(trunks).where(*mine).with_for_update())).mappings().first()
        if row is None:
            raise NotFound("Trunk not found", field="trunk_id")
        trunk = change(trunk_of(row))
        if faults := faults_of(trunk, limits):
            raise Invalid(*faults)
        await conn.execute(trunks.update().where(*mine).values(**trunk_to_row(trunk), **limits))

    try:
        await db.write(work)
    except sa.exc.IntegrityError as error:
        raise Conflict("the workspace already has a trunk of that name") from error


async def remove_trunk(db: Database, workspace_id: str, trunk_id: str) -> None:
    """Take away a trunk that has no numbers and no calls were made over.

    Raises:
        NotFound: the trunk is not the workspace's.
        Conflict: it has numbers, or calls were made over it.
    """

    async def work(conn: AsyncConnection) -> None:
        await _stop_claims(conn)
        await must_own(conn, trunks, workspace_id, [trunk_id], NotFound("Trunk not found", field="trunk_id"))
        await _must_be_unused(conn, attempts.c.trunk_id == trunk_id, "calls were made over this trunk")
        await _must_be_unused(conn, numbers.c.trunk_id == trunk_id, "this trunk has numbers")
        await conn.execute(trunks.delete().where(trunks.c.id == trunk_id))

    await db.write(work)


async def add_pool(db: Database, workspace_id: str, name: str, number_ids: Collection[str], *, now: Clock) -> str:
    """A pool of these numbers, which leave the pools they were in; its id.

    Raises:
        NotFound: a number is not the workspace's.
    """
    identity, created_at = new_id(), now()

    async def work(conn: AsyncConnection) -> None:
        await must_have_room(conn, workspace_id, db.quotas, "number_pools")
        await conn.execute(
            number_pools.insert().values(id=identity, workspace_id=workspace_id, name=name, created_at=created_at)
        )
        await _fill(conn, workspace_id, identity, number_ids)

    await db.write(work)
    return identity


async def change_pool(
    db: Database, workspace_id: str, pool_id: str, *, name: str | None = None, number_ids: Collection[str] | None = None
) -> None:
    """Rename a pool, or let exactly these numbers be in it; None leaves it as it is.

    Raises:
        NotFound: the pool or a number is not the workspace's.
    """

    async def work(conn: AsyncConnection) -> None:
        unknown = NotFound("Number pool not found", field="pool_id")
        await must_own(conn, number_pools, workspace_id, [pool_id], unknown)
        if name is not None:
            await conn.execute(number_pools.update().where(number_pools.c.id == pool_id).values(name=name))
        if number_ids is not None:
            await _empty(conn, pool_id)
            await _fill(conn, workspace_id, pool_id, number_ids)

    await db.write(work)


async def remove_pool(db: Database, workspace_id: str, pool_id: str) -> None:
    """Take away a pool no waiting call names; its numbers stay, in none.

    Raises:
        NotFound: the pool is not the workspace's.
        Conflict: calls wait for it.
    """

    async def work(conn: AsyncConnection) -> None:
        await _stop_claims(conn)
        unknown = NotFound("Number pool not found", field="pool_id")
        await must_own(conn, number_pools, workspace_id, [pool_id], unknown)
        named = call_requests.c.number_pool_id == pool_id
        await _nobody_may_wait_for(conn, workspace_id, named, "calls wait to be made from this pool")
        await _empty(conn, pool_id)
        await conn.execute(number_pools.delete().where(number_pools.c.id == pool_id))

    await db.write(work)


async def must_own(
    conn: AsyncConnection, table: sa.Table, workspace_id: str, ids: Collection[str], missing: NotFound
) -> None:
    """Raises ``missing``: one of ``ids`` is not a row of the workspace's."""
    owned = sa.select(table.c.id).where(table.c.id.in_(ids), table.c.workspace_id == workspace_id)
    if set(ids) - set((await conn.execute(owned)).scalars()):
        raise missing


async def _empty(conn: AsyncConnection, pool_id: str) -> None:
    await conn.execute(numbers.update().where(numbers.c.number_pool_id == pool_id).values(number_pool_id=None))


async def _fill(conn: AsyncConnection, workspace_id: str, pool_id: str, number_ids: Collection[str]) -> None:
    await must_own(conn, numbers, workspace_id, number_ids, NotFound("Number not found", field="number_ids"))
    await conn.execute(numbers.update().where(numbers.c.id.in_(number_ids)).values(number_pool_id=pool_id))


async def _stop_claims(conn: AsyncConnection) -> None:
    """No call is taken up until this transaction ends: what it found unused stays so. On SQLite one writes anyway."""
    if conn.dialect.name == "postgresql":
        await conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({CLAIM_LOCK})")


async def _must_be_unused(conn: AsyncConnection, use: sa.ColumnElement[bool], message: str) -> None:
    if await conn.scalar(sa.select(sa.literal(1)).where(use).limit(1)):
        raise Conflict(message)


async def _nobody_may_wait_for(
    conn: AsyncConnection, workspace_id: str, named: sa.ColumnElement[bool], message: str
) -> None:
    waiting = sa.select(calls.c.id).join(call_requests, call_requests.c.call_id == calls.c.id)
    mine = calls.c.workspace_id == workspace_id, _WAITING, named
    if await conn.scalar(waiting.where(*mine).limit(1)) is not None:
        raise Conflict(message)
