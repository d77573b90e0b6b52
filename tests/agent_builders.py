"""The agent of the documentation's examples, with the voice it speaks with, and doors in front of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Connection

from api_builders import NATIVE_KEY, NEIGHBOUR, RINGG, RINGG_KEY, Doors, open_doors
from api_records import AGENT, WORKSPACE
from outdial.domain.agent import Definition, Voice
from outdial.domain.clock import Clock
from outdial.store import schema
from outdial.store.agents.definitions import definition_from_json
from outdial.store.database import Database

CREATED_AT = datetime.fromisoformat("2026-03-01T08:00:00+00:00")
VOICE_ONE = Voice("48d0c7f5-a9e1-4362-9b7c-e1f36d0a5824", "Voice One", "local", ("en-IN", "hi-IN"), "female")
ARABIC = Voice("55555555-5555-4555-8555-555555555556", "Amira", "local", ("ar-AE",))
KNOWLEDGE = "6d81f3e9-b247-4a5c-9e06-41c7d8f5a0b2"
THEIR_KNOWLEDGE = "6d81f3e9-b247-4a5c-9e06-41c7d8f5a0b3"


@asynccontextmanager
async def agent_doors(
    database: Database, folder: Path, *, voices: Sequence[Voice] = (VOICE_ONE, ARABIC), now: Clock = lambda: CREATED_AT
) -> AsyncIterator[Doors]:
    """The doors of an installation with these voices; the clock stands at the moment of the examples."""
    async with open_doors(database, folder, now=now, voices=voices) as opened:
        yield opened


async def add_knowledge(database: Database) -> None:
    """A knowledge base of the workspace, and one of its neighbour."""

    def work(conn: Connection) -> None:
        for identity, owner in ((KNOWLEDGE, WORKSPACE), (THEIR_KNOWLEDGE, NEIGHBOUR)):
            moments = {"created_at": CREATED_AT, "updated_at": CREATED_AT}
            row = {"id": identity, "workspace_id": owner, "name": "Price list", "revision": 1}
            conn.execute(schema.knowledge_bases.insert().values(row | moments))

    await database.write(work)


def an_agent_body(**changes: Any) -> dict[str, Any]:
    """The smallest good body; ``changes`` replace or, with ``...``, remove fields."""
    body = {
        "agent_name": "Renewal Assistant",
        "introduction_and_objective": "You remind customers.",
        "response_guidelines": "Short sentences.",
        "task": "Confirm.",
        "primary_language": "en-IN",
        "voice_id": VOICE_ONE.id,
        "intro_message": "Hello @{{callee_name}}.",
    } | changes
    return {key: value for key, value in body.items() if value is not ...}


async def created(doors: Doors, **changes: Any) -> str:
    """A new agent; its id."""
    response = await doors.ringg(an_agent_body(**changes), path="/public/agent")
    assert response.status_code == 200, response.text
    return str(response.json()["data"]["id"])


async def edit(doors: Doors, operation: str, *, agent_id: str = AGENT, **fields: Any) -> httpx.Response:
    body = {"operation": operation, "agent_id": agent_id, **fields}
    return await doors.http.patch(f"{RINGG}/agent/v1", json=body, headers={"X-API-KEY": RINGG_KEY})


async def read(doors: Doors, agent_id: str = AGENT) -> dict[str, Any]:
    """The agent as the Ringg door shows it."""
    response = await doors.ringg_get(f"/agent/{agent_id}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["agents"]
    return found


async def version(doors: Doors, agent_id: str = AGENT) -> dict[str, Any]:
    """Its active version as the Ringg door shows it."""
    found = await read(doors, agent_id)
    first: dict[str, Any] = next(iter(found["version_details"].values()))
    return first


async def native(doors: Doors, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {NATIVE_KEY}"}
    return await doors.http.request(method, f"/v1{path}", json=body, headers=headers, params=query or None)


def stored(conn: Connection, version_id: str) -> Definition:
    wanted = schema.agent_versions.select().where(schema.agent_versions.c.id == version_id)
    row = conn.execute(wanted).mappings().one()
    return definition_from_json(row["definition"])


def everything_about_agents(conn: Connection) -> list[Any]:
    """Every row an edit could have touched, to be compared before and after."""
    tables = (schema.agents, schema.agent_versions, schema.numbers)
    return [[tuple(row) for row in conn.execute(table.select().order_by(table.c.id))] for table in tables]
