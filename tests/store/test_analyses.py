"""What talks told, in the database."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from dialer_builders import World
from outdial.domain.analysis import Analysis, PlatformAnalysis
from outdial.store import schema
from outdial.store.calls import analyses
from outdial.store.database import Database
from store_builders import NOON

ALL_OF_IT = Analysis(
    platform=PlatformAnalysis(
        summary="Maya wants to be called again.",
        key_points=("She moves on Friday.", "नई कार ली है"),
        action_items=("Call back.",),
        classification="callback",
        callback_requested=True,
        callback_requested_time="2026-03-03T17:00:00+05:30",
        sentiment="positive",
    ),
    client={"seats": 4, "rate": 1.5, "agreed": True, "city": "Pune", "unknown": None},
    made_by="model:small",
)
FAILED = Analysis(made_by="model:small", trouble="the model endpoint did not answer in time")
NOTHING_ASKED = Analysis(platform=PlatformAnalysis(), made_by="rules")


async def added(db: Database, call_id: str, analysis: Analysis) -> None:
    def work(conn: Connection) -> None:
        analyses.add(conn, call_id, "w", analysis, NOON)

    await db.write(work)


class TestAnAnalysis:
    @pytest.mark.parametrize("analysis", [ALL_OF_IT, FAILED, NOTHING_ASKED], ids=["whole", "failed", "nothing asked"])
    async def test_is_read_as_it_was_written(self, database: Database, analysis: Analysis) -> None:
        world = await World(database).set_up()
        call_id, other = await world.call(), await world.call()

        await added(database, call_id, analysis)
        assert await database.read(analyses.load, [call_id, other]) == {call_id: analysis}

    async def test_can_be_counted_by_its_label(self, database: Database) -> None:
        world = await World(database).set_up()
        call_id = await world.call()

        await added(database, call_id, ALL_OF_IT)

        rows = await database.read(lambda conn: conn.execute(sa.select(schema.analyses)).mappings().all())
        assert [(row["classification"], row["created_at"]) for row in rows] == [("callback", NOON)]
