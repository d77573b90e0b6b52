"""A workspace like the one of the documentation's examples, and the doors in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import sqlalchemy as sa
from sqlalchemy import Connection
from starlette.types import ASGIApp

from api_records import AGENT, VERSION, WORKSPACE, at
from outdial.api.parts import Health, Parts
from outdial.api.rate import HourlyLimits, RateLimit, WrongKeys
from outdial.api.recordings import RecordingLinks
from outdial.api.root import root
from outdial.domain.agent import Definition, PromptSection, Voice
from outdial.domain.attempt import Speaker, Trunk
from outdial.domain.clock import Clock
from outdial.domain.ids import digest_key
from outdial.domain.language_models import LanguageModels
from outdial.domain.plan import Plan
from outdial.domain.record import AttemptRecord, CallRecord
from outdial.domain.request import CallRequest
from outdial.domain.rules import MICROS
from outdial.store import schema
from outdial.store.agents.definitions import definition_to_json
from outdial.store.calls import analyses
from outdial.store.calls.registration import CallerNumber, Registration, rows_of
from outdial.store.database import Database
from outdial.store.equipment.trunks import trunk_to_row
from proofs.recorder import heard

RINGG = "/ca/api/v0"
RINGLY = "/api/1.1/wf"
RINGG_KEY = "5e2d9b70-41c8-4f6a-b3d1-7a90c4e8f215"
RINGLY_KEY = "ok_example_7d1f4c9a2e"
NATIVE_KEY = "od_example_2b7c"
REVOKED_KEY = "11111111-1111-4111-8111-111111111111"

NUMBER_ID = "d27b5e90-6c14-4a8f-93d2-08f1c6e7b4a5"
SECOND_NUMBER_ID = "a60f9d3b-1e75-4c28-8f4a-b7d2e5c01963"
DISABLED_NUMBER = "+12025550102"
OWNER_ID = "03e7b5d1-f86a-4c49-b2e8-d5170a9c6f34"
OWNER = "owner@example.test"
POOL = "316ce8b2-94fa-4d07-a5e6-f20b7c9d4815"
SURVEY_AGENT = "2b8f6d14-c5e7-4093-a1d8-7e4c09b3f562"
SURVEY_VERSION = "d8e16a3b-40f7-4c92-b5a6-3f7d0e9c1824"
INBOUND_AGENT = "33333333-3333-4333-8333-333333333333"
ARCHIVED_AGENT = "44444444-4444-4444-8444-444444444444"
STRICT_AGENT = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa2"
TAG = "agent_0f3a9c5d7e1b2468ace02"
OTHER_TAG = "reception-desk-01"
VOICE = Voice("48d0c7f5-a9e1-4362-9b7c-e1f36d0a5824", "ava", "local", ("en-US",))
HINDI_VOICE = Voice("55555555-5555-4555-8555-555555555555", "asha", "local", ("hi-IN",))

NEIGHBOUR = "66666666-6666-4666-8666-666666666666"
NEIGHBOUR_NUMBER = "+12025550199"
NEIGHBOUR_AGENT = "77777777-7777-4777-8777-777777777777"
NEIGHBOUR_TAG = "neighbour-desk"
NEIGHBOUR_KEY = "88888888-8888-4888-8888-888888888888"
_TRUNK = "99999999-9999-4999-8999-999999999999"
_NEIGHBOUR_TRUNK = "99999999-9999-4999-8999-999999999998"
_LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass
class Doors:
    """The application over a database, its clock, and a client that talks to it in memory."""

    http: httpx.AsyncClient
    app: ASGIApp
    parts: Parts
    database: Database

    async def ringg(
        self, body: Any, *, path: str = "/calling/outbound/individual", key: str = RINGG_KEY
    ) -> httpx.Response:
        return await self.http.post(RINGG + path, json=body, headers={"X-API-KEY": key})

    async def ringg_get(self, path: str, key: str = RINGG_KEY, **params: str) -> httpx.Response:
        return await self.http.get(RINGG + path, params=params, headers={"X-API-KEY": key})

    async def ringly(self, body: Any, *, key: str = RINGLY_KEY, path: str = "/make-outbound-call-v2") -> httpx.Response:
        return await self.http.post(RINGLY + path, json=body, headers={"Authorization": key} if key else {})

    async def ringg_post(self, path: str, body: Any = None, key: str = RINGG_KEY, **more: Any) -> httpx.Response:
        """``more``: arguments of httpx, e.g. ``params``."""
        sent = {} if body is None else {"json": body}
        return await self.http.post(RINGG + path, headers={"X-API-KEY": key} | more.pop("headers", {}), **sent, **more)

    async def replay(self, exchange: dict[str, Any]) -> httpx.Response:
        """One of the documentation's exchanges, as it stands there."""
        asked = exchange["request"]
        body = {"json": asked["body"]} if "body" in asked else {}
        return await self.http.request(
            exchange["method"], exchange["path"], headers=asked["headers"], params=asked.get("query"), **body
        )

    async def calls_stored(self) -> int:
        return await self.database.read(
            lambda conn: conn.scalar(sa.select(sa.func.count()).select_from(schema.calls)) or 0
        )


