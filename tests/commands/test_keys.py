"""API keys: shown once, stored as a digest, and worth nothing once revoked."""

from __future__ import annotations

import asyncio
import re
import uuid

import pytest
import sqlalchemy as sa

from outdial.commands.keys import DIALECTS, create_key, issue_key, rotate_key, withdraw_key
from outdial.commands.provision import create_workspace
from outdial.domain.access import PUBLISHABLE, READ
from outdial.domain.errors import Conflict, Invalid, NotFound, Unauthorized
from outdial.store.api_keys import authenticate
from outdial.store.database import Database
from outdial.store.schema import api_keys
from workspace_builders import AT_NOON


@pytest.fixture
async def workspace_id(database: Database) -> str:
    return await create_workspace(database, "Example Dental", now=AT_NOON)


class TestAKey:
    @pytest.mark.parametrize("dialect", DIALECTS)
    async def test_opens_its_own_door_only(self, database: Database, workspace_id: str, dialect: str) -> None:
        key = await create_key(database, workspace_id, dialect, now=AT_NOON)

        assert (await authenticate(database, dialect, key)).workspace_id == workspace_id
        for other in set(DIALECTS) - {dialect}:
            with pytest.raises(Unauthorized):
                await authenticate(database, other, key)

    async def test_has_the_form_its_vendors_clients_expect(self, database: Database, workspace_id: str) -> None:
        ringg, ringly, native = [
            await create_key(database, workspace_id, name, now=AT_NOON) for name in ("ringg", "ringly", "native")
        ]

        assert uuid.UUID(ringg).version == 4
        assert re.fullmatch(r"ok_[A-Za-z0-9_-]{32}", ringly)
        assert re.fullmatch(r"od_[A-Za-z0-9_-]{32}", native)

    async def test_is_not_in_the_database(self, database: Database, workspace_id: str) -> None:
        key = await create_key(database, workspace_id, "ringg", now=AT_NOON)

        row = await database.read(lambda conn: conn.execute(sa.select(api_keys)).mappings().one())

        assert key not in [str(value) for value in row.values()]
        assert row["hint"] == key[-4:]

    async def test_may_be_brought_along(self, database: Database, workspace_id: str) -> None:
        await create_key(database, workspace_id, "ringg", "my-old-key", now=AT_NOON)

        assert (await authenticate(database, "ringg", "my-old-key")).workspace_id == workspace_id

    async def test_belongs_to_one_workspace(self, database: Database, workspace_id: str) -> None:
        await create_key(database, workspace_id, "ringg", "mine", now=AT_NOON)

        with pytest.raises(Conflict):
            await create_key(database, workspace_id, "ringly", "mine", now=AT_NOON)

    @pytest.mark.parametrize(("dialect", "key"), [("telex", None), ("ringg", ""), ("ringg", "with blank")])
    async def test_cannot_be_just_anything(
        self, database: Database, workspace_id: str, dialect: str, key: str | None
    ) -> None:
        with pytest.raises(Invalid):
            await create_key(database, workspace_id, dialect, key, now=AT_NOON)

    @pytest.mark.parametrize("key", ["", "unknown", "\x00", "ü" * 5000])
    async def test_that_is_wrong_opens_nothing(self, database: Database, workspace_id: str, key: str) -> None:
        await create_key(database, workspace_id, "ringg", now=AT_NOON)

        with pytest.raises(Unauthorized):
            await authenticate(database, "ringg", key)

    async def test_opens_nothing_once_revoked(self, database: Database, workspace_id: str) -> None:
        await create_key(database, workspace_id, "native", now=AT_NOON)
        made = await issue_key(database, workspace_id, "ringg", now=AT_NOON)

        await withdraw_key(database, workspace_id, made.id, now=AT_NOON)

        with pytest.raises(Unauthorized):
            await authenticate(database, "ringg", made.key)
        with pytest.raises(NotFound):
            await withdraw_key(database, workspace_id, made.id, now=AT_NOON)

    async def test_for_web_pages_opens_only_what_looks_at_the_page(self, database: Database, workspace_id: str) -> None:
        key = (await issue_key(database, workspace_id, "ringg", access=PUBLISHABLE, now=AT_NOON)).key

        opened = await authenticate(database, "ringg", key, from_page=True)

        assert re.fullmatch(r"pk_[A-Za-z0-9_-]{32}", key)
        assert (opened.workspace_id, opened.publishable, opened.full) == (workspace_id, True, False)
        with pytest.raises(Unauthorized):
            await authenticate(database, "ringg", key)
        with pytest.raises(Invalid):
            await issue_key(database, workspace_id, "ringly", access=PUBLISHABLE, now=AT_NOON)

    async def test_is_replaced_by_rotation(self, database: Database, workspace_id: str) -> None:
        old = await create_key(database, workspace_id, "ringg", now=AT_NOON)

        new = await rotate_key(database, workspace_id, "ringg", old, now=AT_NOON)

        assert (await authenticate(database, "ringg", new)).workspace_id == workspace_id
        with pytest.raises(Unauthorized):
            await authenticate(database, "ringg", old)

    async def test_of_another_workspace_cannot_be_rotated(self, database: Database, workspace_id: str) -> None:
        key = await create_key(database, workspace_id, "ringg", now=AT_NOON)
        stranger = await create_workspace(database, "Somebody else", now=AT_NOON)

        with pytest.raises(NotFound):
            await rotate_key(database, stranger, "ringg", key, now=AT_NOON)

        assert (await authenticate(database, "ringg", key)).workspace_id == workspace_id

    async def test_is_withdrawn_but_for_the_last_that_can_make_others(
        self, database: Database, workspace_id: str
    ) -> None:
        keys = [await issue_key(database, workspace_id, "native", now=AT_NOON) for _ in range(2)]
        await issue_key(database, workspace_id, "native", access=READ, now=AT_NOON)

        both = [withdraw_key(database, workspace_id, key.id, now=AT_NOON) for key in keys]
        done = await asyncio.gather(*both, return_exceptions=True)

        assert sorted(type(error).__name__ for error in done) == ["Conflict", "NoneType"]

    async def test_may_do_after_rotation_what_it_could_before(self, database: Database, workspace_id: str) -> None:
        old = await issue_key(database, workspace_id, "ringg", access=READ, now=AT_NOON)

        new = await rotate_key(database, workspace_id, "ringg", old.key, now=AT_NOON)

        assert not (await authenticate(database, "ringg", new)).full
