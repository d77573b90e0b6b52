"""``Idempotency-Key``: whoever is not sure whether a call was accepted sends it again, and one phone rings once."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from api_builders import (
    NEIGHBOUR_AGENT,
    NEIGHBOUR_KEY,
    NEIGHBOUR_NUMBER,
    RINGG,
    RINGG_KEY,
    RINGLY,
    RINGLY_KEY,
    Doors,
    a_ringg_body,
    a_ringly_body,
    open_doors,
    seed,
)
from api_records import AGENT
from outdial.store import schema
from outdial.store.answers import LIFE, forget
from outdial.store.database import Database

V1, V2, V2_ALIAS = (
    "/calling/outbound/individual",
    "/calling/v2/outbound/individual",
    "/calling/outbound/individual/v2",
)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WAYS: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "ringg": (RINGG + V1, {"X-API-KEY": RINGG_KEY}, a_ringg_body()),
    "ringly": (f"{RINGLY}/make-outbound-call-v2", {"Authorization": RINGLY_KEY}, a_ringly_body()),
    "ringly, first version": (f"{RINGLY}/make-outbound-call", {"Authorization": RINGLY_KEY}, a_ringly_body()),
}
each_way = pytest.mark.parametrize("way", WAYS)


async def ask(http: httpx.AsyncClient, way: str, key: str | None = "k1", **changes: Any) -> httpx.Response:
    path, headers, body = WAYS[way]
    named = [] if key is None else [(b"Idempotency-Key", key.encode("latin-1"))]
    sent = [*named, *((name.encode(), value.encode()) for name, value in headers.items())]
    return await http.post(path, json=body | changes, headers=sent)


async def ask_ringg(doors: Doors, path: str, body: Any, *, key: str = "k1", api_key: str = RINGG_KEY) -> httpx.Response:
    return await doors.http.post(RINGG + path, json=body, headers={"X-API-KEY": api_key, "Idempotency-Key": key})


def answers_stored(conn: Connection) -> int:
    return conn.scalar(sa.select(sa.func.count()).select_from(schema.answers)) or 0


def only_call(conn: Connection) -> str:
    (call_id,) = conn.scalars(sa.select(schema.calls.c.id))
    return str(call_id)


class TestTheSameRequestAgain:
    @each_way
    async def test_gets_the_first_answer_and_places_no_other_call(self, doors: Doors, way: str) -> None:
        first = await ask(doors.http, way)
        again = await ask(doors.http, way)

        assert (first.status_code, again.status_code) == (200, 200)
        assert again.content == first.content
        assert again.headers["Content-Type"] == first.headers["Content-Type"]
        assert "Idempotent-Replayed" not in first.headers
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
        assert await doors.calls_stored() == 1

    async def test_is_the_same_however_it_is_written(self, doors: Doors) -> None:
        body = a_ringg_body(custom_args_values={"a": 1, "b": [2]})
        backwards = dict(reversed(body.items())) | {"custom_args_values": {"b": [2], "a": 1}}

        first = await ask_ringg(doors, V1, body, key="k1")
        again = await ask_ringg(doors, V2, backwards, key='"k1"')
        once_more = await ask_ringg(doors, V2_ALIAS + "/", body, key=" k1 ")

        assert first.content == again.content == once_more.content
        assert await doors.calls_stored() == 1

    async def test_is_answered_so_when_what_it_names_is_gone_meanwhile(self, doors: Doors) -> None:
        first = await ask(doors.http, "ringg")
        archived = schema.agents.update().where(schema.agents.c.id == AGENT).values(archived_at=NOON)

        await run(doors.database, archived)
        again = await ask(doors.http, "ringg")
        other = await ask(doors.http, "ringg", key="k2")

        assert again.content == first.content
        assert other.status_code == 404

    async def test_rings_the_bell_once(self, sqlite: Database, tmp_path: Path) -> None:
        rung: list[str] = []
        async with open_doors(sqlite, tmp_path, placed=lambda: rung.append("placed")) as doors:
            await ask(doors.http, "ringg")
            await ask(doors.http, "ringg")

        assert rung == ["placed"]

    async def test_without_a_key_is_another_call(self, doors: Doors) -> None:
        await ask(doors.http, "ringg", key=None)
        await ask(doors.http, "ringg", key=None)

        assert await doors.calls_stored() == 2
        assert await doors.database.read(answers_stored) == 0


class TestAKey:
    async def test_of_another_workspace_or_dialect_is_another_key(self, doors: Doors) -> None:
        theirs = a_ringg_body(agent_id=NEIGHBOUR_AGENT, from_number_id=..., from_number=NEIGHBOUR_NUMBER)

        answers = [
            await ask(doors.http, "ringg"),
            await ask(doors.http, "ringly"),
            await ask_ringg(doors, V1, theirs, api_key=NEIGHBOUR_KEY),
        ]

        assert [answer.status_code for answer in answers] == [200] * 3
        assert await doors.calls_stored() == 3

    async def test_with_another_body_is_refused_in_ringg(self, doors: Doors) -> None:
        await ask(doors.http, "ringg")

        refused = await ask(doors.http, "ringg", name="Somebody Else")

        assert refused.status_code == 422
        assert refused.json()["error"]["code"] == "UNPROCESSABLE"
        assert refused.json()["message"] == "This Idempotency-Key was used for another request"
        assert await doors.calls_stored() == 1

    async def test_with_another_body_is_refused_in_ringly(self, doors: Doors) -> None:
        await ask(doors.http, "ringly")

        other_body = await ask(doors.http, "ringly", to_number="+12025550144")
        other_route = await ask(doors.http, "ringly, first version")

        for refused in (other_body, other_route):
            assert refused.status_code == 400
            assert refused.json()["error_message"] == "Invalid request format, please check API reference."
            assert refused.json()["details"] == ["This Idempotency-Key was used for another request"]
        assert await doors.calls_stored() == 1

    @pytest.mark.parametrize("key", ["", '""', "x" * 256, "käse", "tab\there"])
    async def test_that_is_none_is_refused(self, doors: Doors, key: str) -> None:
        ringg, ringly = [await ask(doors.http, way, key=key) for way in ("ringg", "ringly")]

        assert (ringg.status_code, ringly.status_code) == (400, 400)
        assert ringg.json()["details"][0]["loc"] == ["header", "Idempotency-Key"]
        assert "Idempotency-Key" in ringly.json()["details"][0]
        assert await doors.calls_stored() == 0

    @pytest.mark.parametrize(
        ("bare", "quoted"), [("x" * 255, '"' + "x" * 255 + '"'), ('a"b', r'"a\"b"'), ("~ ~", '"~ ~"')]
    )
    async def test_may_be_quoted(self, doors: Doors, bare: str, quoted: str) -> None:
        first, again = await ask(doors.http, "ringg", key=bare), await ask(doors.http, "ringg", key=quoted)

        assert first.content == again.content
        assert await doors.calls_stored() == 1


class TestARefusal:
    async def test_is_not_kept(self, doors: Doors) -> None:
        refused = await ask(doors.http, "ringg", name="")
        missed = await ask(doors.http, "ringg", agent_id=NEIGHBOUR_AGENT)

        accepted = await ask(doors.http, "ringg")

        assert [answer.status_code for answer in (refused, missed, accepted)] == [400, 404, 200]
        assert await doors.calls_stored() == 1


class TestAnAnswer:
    async def test_is_kept_for_24_hours(self, sqlite: Database, tmp_path: Path) -> None:
        moment = [NOON]
        async with open_doors(sqlite, tmp_path, now=lambda: moment[0]) as doors:
            first = await ask(doors.http, "ringg")
            moment[0] = NOON + LIFE - timedelta(microseconds=1)
            kept = await ask(doors.http, "ringg")
            moment[0] = NOON + LIFE
            later = await ask(doors.http, "ringg", name="Somebody Else")
            again = await ask(doors.http, "ringg", name="Somebody Else")

            assert kept.content == first.content
            assert later.status_code == 200
            assert later.json()["data"]["call_id"] != first.json()["data"]["call_id"]
            assert again.content == later.content
            assert await doors.calls_stored() == 2

    async def test_is_forgotten_afterwards(self, database: Database, tmp_path: Path) -> None:
        await seed(database)
        moment = [NOON]
        async with open_doors(database, tmp_path, now=lambda: moment[0]) as doors:
            await ask(doors.http, "ringg", key="old")
            moment[0] = NOON + timedelta(hours=1)
            await ask(doors.http, "ringg", key="young")

        await database.write(forget, NOON + LIFE)
        assert await database.read(lambda conn: list(conn.scalars(sa.select(schema.answers.c.key)))) == ["young"]


class TestEqualRequestsAtTheSameMoment:
    async def test_place_one_call_and_are_all_told_of_it(self, database: Database, tmp_path: Path) -> None:
        await seed(database)
        async with open_doors(database, tmp_path) as doors:
            answers = await asyncio.gather(*(ask(doors.http, "ringg") for _ in range(50)))

            assert {answer.status_code for answer in answers} == {200}
            assert len({answer.content for answer in answers}) == 1
            assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
            assert await doors.calls_stored() == 1

    async def test_do_no_harm_to_others_in_their_transaction(self, database: Database, tmp_path: Path) -> None:
        await seed(database)
        async with open_doors(database, tmp_path) as doors:
            answers = await asyncio.gather(
                *(ask(doors.http, "ringg", key=f"k{index % 5}") for index in range(50)),
                *(ask(doors.http, "ringg", key=None) for _ in range(20)),
                ask(doors.http, "ringg", key="k0", name="Somebody Else"),
            )

        ids = {answer.json()["data"]["call_id"] for answer in answers if answer.status_code == 200}
        assert sorted({answer.status_code for answer in answers}) in ([200], [200, 422])
        assert len(ids) == 25 == await database.read(count, schema.calls)
        assert await database.read(answers_stored) == 5

    async def test_place_one_call_when_two_nodes_are_asked(self, database: Database, tmp_path: Path) -> None:
        await seed(database)
        neighbour = await Database.open(database.url.render_as_string(hide_password=False), migrate=False)
        keys = [f"k{index}" for index in range(12)]
        async with open_doors(database, tmp_path) as here, open_doors(neighbour, tmp_path) as there:
            answers = await asyncio.gather(
                *(ask(here.http, "ringg", key=key) for key in keys),
                *(ask(there.http, "ringg", key=key) for key in reversed(keys)),
            )
        await neighbour.close()

        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 12 == await database.read(count, schema.calls)


class TestAServerKilled:
    async def test_right_after_the_commit_has_placed_one_call_and_says_so_when_asked_again(
        self, database: Database
    ) -> None:
        await seed(database)
        async with a_server(database, dies="after") as http:
            with pytest.raises(httpx.TransportError):
                await ask(http, "ringg")
        stored = await database.read(only_call)

        async with a_server(database) as http:
            again = await ask(http, "ringg")
            once_more = await ask(http, "ringg")

        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json()["data"]["call_id"] == stored
        assert once_more.content == again.content
        assert await database.read(only_call) == stored

    async def test_before_the_commit_has_placed_none_and_does_when_asked_again(self, database: Database) -> None:
        await seed(database)
        async with a_server(database, dies="before") as http:
            with pytest.raises(httpx.TransportError):
                await ask(http, "ringg")
        assert await database.read(count, schema.calls) == await database.read(answers_stored) == 0

        async with a_server(database) as http:
            first = await ask(http, "ringg")
            again = await ask(http, "ringg")

        assert "Idempotent-Replayed" not in first.headers
        assert again.content == first.content
        assert await database.read(only_call) == first.json()["data"]["call_id"]


@asynccontextmanager
async def a_server(database: Database, dies: str = "never") -> AsyncIterator[httpx.AsyncClient]:
    """The doors in a process of their own, over real HTTP; killed at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("answering_process.py")),
        database.url.render_as_string(hide_password=False),
        dies,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http:
            yield http
    finally:
        if dies == "never":
            process.kill()
        await process.communicate()
        assert process.returncode == -signal.SIGKILL


async def run(database: Database, statement: sa.Executable) -> None:
    def work(conn: Connection) -> None:
        conn.execute(statement)

    await database.write(work)


def count(conn: Connection, table: sa.Table) -> int:
    return conn.scalar(sa.select(sa.func.count()).select_from(table)) or 0