READY = Health(ready=True)


@asynccontextmanager
async def open_doors(
    database: Database,
    folder: Path,
    *,
    now: Clock = lambda: at("09:15:04.120331"),
    requests_per_s: float = 10_000,
    workspace_requests_per_s: float = 10_000,
    wrong_keys_per_minute: int = 100_000,
    seconds: Callable[[], float] | None = None,
    health: Health = READY,
    placed: Callable[[], None] = lambda: None,
    voices: Sequence[Voice] = (),
    language_models: LanguageModels | None = None,
) -> AsyncIterator[Doors]:
    """The doors over ``database`` as it is. Nobody is slowed down unless a rate is named."""

    async def answer() -> Health:
        return health

    parts = Parts(
        database=database,
        voices={voice.id: voice for voice in voices or (VOICE, HINDI_VOICE)},
        now=now,
        rate=RateLimit(requests_per_s, seconds or asyncio.get_running_loop().time),
        workspace_rate=RateLimit(workspace_requests_per_s, seconds or asyncio.get_running_loop().time),
        wrong_keys=WrongKeys(wrong_keys_per_minute, seconds or asyncio.get_running_loop().time),
        hourly=HourlyLimits(seconds or asyncio.get_running_loop().time),
        links=RecordingLinks(secret=b"of a test", base_url="http://outdial.test", now=now),
        recordings_dir=folder,
        health=answer,
        placed=placed,
        language_models=language_models or LanguageModels(),
    )
    house = _VACANT.pop() if _VACANT else _House(parts)
    house.parts = parts
    app = heard(house.app)
    transport = httpx.ASGITransport(app=app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://outdial.test") as http:
            yield Doors(http, app, parts, database)
    finally:
        _VACANT.append(house)


class _House:
    """The doors over whatever ``parts`` are at the moment: to build them takes longer than most tests."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        # Doors may keep these two for themselves, so they stand for those of the moment as well.
        kept = {"database": _Present(lambda: self.parts.database), "links": _Present(lambda: self.parts.links)}
        self.app = root(cast(Parts, _Present(lambda: self.parts, **kept)))


class _Present:
    """Stands for what ``it`` is whenever an attribute is asked for."""

    def __init__(self, it: Callable[[], object], **kept: object) -> None:
        self._it = it
        vars(self).update(kept)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._it(), name)


_VACANT: list[_House] = []


async def seed(database: Database) -> None:
    """The workspace of the examples with its neighbour: keys, numbers, a pool, agents."""
    await database.write(_seed)


def _seed(conn: Connection) -> None:
    _add_workspace(conn, WORKSPACE, "Example Workspace", _TRUNK)
    _add_workspace(conn, NEIGHBOUR, "Neighbour", _NEIGHBOUR_TRUNK)
    _add_key(conn, WORKSPACE, "ringg", RINGG_KEY)
    _add_key(conn, WORKSPACE, "ringg", REVOKED_KEY, revoked_at=_LONG_AGO)
    _add_key(conn, WORKSPACE, "ringly", RINGLY_KEY)
    _add_key(conn, WORKSPACE, "native", NATIVE_KEY)
    _add_key(conn, NEIGHBOUR, "ringg", NEIGHBOUR_KEY)
    conn.execute(
        schema.number_pools.insert().values(id=POOL, workspace_id=WORKSPACE, name="Main", created_at=_LONG_AGO)
    )
    conn.execute(
        schema.users.insert().values(
            id=OWNER_ID, workspace_id=WORKSPACE, username="owner", email=OWNER, role="owner", created_at=_LONG_AGO
        )
    )
    _add_number(conn, NUMBER_ID, "+12025550100", display_name="Main line", number_pool_id=POOL)
    _add_number(conn, SECOND_NUMBER_ID, "+12025550101", display_name="Second line", tags=["renewals"], agent_id=AGENT)
    _add_number(conn, "22222222-2222-4222-8222-222222222222", DISABLED_NUMBER, outbound=False)
    _add_number(
        conn,
        "22222222-2222-4222-8222-222222222223",
        NEIGHBOUR_NUMBER,
        workspace_id=NEIGHBOUR,
        trunk_id=_NEIGHBOUR_TRUNK,
    )
    _add_agents(conn)


def _add_agents(conn: Connection) -> None:
    greeting = "Hello @{{callee_name}}, is this a good time?"
    listed = ("callee_name", "mobile_number", "company_name")
    renewal = Definition(greeting=greeting, variables=listed)
    survey = Definition(greeting=greeting, prompt=(PromptSection("", "You call for @{{company_name}}."),))
    desk = Definition(greeting="Hello {{customer_name}}.")
    _add_agent(conn, AGENT, VERSION, "Renewal Assistant", tag="renewal", definition=renewal, secondary_language="hi-IN")
    _add_agent(conn, SURVEY_AGENT, SURVEY_VERSION, "Survey Assistant", tag="survey", definition=survey)
    _add_agent(
        conn, INBOUND_AGENT, _version_of(INBOUND_AGENT), "Inbound", tag="inbound", definition=renewal, type="inbound"
    )
    _add_agent(
        conn, ARCHIVED_AGENT, _version_of(ARCHIVED_AGENT), "Old", tag="old", definition=renewal, archived_at=_LONG_AGO
    )
    desks = {"aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa0": TAG, "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa1": OTHER_TAG}
    for identity, tag in {**desks, STRICT_AGENT: "strict"}.items():
        words = desk if tag != "strict" else Definition(greeting="Hello {{customer_name}}.", require_variables=True)
        _add_agent(conn, identity, _version_of(identity), tag, tag=tag, definition=words)
    _add_agent(
        conn,
        NEIGHBOUR_AGENT,
        _version_of(NEIGHBOUR_AGENT),
        "Theirs",
        tag=NEIGHBOUR_TAG,
        definition=desk,
        workspace_id=NEIGHBOUR,
    )


def _version_of(agent_id: str) -> str:
    return f"bbbbbbbb{agent_id[8:]}"


def _add_workspace(conn: Connection, identity: str, name: str, trunk_id: str) -> None:
    created_at = datetime(2026, 1, 1, tzinfo=UTC)
    conn.execute(schema.workspaces.insert().values(id=identity, name=name, settings={}, created_at=created_at))
    trunk = trunk_to_row(Trunk(trunk_id, "Main", "127.0.0.1"))
    conn.execute(schema.trunks.insert().values(**trunk, workspace_id=identity, created_at=created_at))


def _add_key(conn: Connection, workspace_id: str, dialect: str, key: str, **more: Any) -> None:
    row = {"id": digest_key(key)[:36], "workspace_id": workspace_id, "dialect": dialect, "digest": digest_key(key)}
    conn.execute(schema.api_keys.insert().values(**row, created_at=_LONG_AGO, **more))


def _add_number(conn: Connection, identity: str, number: str, **more: Any) -> None:
    row = {"workspace_id": WORKSPACE, "trunk_id": _TRUNK, "tags": [], "created_at": _LONG_AGO} | more
    conn.execute(schema.numbers.insert().values(id=identity, number=number, **row))


def _add_agent(
    conn: Connection,
    identity: str,
    version_id: str,
    name: str,
    *,
    tag: str,
    definition: Definition,
    workspace_id: str = WORKSPACE,
    secondary_language: str = "",
    **more: Any,
) -> None:
    settings = {"secondary_language": secondary_language} if secondary_language else {}
    definition = replace(definition, secondary_language=secondary_language)
    conn.execute(
        schema.agents.insert().values(
            id=identity,
            workspace_id=workspace_id,
            name=name,
            tag=tag,
            active_version_id=version_id,
            settings=settings,
            created_at=datetime(2026, 3, 1, 8, 0, tzinfo=UTC),
            updated_at=datetime(2026, 3, 1, 8, 5, tzinfo=UTC),
            **more,
        )
    )
    conn.execute(
        schema.agent_versions.insert().values(
            id=version_id,
            agent_id=identity,
            description="Initial version",
            definition=definition_to_json(definition),
            created_at=_LONG_AGO,
            updated_at=_LONG_AGO,
        )
    )


async def keep(database: Database, *records: CallRecord) -> None:
    """Store calls as they are, with their attempts: a reader then finds what really happened to them."""
    for record in records:
        await _keep(database, record)


async def _keep(database: Database, record: CallRecord) -> None:
    request = CallRequest(
        workspace_id=record.workspace_id,
        dialect=record.dialect,
        to_number=record.to_number,
        callee_name=record.callee_name,
        agent_id=record.agent_id,
        variables=record.variables,
        callback=record.callback,
        call_category=record.call_category,
        parent_call_id=record.parent_call_id,
    )
    registration = Registration(
        call_id=record.id,
        created_at=record.created_at,
        due_at=record.due_at,
        agent_id=record.agent_id,
        from_numbers=[CallerNumber(NUMBER_ID, number) for number in record.from_numbers],
        plan=Plan(retry=record.retry, window=record.window),
        warnings=record.warnings,
        request=request,
    )
    await database.submit(rows_of(registration, database.inserts))
    stands = {
        "state": record.state.value,
        "attempt": len(record.attempts),
        "outcome": record.outcome.value if record.outcome else "",
        "ended_by": record.ended_by.value if record.ended_by else "",
        "ended_at": record.ended_at,
        "bulk_list_id": record.bulk_list_id,
    }

    def work(conn: Connection) -> None:
        conn.execute(schema.calls.update().where(schema.calls.c.id == record.id).values(**stands))
        for attempt in record.attempts:
            conn.execute(schema.attempts.insert().values(**_attempt_row(record, attempt)))
        if record.analysis:
            analyses.add(conn, record.id, record.workspace_id, record.analysis, record.ended_at or at("12:00:00"))

    await database.write(work)


def _attempt_row(record: CallRecord, attempt: AttemptRecord) -> dict[str, Any]:
    return asdict(attempt) | {
        "call_id": record.id,
        "workspace_id": record.workspace_id,
        "to_number": record.to_number,
        "subscriber": record.to_number,
        "worker": "",
        "number_id": NUMBER_ID,
        "trunk_id": _TRUNK,
        "version_id": record.version_id,
        "state": attempt.state.value,
        "outcome": attempt.outcome.value if attempt.outcome else "",
        "cost": round(attempt.cost * MICROS),
        "ended_by": attempt.ended_by.value if attempt.ended_by else "",
        "turns": [asdict(turn) for turn in attempt.turns],
        "callee_turns": sum(turn.speaker is Speaker.CALLEE for turn in attempt.turns),
        "captured": dict(attempt.captured),
    }


def a_ringg_body(**changes: Any) -> dict[str, Any]:
    """The smallest good body; ``changes`` replace or, with ``...``, remove fields."""
    body = {
        "name": "Sam Sample",
        "mobile_number": "+12025550143",
        "agent_id": AGENT,
        "from_number_id": NUMBER_ID,
    } | changes
    return {key: value for key, value in body.items() if value is not ...}


def a_ringly_body(**changes: Any) -> dict[str, Any]:
    """A good body; ``changes`` replace or, with ``...``, remove fields."""
    body = {
        "from_number": "+12025550100",
        "to_number": "+12025550143",
        "agent_tag": TAG,
        "dynamic_variables": {"customer_name": "Jack"},
    } | changes
    return {key: value for key, value in body.items() if value is not ...}


def a_clock_that_raises(error: Exception) -> Clock:
    """A broken part: whoever asks it for the hour gets the error instead."""

    def now() -> datetime:
        raise error

    return now
