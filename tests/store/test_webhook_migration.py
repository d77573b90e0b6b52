"""Deliveries of before are lined up when the tables are brought up to date, on either engine."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import Connection

from outdial.domain.delivery import Delivery, DeliveryState
from outdial.domain.ids import new_id
from outdial.store.database import Database
from outdial.store.engines import parse_url
from outdial.store.migrating import alembic_config
from outdial.store.transactions import migrator
from outdial.store.webhooks import deliveries
from store_builders import ENGINES, NOON, a_database_url

OLD = "0004"
WORKSPACE = "7b0d3c8e-5f1a-4a52-9c3e-2f6a1d9e4b10"


def old_row(number: int, state: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "call_id": f"c{number}",
        "workspace_id": WORKSPACE,
        "event_seq": number,
        "kind": "callback",
        "dialect": "ringg",
        "method": "POST",
        "url": f"https://ada:pw@Hooks{number}.example.test:443/x?y=1",
        "headers": "{}",
        "body": "{}",
        "state": state,
        "due_at": 1,
        "tries": 1,
        "log": "[]",
        "created_at": number,
        "ended_at": None if state == "waiting" else 2,
    }


@pytest.mark.parametrize("engine", ENGINES)
async def test_waiting_ones_go_out_and_those_given_up_can_be_asked_for_again(engine: str, tmp_path: Path) -> None:
    rows = [old_row(number, "waiting" if number % 2 else "given_up") for number in range(1, 9)]
    async with a_database_url(engine, tmp_path) as url:
        await asyncio.to_thread(lambda: asyncio.run(an_old_database(url, rows)))

        database = await Database.open(url)
        try:
            lanes = await database.read(lambda conn: dict(deliveries.due_lanes(conn, NOON)))
            ids = await database.read(deliveries.ready, NOON, dict.fromkeys(lanes, 5))
            over = await database.read(deliveries.page, WORKSPACE, state=DeliveryState.GIVEN_UP, limit=9)
            again = over[0].replayed(NOON)
            assert await database.write(deliveries.again, over[0], again)
            after = await database.read(lambda conn: dict(deliveries.due_lanes(conn, NOON)))
        finally:
            await database.close()

    assert sorted(lanes) == [f"{WORKSPACE} https://hooks{number}.example.test" for number in (1, 3, 5, 7)]
    assert sorted(ids) == sorted(row["id"] for row in rows if row["state"] == "waiting")
    assert after.keys() - lanes.keys() == {again.lane}
    assert isinstance(again, Delivery)


async def an_old_database(url: str, rows: list[dict[str, Any]]) -> None:
    names = ", ".join(rows[0])
    insert = sa.text(f"INSERT INTO deliveries ({names}) VALUES ({', '.join(f':{name}' for name in rows[0])})")

    def work(conn: Connection) -> None:
        command.upgrade(alembic_config(conn), OLD)
        conn.execute(insert, rows)

    tables = migrator(parse_url(url))
    try:
        await tables.run(work)
    finally:
        await tables.dispose()
