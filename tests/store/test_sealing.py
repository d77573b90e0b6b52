"""Secrets at rest: what lies on the disk tells nothing, and what lies in the database is read by its own nodes only."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

import outdial
from outdial.commands.provision import add_trunk, create_workspace
from outdial.domain.attempt import Trunk
from outdial.domain.errors import Broken, Refused
from outdial.domain.request import without_credentials
from outdial.store.database import Database
from outdial.store.engines import parse_url
from outdial.store.equipment.trunks import load_trunk
from outdial.store.migrating import alembic_config
from outdial.store.schema import (
    agents,
    answers,
    call_requests,
    calls,
    campaigns,
    deliveries,
    metadata,
    trunks,
    webhook_endpoints,
)
from outdial.store.secrets import keys
from outdial.store.secrets.key_file import KeyFile, key_id
from outdial.store.secrets.keys import KeyState
from outdial.store.secrets.resealing import reseal
from outdial.store.secrets.sealing import SealedJson, SealedText, Vault
from outdial.store.transactions import migrator
from store_builders import ENGINES, NOON, a_database_url

SECRET = "correct-horse-battery-staple"
A_TRUNK = Trunk(id="", name="carrier", host="sip.example.test", password=SECRET, headers={"X-Token": SECRET})
_WITH_SECRETS: dict[sa.Table, dict[str, Any]] = {
    trunks: {"definition": {"headers": {"X-Token": SECRET}}, "password": SECRET},
    agents: {"subscriptions": [{"headers": {"Authorization": SECRET}}]},
    call_requests: {"callback": {"url": f"https://u:{SECRET}@h.test/", "headers": {"a": SECRET}, "params": {}}},
    deliveries: {"headers": {"Authorization": SECRET}},
    answers: {"body": json.dumps({"key": SECRET})},
    campaigns: {"callback_url": f"https://h.test/?token={SECRET}"},
    webhook_endpoints: {"secret": SECRET, "previous_secret": f"{SECRET}-before"},
}
"""A row's worth of each sealed column."""


@pytest.fixture(params=ENGINES)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    async with a_database_url(request.param, tmp_path) as url:
        yield url


@asynccontextmanager
async def opened(url: str, path: Path | None) -> AsyncIterator[Database]:
    database = await Database.open(url, keys_path=path)
    try:
        yield database
    finally:
        await database.close()


async def insert(database: Database, table: sa.Table, **values: Any) -> None:
    """A row with something harmless in every column that needs it."""
    row: dict[str, Any] = {}
    for column in table.columns:
        if column is table.autoincrement_column or column.server_default is not None or column.nullable:
            continue
        row[column.name] = NOON if column.name.endswith("_at") else {} if isinstance(column.type, sa.JSON) else "x"
    row |= {"event_seq": 1, "log": []} if table is deliveries else {}
    await database.write(lambda conn: conn.execute(table.insert().values(row | values)))


async def filled(database: Database) -> None:
    """One row in each table that keeps secrets, and what such rows belong to."""
    await create_workspace(database, "w", now=lambda: NOON)
    await database.write(lambda conn: conn.execute(sa.text("UPDATE workspaces SET id = 'x'")))
    await insert(database, agents, id="x", **_WITH_SECRETS[agents])
    await insert(database, calls, id="x")
    for table, values in _WITH_SECRETS.items():
        if table is not agents:
            await insert(database, table, **values)


def raw(conn: Connection) -> dict[str, str]:
    """What really stands in the sealed columns of those rows."""
    found: dict[str, Any] = {}
    for table, values in _WITH_SECRETS.items():
        asked = sa.select(*(sa.cast(table.c[name], sa.Text).label(name) for name in values))
        row = conn.execute(asked).mappings().one()
        found |= {f"{table.name}.{name}": row[name] for name in values}
    return found


def read_back(conn: Connection) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for table, values in _WITH_SECRETS.items():
        row = conn.execute(sa.select(*(table.c[name] for name in values))).mappings().one()
        found |= {f"{table.name}.{name}": row[name] for name in values}
    return found


def expected() -> dict[str, Any]:
    return {f"{table.name}.{name}": value for table, values in _WITH_SECRETS.items() for name, value in values.items()}


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("outdial.db*")))


