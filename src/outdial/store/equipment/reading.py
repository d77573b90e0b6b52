"""What a workspace calls with, page by page: caller numbers, trunks, pools."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.errors import NotFound
from outdial.store.database import Database
from outdial.store.paging import Place, page_of
from outdial.store.schema import number_pools, numbers, trunks

_NUMBER: Final = tuple(column for column in numbers.c if column.name != "workspace_id")
_TRUNK: Final = (
    *(trunks.c.id, trunks.c.name, trunks.c.definition, trunks.c.max_calls, trunks.c.calls_per_s, trunks.c.created_at),
    (trunks.c.password != "").label("has_password"),
)
_POOL: Final = (number_pools.c.id, number_pools.c.name, number_pools.c.created_at)


@dataclass(frozen=True)
class Number:
    """A caller number. It makes calls while it is ``outbound`` and not ``spam``."""

    id: str
    trunk_id: str
    number_pool_id: str | None
    agent_id: str | None
    number: str
    display_name: str
    outbound: bool
    spam: bool
    max_calls: int | None
    tags: list[str]
    used_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class TrunkRow:
    """A trunk without its password. ``definition``: the other members of ``domain.attempt.Trunk``."""

    id: str
    name: str
    definition: Mapping[str, Any]
    max_calls: int | None
    calls_per_s: float | None
    created_at: datetime
    has_password: bool


@dataclass(frozen=True)
class Pool:
    id: str
    name: str
    created_at: datetime
    number_ids: list[str]


def number_page(
    conn: Connection, workspace_id: str, *, limit: int, after: Place | None
) -> tuple[list[Number], Place | None]:
    """Caller numbers, oldest first, and where the page ended; None when nothing follows."""
    asked = sa.select(*_NUMBER).where(numbers.c.workspace_id == workspace_id)
    rows, end = page_of(conn, asked, numbers, limit=limit, after=after)
    return [Number(**row) for row in rows], end


def trunk_page(
    conn: Connection, workspace_id: str, *, limit: int, after: Place | None
) -> tuple[list[TrunkRow], Place | None]:
    """Trunks, oldest first, and where the page ended; None when nothing follows."""
    asked = sa.select(*_TRUNK).where(trunks.c.workspace_id == workspace_id)
    rows, end = page_of(conn, asked, trunks, limit=limit, after=after)
    return [TrunkRow(**row) for row in rows], end


def pool_page(
    conn: Connection, workspace_id: str, *, limit: int, after: Place | None
) -> tuple[list[Pool], Place | None]:
    """Pools, oldest first, and where the page ended; None when nothing follows."""
    asked = sa.select(*_POOL).where(number_pools.c.workspace_id == workspace_id)
    rows, end = page_of(conn, asked, number_pools, limit=limit, after=after)
    members = _members(conn, [row["id"] for row in rows])
    return [Pool(**row, number_ids=members[row["id"]]) for row in rows], end


async def one_number(db: Database, workspace_id: str, number_id: str) -> Number:
    """
    Raises:
        NotFound: the workspace has no such number.
    """
    return Number(**await db.read(_one, numbers, _NUMBER, (workspace_id, number_id), _unknown("Number", "number_id")))


async def one_trunk(db: Database, workspace_id: str, trunk_id: str) -> TrunkRow:
    """
    Raises:
        NotFound: the workspace has no such trunk.
    """
    return TrunkRow(**await db.read(_one, trunks, _TRUNK, (workspace_id, trunk_id), _unknown("Trunk", "trunk_id")))


async def one_pool(db: Database, workspace_id: str, pool_id: str) -> Pool:
    """
    Raises:
        NotFound: the workspace has no such pool.
    """
    row = await db.read(_one, number_pools, _POOL, (workspace_id, pool_id), _unknown("Number pool", "pool_id"))
    members = await db.read(_members, [pool_id])
    return Pool(**row, number_ids=members[pool_id])


def _one(
    conn: Connection, table: sa.Table, columns: Collection[Any], which: tuple[str, str], unknown: NotFound
) -> dict[str, Any]:
    workspace_id, identity = which
    asked = sa.select(*columns).where(table.c.id == identity, table.c.workspace_id == workspace_id)
    row = conn.execute(asked).mappings().first()
    if row is None:
        raise unknown
    return dict(row)


def _unknown(what: str, field: str) -> NotFound:
    return NotFound(f"{what} not found", field=field)


def _members(conn: Connection, pool_ids: Collection[str]) -> Mapping[str, list[str]]:
    """The numbers of each pool, oldest first."""
    asked = sa.select(numbers.c.number_pool_id, numbers.c.id).where(numbers.c.number_pool_id.in_(pool_ids))
    members: dict[str, list[str]] = defaultdict(list)
    for pool_id, number_id in conn.execute(asked.order_by(numbers.c.created_at, numbers.c.id)):
        members[pool_id].append(number_id)
    return members
