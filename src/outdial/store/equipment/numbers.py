"""Caller numbers and their pools, as requests name them. Each function finds many at once (``Database.find``)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.store.schema import number_pools, numbers


@dataclass(frozen=True)
class OwnNumber:
    """A number and whether it may call out."""

    id: str
    workspace_id: str
    number: str
    outbound: bool


_COLUMNS = (numbers.c.id, numbers.c.workspace_id, numbers.c.number, numbers.c.outbound)


def numbers_by_id(conn: Connection, ids: Collection[str]) -> Mapping[str, OwnNumber]:
    """Numbers of any workspace by their id."""
    rows = conn.execute(sa.select(*_COLUMNS).where(numbers.c.id.in_(ids)))
    return {row.id: OwnNumber(*row) for row in rows}


def numbers_by_value(conn: Connection, keys: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], OwnNumber]:
    """Numbers by workspace and E.164 text."""
    rows = conn.execute(
        sa.select(*_COLUMNS).where(
            numbers.c.workspace_id.in_({workspace_id for workspace_id, _ in keys}),
            numbers.c.number.in_({number for _, number in keys}),
        )
    )
    return {(row.workspace_id, row.number): OwnNumber(*row) for row in rows}


def pools_by_id(conn: Connection, ids: Collection[str]) -> Mapping[str, str]:
    """The workspace each pool belongs to."""
    rows = conn.execute(sa.select(number_pools.c.id, number_pools.c.workspace_id).where(number_pools.c.id.in_(ids)))
    return {row.id: row.workspace_id for row in rows}
