"""Lists of people, campaigns of a ``World``, and workers that do what is due and nothing more."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from asyncio import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dialer_builders import World
from outdial.campaigns.importing import Draft, Imported, import_list, upload_list
from outdial.campaigns.starting import Start, Started, start
from outdial.campaigns.worker import CampaignWorker, ImportWorker
from outdial.commands.change_call import cancel_waiting
from outdial.domain.campaign import Campaign
from outdial.domain.clock import Clock
from outdial.domain.delivery import Delivery
from outdial.domain.request import Overrides
from outdial.jobs.runner import Jobs, JobWorker
from outdial.store import schema
from outdial.store.calls.waiting_calls import Selection
from outdial.store.campaigns.reading import find_campaign
from outdial.store.database import Database
from outdial.store.webhooks.reading import delivery_page

MAPPING = {"mobile_number": "Mobile Number", "callee_name": "Name", "city": "City"}
WAIT_S = 60.0
"""For another process, on a machine that is busy with other things."""
HOOK = "https://hooks.example.test/campaign"


def overrides(config: Mapping[str, Any]) -> Overrides:
    """In these tests a ``call_config`` speaks our own words."""
    return Overrides(**config)


def shouted(name: str, language: str) -> str:
    return f"{name.upper()} ({language})"


def a_file(*rows: str, header: str = "Mobile Number,Name,City") -> io.BytesIO:
    return io.BytesIO("\r\n".join((header, *rows)).encode())


def people(count: int) -> io.BytesIO:
    """So many, each with a number of its own."""
    return a_file(*(f"{number_of(row)},Maya {row},Pune" for row in range(1, count + 1)))


def number_of(row: int) -> str:
    return f"+9198{row:08d}"


def a_draft(world: World, **changes: Any) -> Draft:
    """From noon till one o'clock, unless told otherwise."""
    now = world.clock()
    values: dict[str, Any] = {
        "workspace_id": world.workspace_id,
        "agent_id": world.agent_id,
        "dialect": "ringg",
        "name": "March renewals",
        "starts_at": now,
        "ends_at": now + timedelta(hours=1),
        "call_config": {},
        "mapping": MAPPING,
        "country_code": "+91",
    }
    return Draft(**values | changes)


async def imported(world: World, file: io.BytesIO, **changes: Any) -> Imported:
    return await import_list(world.db, a_draft(world, **changes), file, spell=shouted, now=world.clock)


async def uploaded(world: World, file: io.BytesIO, **changes: Any) -> Campaign:
    return await upload_list(world.db, a_draft(world, **changes), file, now=world.clock)


async def started(world: World, list_id: str, **changes: Any) -> Started:
    values: dict[str, Any] = {"agent_id": world.agent_id, "number_ids": tuple(world.number_ids)} | changes
    return await start(world.db, world.workspace_id, Start(list_id, **values), now=world.clock)


async def a_campaign(world: World, rows: int = 3, **changes: Any) -> str:
    """Imported and started, no call of it made yet."""
    begins = {name: changes.pop(name) for name in ("share", "callback_url") if name in changes}
    campaign_id = (await imported(world, people(rows), **changes)).id
    await started(world, campaign_id, **begins)
    return campaign_id


def importer(db: Database, clock: Clock) -> ImportWorker:
    return ImportWorker(db, shouted, clock)


def campaigner(db: Database, clock: Clock) -> CampaignWorker:
    return CampaignWorker(db, {"ringg": overrides}, clock)


async def worked(world: World, make: Callable[[Database, Clock], JobWorker] = campaigner) -> int:
    """One look of a worker; how many jobs were due."""
    worker = make(world.db, world.clock)
    return await Jobs(world.db, [worker], world.clock).step(worker)


async def worked_until(world: World, moment: datetime) -> None:
    """A worker that looks every second until then."""
    while world.clock() < moment:
        await worked(world)
        world.clock.forward(seconds=1)
    await worked(world)


async def campaign(world: World, campaign_id: str) -> Campaign:
    return await world.db.read(find_campaign, world.workspace_id, campaign_id)


async def calls_of(world: World, campaign_id: str) -> Sequence[sa.RowMapping]:
    """Its calls with their requests, in the order of their numbers."""
    asked = sa.select(schema.calls, schema.call_requests).join(schema.call_requests)
    return await found(
        world, asked.where(schema.calls.c.bulk_list_id == campaign_id).order_by(schema.calls.c.to_number)
    )


async def states_of(world: World, campaign_id: str) -> list[str]:
    return sorted(row["state"] for row in await calls_of(world, campaign_id))


async def found(world: World, statement: sa.Select[Any]) -> Sequence[sa.RowMapping]:
    return await world.db.read(lambda conn: list(conn.execute(statement).mappings()))


async def left_in(world: World, *tables: sa.Table) -> int:
    """How many rows these tables hold."""
    return sum([(await found(world, sa.select(sa.func.count().label("n")).select_from(one)))[0]["n"] for one in tables])


async def told(world: World, campaign_id: str) -> list[dict[str, Any]]:
    """What was written for whoever wants to know of its end."""
    return [json.loads(one.body or b"") for one in await news(world, campaign_id)]


async def news(world: World, campaign_id: str) -> list[Delivery]:
    found, _ = await world.db.read(delivery_page, world.workspace_id, call_id=campaign_id, limit=10)
    return [one.delivery for one in found]


async def cancelled(world: World, **selection: Any) -> int:
    return await cancel_waiting(world.db, world.workspace_id, Selection(**selection), now=world.clock)


def numbers(rows: Iterable[sa.RowMapping]) -> list[str]:
    return [row["to_number"] for row in rows]


async def killed_half_way(world: World, what: str, rows: int) -> None:
    """Another process begins to ``import`` a list of so many rows, or to ``make`` calls, and dies of it."""
    program = Path(__file__).parent / "campaigns" / "stuck_program.py"
    url = world.db.url.render_as_string(hide_password=False)
    command = [sys.executable, str(program), url, what, world.workspace_id, world.agent_id, str(rows)]
    builders = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    process = await subprocess.create_subprocess_exec(*command, stdout=subprocess.PIPE, env=builders)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(WAIT_S):
            said = await process.stdout.readline()
    finally:
        process.kill()
        await process.wait()
    assert said == b"stuck\n"
