"""Another key for all secrets, while nodes are at work, and whenever it is broken off."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.commands import rotate_secrets as rotation
from outdial.commands.provision import add_trunk, create_workspace
from outdial.domain.attempt import Trunk
from outdial.domain.clock import utc_now
from outdial.domain.errors import Conflict, Refused
from outdial.store.database import Database
from outdial.store.equipment.trunks import load_trunk
from outdial.store.schema import trunks
from outdial.store.secrets import keys
from outdial.store.secrets.key_file import KeyFile
from outdial.store.secrets.key_watch import KeyWatch, watched_keys
from outdial.store.secrets.keys import KeyState
from store_builders import ENGINES, a_database_url

SECRET = "correct-horse-battery-staple"


@pytest.fixture(params=ENGINES)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    async with a_database_url(request.param, tmp_path) as url:
        yield url


@asynccontextmanager
async def opened(url: str, path: Path) -> AsyncIterator[Database]:
    database = await Database.open(url, keys_path=path)
    try:
        yield database
    finally:
        await database.close()


async def rotated(database: Database, patience_s: float = rotation.PATIENCE_S) -> rotation.Rotated:
    """No other command is under way that could still seal with the old key: nothing has to settle."""
    return await rotation.rotate_secrets(database, now=utc_now, patience_s=patience_s, settles_s=0)


async def a_trunk(database: Database) -> str:
    workspace_id = await create_workspace(database, "w", now=utc_now)
    trunk = Trunk(id="", name="carrier", host="sip.example.test", password=SECRET)
    return await add_trunk(database, workspace_id, trunk, now=utc_now)


def password_of(conn: Connection, trunk_id: str) -> str:
    trunk = load_trunk(conn, trunk_id)
    assert trunk is not None
    return trunk.password


def stored_with(conn: Connection) -> set[str]:
    """The keys that passwords are really sealed with."""
    return {text.split(":")[2] for text in conn.execute(sa.select(sa.cast(trunks.c.password, sa.Text))).scalars()}


class TestARotation:
    async def test_seals_everything_with_a_new_key_and_drops_the_old_one(self, url: str, tmp_path: Path) -> None:
        async with opened(url, tmp_path / "key") as database:
            trunk_id, old = await a_trunk(database), database.vault.sealing

            done = await rotated(database)

            assert done.key_id != old
            assert done.rows == 1
            assert await database.read(stored_with) == {done.key_id}
            assert list(KeyFile(tmp_path / "key").read()) == [done.key_id]
            assert await database.read(keys.states) == {done.key_id: KeyState.IN_USE}
            assert await database.read(password_of, trunk_id) == SECRET

    async def test_makes_the_old_key_useless(self, url: str, tmp_path: Path) -> None:
        async with opened(url, tmp_path / "key") as database:
            await a_trunk(database)
            shutil.copyfile(tmp_path / "key", tmp_path / "stolen")
            await rotated(database)

        with pytest.raises(Refused, match="does not hold it"):
            await Database.open(url, keys_path=tmp_path / "stolen")

    async def test_is_followed_by_a_node_that_runs(self, url: str, tmp_path: Path) -> None:
        async with opened(url, tmp_path / "key") as node, opened(url, tmp_path / "key") as database:
            trunk_id, watch = await a_trunk(node), KeyWatch(node, "node", utc_now)
            await watch.begin()
            rotating = asyncio.create_task(rotated(database))
            while not rotating.done():
                await watch.look()
                # Whatever state the rotation is in, its secrets are there for the node.
                assert await node.read(password_of, trunk_id) == SECRET
                await asyncio.sleep(0.05)

            assert node.vault.sealing == (await rotating).key_id
            assert await node.read(password_of, await a_trunk(node)) == SECRET
            assert await node.read(stored_with) == {node.vault.sealing}

    async def test_changes_nothing_while_a_node_elsewhere_lacks_the_new_key(self, url: str, tmp_path: Path) -> None:
        """That node has a copy of the file, on another machine."""
        async with opened(url, tmp_path / "key") as database:
            trunk_id, old = await a_trunk(database), database.vault.sealing
            shutil.copyfile(tmp_path / "key", tmp_path / "copy")
            async with opened(url, tmp_path / "copy") as elsewhere:
                watch = KeyWatch(elsewhere, "elsewhere", utc_now)
                await watch.begin()

                with pytest.raises(Conflict, match=r"do not have the new key yet: copy .*: elsewhere"):
                    await rotated(database, patience_s=0)

                assert await database.read(stored_with) == {old}
                assert await database.read(password_of, await a_trunk(database)) == SECRET
                assert await elsewhere.read(password_of, trunk_id) == SECRET
                # Its operator does as he was told.
                shutil.copyfile(tmp_path / "key", tmp_path / "copy")
                await watch.look()
                rotating = asyncio.create_task(rotated(database))
                while not rotating.done():
                    await watch.look()
                    await asyncio.sleep(0.05)
                assert (await rotating).rows == 2
                assert await elsewhere.read(password_of, trunk_id) == SECRET

    @pytest.mark.parametrize("after", range(1, 6))
    async def test_broken_off_anywhere_loses_nothing_and_is_finished_by_the_next(
        self, url: str, tmp_path: Path, after: int
    ) -> None:
        async with opened(url, tmp_path / "key") as database:
            trunk_id, old = await a_trunk(database), database.vault.sealing
        async with broken_after(after, url, tmp_path / "key") as broken:
            with pytest.raises(_Killed):
                await rotated(broken)

        async with opened(url, tmp_path / "key") as database:
            assert await database.read(password_of, trunk_id) == SECRET
            done = await rotated(database)

            assert done.key_id != old
            assert await database.read(stored_with) == {done.key_id}
            assert list(KeyFile(tmp_path / "key").read()) == [done.key_id]
            assert await database.read(password_of, trunk_id) == SECRET

    async def test_waits_for_no_node_that_has_stopped(self, url: str, tmp_path: Path) -> None:
        async with opened(url, tmp_path / "key") as database:
            async with watched_keys(database, "stopped", utc_now):
                pass

            await rotated(database, patience_s=0)

            assert await database.read(keys.holders, utc_now()) == []

    async def test_lets_no_node_start_that_lacks_the_coming_key(self, url: str, tmp_path: Path) -> None:
        async with opened(url, tmp_path / "key") as database:
            shutil.copyfile(tmp_path / "key", tmp_path / "copy")
            coming = KeyFile(tmp_path / "key").add()
            await database.write(keys.add, coming, KeyState.COMING, utc_now())

            with pytest.raises(Refused, match="does not hold it"):
                await Database.open(url, keys_path=tmp_path / "copy")

    async def test_needs_a_file_of_keys(self, tmp_path: Path) -> None:
        database = await Database.open(f"sqlite:///{tmp_path / 'outdial.db'}")

        with pytest.raises(Refused, match="without a file of keys"):
            await rotated(database)

        await database.close()


class TestTheTimesOfARotation:
    def test_outlast_a_node_that_was_killed(self) -> None:
        assert keys.HOLDER_LIFE.total_seconds() < rotation.PATIENCE_S


class _Killed(Exception):
    pass


class _Mortal(Database):
    """Dies before one of its writes: a process killed there has done everything before it."""

    writes_left = 1_000

    async def write(self, *args: Any, **options: Any) -> Any:
        if self.writes_left == 0:
            raise _Killed
        self.writes_left -= 1
        return await super().write(*args, **options)


@asynccontextmanager
async def broken_after(writes: int, url: str, path: Path) -> AsyncIterator[Database]:
    database = await _Mortal.open(url, keys_path=path)
    database.writes_left = writes - 1
    try:
        yield database
    finally:
        await database.close()