class TestASecret:
    async def test_is_stored_sealed_and_read_as_it_was(self, url: str, tmp_path: Path) -> None:
        async with opened(url, tmp_path / "key") as database:
            await filled(database)

            assert {name for name, text in (await database.read(raw)).items() if SECRET in text} == set()
            assert await database.read(read_back) == expected()

    async def test_is_in_no_sealed_column_the_test_forgot(self) -> None:
        sealed = {
            f"{table.name}.{column.name}"
            for table in metadata.sorted_tables
            for column in table.columns
            if isinstance(column.type, (SealedText, SealedJson))
        }

        assert sealed == set(expected())
        for table in metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, (SealedText, SealedJson)):
                    assert column.type.place == f"{table.name}.{column.name}"

    async def test_is_nowhere_in_the_files_of_sqlite(self, tmp_path: Path) -> None:
        async with opened(f"sqlite:///{tmp_path / 'outdial.db'}", tmp_path / "key") as database:
            await filled(database)

            assert SECRET.encode() not in on_disk(tmp_path)

    async def test_is_stored_otherwise_each_time(self, url: str, tmp_path: Path) -> None:
        async with opened(url, tmp_path / "key") as database:
            workspace_id = await create_workspace(database, "w", now=lambda: NOON)
            for name in ("one", "two"):
                trunk = Trunk(id="", name=name, host="h", password=SECRET)
                await add_trunk(database, workspace_id, trunk, now=lambda: NOON)

            stored = await database.read(
                lambda conn: set(conn.execute(sa.select(sa.cast(trunks.c.password, sa.Text))).scalars())
            )

            assert len(stored) == 2

    async def test_that_is_empty_can_still_be_asked_for(self, url: str, tmp_path: Path) -> None:
        async with opened(url, tmp_path / "key") as database:
            workspace_id = await create_workspace(database, "w", now=lambda: NOON)
            await add_trunk(database, workspace_id, Trunk(id="", name="open", host="h"), now=lambda: NOON)
            assert (
                await database.read(lambda conn: conn.scalar(sa.select(sa.func.count()).where(trunks.c.password == "")))
                == 1
            )

    async def test_opens_in_no_other_column(self, tmp_path: Path) -> None:
        vault = a_vault(tmp_path / "key")

        with pytest.raises(Broken, match="moved there from elsewhere"):
            vault.open(vault.seal(SECRET, "trunks.password"), "deliveries.headers")

    @given(st.text(), st.text(min_size=1))
    def test_comes_back_whatever_it_is(self, plain: str, place: str) -> None:
        vault = _A_VAULT

        assert vault.open(vault.seal(plain, place), place) == plain

    @given(st.data())
    def test_that_was_touched_is_not_read(self, data: st.DataObject) -> None:
        sealed = _A_VAULT.seal(SECRET, "trunks.password")
        head, _, text = sealed.rpartition(":")
        blob = bytearray(base64.b64decode(text))
        blob[data.draw(st.integers(0, len(blob) - 1))] ^= data.draw(st.integers(1, 255))

        with pytest.raises(Broken):
            _A_VAULT.open(f"{head}:{base64.b64encode(blob).decode()}", "trunks.password")


