"""Lay down what a workspace, a caller number and a trunk may do: calling policy, prices, limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.errors import Fault, Invalid, NotFound
from outdial.domain.rules import Rules, limit_faults, trunk_faults
from outdial.store.database import Database
from outdial.store.schema import numbers, trunks, workspaces


class TrunkLimits(TypedDict, total=False):
    """None: no limit. ``max_calls``: up at the same moment; ``calls_per_s``: asked of the trunk."""

    max_calls: int | None
    calls_per_s: float | None


async def change_rules(db: Database, workspace_id: str, change: Callable[[Rules], Rules]) -> Rules:
    """Make of a workspace's rules what ``change`` makes of them; the new ones.

    Two changes at the same moment follow each other, so that neither loses what the other one laid down.

    Raises:
        Invalid: rules that cannot be laid down; every fault names its member.
        NotFound: there is no such workspace.
        Broken: the present rules cannot be read.
    """

    async def work(conn: AsyncConnection) -> Rules:
        mine = workspaces.c.id == workspace_id
        stored = (await conn.execute(sa.select(workspaces.c.settings).where(mine).with_for_update())).first()
        if stored is None:
            raise NotFound("Workspace not found", field="workspace_id")
        rules = change(Rules.from_json(stored.settings))
        _must_be_sound(*rules.faults())
        await conn.execute(workspaces.update().where(mine).values(settings=rules.to_json()))
        return rules

    return await db.write(work)


async def limit_number(db: Database, workspace_id: str, number_id: str, max_calls: int | None) -> None:
    """How many calls may be up from a caller number at the same moment; None: as many as the trunk carries.

    Raises:
        Invalid: no such limit.
        NotFound: the number is not the workspace's.
    """
    _must_be_sound(*limit_faults("max_calls", max_calls))
    unknown = NotFound("Number not found", field="number_id")
    await _set(db, numbers, workspace_id, number_id, unknown, max_calls=max_calls)


async def limit_trunk(db: Database, workspace_id: str, trunk_id: str, **limits: Unpack[TrunkLimits]) -> None:
    """Set the limits named, and leave the others.

    Raises:
        Invalid: no such limit.
        NotFound: the trunk is not the workspace's.
    """
    _must_be_sound(*trunk_faults(limits.get("max_calls"), limits.get("calls_per_s")))
    unknown = NotFound("Trunk not found", field="trunk_id")
    await _set(db, trunks, workspace_id, trunk_id, unknown, **limits)


async def _set(
    db: Database, table: sa.Table, workspace_id: str, identity: str, unknown: NotFound, **values: Any
) -> None:
    async def work(conn: AsyncConnection) -> None:
        mine = (table.c.id == identity, table.c.workspace_id == workspace_id)
        if (await conn.execute(table.update().where(*mine).values(values))).rowcount == 0:
            raise unknown

    await db.write(work)


def _must_be_sound(*faults: Fault) -> None:
    if faults:
        raise Invalid(*faults)