class TestADatabaseOfAnOlderVersion:
    async def test_has_its_secrets_sealed_when_it_is_opened(self, url: str, tmp_path: Path) -> None:
        async with opened(url, None) as older:
            await filled(older)
            assert all(SECRET in text for text in (await older.read(raw)).values())

        async with opened(url, tmp_path / "key") as database:
            assert {name for name, text in (await database.read(raw)).items() if SECRET in text} == set()
            assert await database.read(read_back) == expected()

    async def test_keeps_nothing_in_free_pages_and_the_wal(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'outdial.db'}"
        async with opened(url, None) as older:
            await filled(older)
        assert SECRET.encode() in on_disk(tmp_path)

        async with opened(url, tmp_path / "key"):
            assert SECRET.encode() not in on_disk(tmp_path)

    async def test_loses_the_credentials_in_requests_kept_as_they_came(self, url: str, tmp_path: Path) -> None:
        body = {"name": "Ann", "callback_url": f"https://h.test/{SECRET}", "callback_args": {"headers": {"a": SECRET}}}
        async with opened(url, None) as older:
            await filled(older)
            await older.write(lambda conn: conn.execute(call_requests.update().values(body=body)))

        async with opened(url, tmp_path / "key") as database:
            assert await database.read(lambda conn: conn.scalar(sa.select(call_requests.c.body))) == {"name": "Ann"}

    async def test_is_finished_by_the_next_start_after_a_crash_in_the_middle(self, url: str, tmp_path: Path) -> None:
        async with opened(url, None) as older:
            await filled(older)
        vault = Vault()
        vault.use(KeyFile(tmp_path / "key"))
        async with opened(url, None) as crashed:
            # Agreed on and nothing sealed yet: as a process leaves it that is killed then.
            await crashed.write(keys.begin, vault, NOON)

        async with opened(url, tmp_path / "key") as database:
            assert {name for name, text in (await database.read(raw)).items() if SECRET in text} == set()
            assert await database.read(keys.states) == {database.vault.sealing: KeyState.IN_USE}

    async def test_of_many_rows_is_sealed_to_the_last(self, url: str, tmp_path: Path) -> None:
        async with opened(url, None) as older:
            workspace_id = await create_workspace(older, "w", now=lambda: NOON)
            rows = [
                {
                    "workspace_id": workspace_id,
                    "dialect": "native",
                    "key": str(number),
                    "body": SECRET,
                    "created_at": NOON,
                }
                for number in range(1203)
            ]
            await older.write(lambda conn: conn.execute(answers.insert(), rows))

        async with opened(url, tmp_path / "key") as database:
            in_clear = sa.select(sa.func.count()).where(sa.cast(answers.c.body, sa.Text) == SECRET)
            assert await database.read(lambda conn: conn.scalar(in_clear)) == 0
            assert await database.read(lambda conn: set(conn.execute(sa.select(answers.c.body)).scalars())) == {SECRET}


class TestTheTablesOfAnOlderVersion:
    async def test_keep_their_trunks_which_stay_the_operators(self, url: str, tmp_path: Path) -> None:
        """As revision 0004 left them, with a row of its own."""
        await at_revision_0004(url)

        async with opened(url, tmp_path / "key") as database:
            trunk = await database.read(load_trunk, "t")
            stored = await database.read(lambda conn: conn.scalar(sa.text("SELECT password FROM trunks")))

        assert trunk == Trunk(id="t", name="old", host="10.0.0.1", password=SECRET)
        assert SECRET not in stored


class TestTheProduct:
    def test_opens_no_database_without_its_keys(self) -> None:
        """A forgotten argument would store secrets in clear."""
        source = Path(outdial.__file__).parent
        opens = [
            line
            for path in source.rglob("*.py")
            for line in path.read_text("utf-8").splitlines()
            if "Database.open(" in line
        ]

        assert opens
        assert [line for line in opens if "keys_path=" not in line] == []


class TestAProcessWithoutTheKey:
    async def test_refuses_to_open_the_database_and_makes_no_key_of_its_own(self, url: str, tmp_path: Path) -> None:
        async with opened(url, tmp_path / "key"):
            pass

        with pytest.raises(Refused, match="OUTDIAL_SECRETS_KEY_FILE") as refusal:
            await Database.open(url, keys_path=tmp_path / "other")

        assert str(tmp_path / "other") in str(refusal.value)
        assert not (tmp_path / "other").exists()

    async def test_refuses_with_another_key(self, url: str, tmp_path: Path) -> None:
        async with opened(url, tmp_path / "key"):
            pass
        KeyFile(tmp_path / "other").make()

        with pytest.raises(Refused, match="does not hold it"):
            await Database.open(url, keys_path=tmp_path / "other")

    async def test_that_was_given_no_file_can_neither_read_nor_write_secrets(self, url: str, tmp_path: Path) -> None:
        async with opened(url, tmp_path / "key") as database:
            workspace_id = await create_workspace(database, "w", now=lambda: NOON)
            trunk_id = await add_trunk(database, workspace_id, A_TRUNK, now=lambda: NOON)

        async with opened(url, None) as keyless:
            with pytest.raises(Broken):
                await keyless.read(load_trunk, trunk_id)
            with pytest.raises(sa.exc.StatementError, match="without the file of its keys"):
                await add_trunk(keyless, workspace_id, Trunk(id="", name="n", host="h", password="p"), now=lambda: NOON)


class TestSeveralProcessesAtOnce:
    async def test_agree_on_one_key(self, url: str, tmp_path: Path) -> None:
        databases = [await Database.open(url, keys_path=tmp_path / "key") for _ in range(3)]

        assert len({database.vault.sealing for database in databases}) == 1
        for database in databases:
            await database.close()


class TestAKeyFile:
    def test_is_its_owners_alone_and_outlives_its_maker(self, tmp_path: Path) -> None:
        made = KeyFile(tmp_path / "secrets" / "database.key").make()

        assert stat.S_IMODE((tmp_path / "secrets" / "database.key").stat().st_mode) == 0o600
        assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["database.key"]
        assert KeyFile(tmp_path / "secrets" / "database.key").make() == made

    def test_gains_and_loses_keys(self, tmp_path: Path) -> None:
        file = KeyFile(tmp_path / "key")
        (first,) = file.make()

        second = file.add()

        assert list(file.read()) == [first, second]
        file.keep({second})
        assert list(file.read()) == [second]

    @pytest.mark.parametrize("line", ["AAAA", "not base64!", base64.b64encode(bytes(31)).decode(), "é"])
    def test_names_the_line_that_is_no_key_and_not_what_it_says(self, line: str, tmp_path: Path) -> None:
        (tmp_path / "key").write_text(f"# a comment\n\n{base64.b64encode(bytes(32)).decode()}\n{line}\n")

        with pytest.raises(Refused, match="line 4 of") as refusal:
            KeyFile(tmp_path / "key").read()

        assert line not in str(refusal.value)

    def test_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(Refused, match="cannot be read"):
            KeyFile(tmp_path).read()


class TestResealing:
    async def test_leaves_nothing_under_a_key_that_leaves(self, url: str, tmp_path: Path) -> None:
        async with opened(url, tmp_path / "key") as database:
            await filled(database)
            old = database.vault.sealing
            database.vault.sealing = KeyFile(tmp_path / "key").add()
            database.vault.reload()

            first, second = await reseal(database, database.vault), await reseal(database, database.vault)

            assert (first, second) == (len(_WITH_SECRETS), 0)
            assert not any(old in text for text in (await database.read(raw)).values())
            assert await database.read(read_back) == expected()


class TestARequestThatIsKept:
    def test_lacks_what_may_carry_credentials(self) -> None:
        body = {"to_number": "+12025550143", "callback": {"headers": {"a": SECRET}}, "metadata": {"a": 1}}

        assert without_credentials(body) == {"to_number": "+12025550143", "metadata": {"a": 1}}


class TestAnIdOfAKey:
    def test_tells_nothing_but_which_it_is(self) -> None:
        assert key_id(bytes(32)) != key_id(bytes(31) + b"\1")
        assert len(key_id(bytes(32))) == 12


async def at_revision_0004(url: str) -> None:
    def work(conn: Connection) -> None:
        command.upgrade(alembic_config(conn), "0004")
        conn.execute(sa.text("INSERT INTO workspaces (id, name, settings, created_at) VALUES ('w', 'w', '{}', 0)"))
        definition = asdict(Trunk(id="t", name="old", host="10.0.0.1"))
        for gone in ("id", "name", "password", "added_by"):
            del definition[gone]
        older = sa.table("trunks", *map(sa.column, ("id", "workspace_id", "name", "password", "created_at")))
        older.append_column(sa.column("definition", sa.JSON))
        row = {"id": "t", "workspace_id": "w", "name": "old", "password": SECRET, "created_at": 0}
        conn.execute(older.insert().values(row | {"definition": definition}))

    tables = migrator(parse_url(url))
    await tables.run(work)
    await tables.dispose()


def a_vault(path: Path) -> Vault:
    file = KeyFile(path)
    (key,) = file.make()
    vault = Vault()
    vault.use(file)
    vault.sealing = key
    return vault


class _InMemory(KeyFile):
    """A key that lies in no file."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"))

    def read(self) -> dict[str, bytes]:
        return {key_id(bytes(32)): bytes(32)}


_A_VAULT = Vault()
_A_VAULT.use(_InMemory())
_A_VAULT.sealing = key_id(bytes(32))
