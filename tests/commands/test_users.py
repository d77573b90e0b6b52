"""People of a workspace: who may join, and who must stay."""

import asyncio

import pytest

from outdial.commands.provision import create_workspace
from outdial.commands.users import add_user, remove_user
from outdial.domain.errors import Conflict, Invalid, NotFound
from outdial.domain.ids import new_id
from outdial.store.database import Database
from outdial.store.users import users_of
from workspace_builders import AT_NOON


async def an_owned_workspace(database: Database) -> str:
    workspace_id = await create_workspace(database, "Example Dental", now=AT_NOON)
    await add_user(database, workspace_id, "Owner@Example.test", now=AT_NOON, role="owner")
    return workspace_id


class TestAUser:
    async def test_has_an_address_in_small_letters_and_a_name_from_it(self, database: Database) -> None:
        workspace_id = await an_owned_workspace(database)

        (user,) = await database.read(users_of, workspace_id)

        assert (user.email, user.username, user.role) == ("owner@example.test", "owner", "owner")
        assert user.invite_status == "success"

    async def test_joins_a_workspace_once(self, database: Database) -> None:
        workspace_id = await an_owned_workspace(database)

        with pytest.raises(Conflict, match=r"already has a user owner@example\.test"):
            await add_user(database, workspace_id, " OWNER@example.test ", now=AT_NOON)

    async def test_may_belong_to_two_workspaces(self, database: Database) -> None:
        first, second = await an_owned_workspace(database), await an_owned_workspace(database)

        assert len(await database.read(users_of, first)) == len(await database.read(users_of, second)) == 1

    @pytest.mark.parametrize("email", ["", "owner", "@example.test", "a b@example.test", "a@b@c", "a\0@example.test"])
    async def test_needs_an_address(self, database: Database, email: str) -> None:
        with pytest.raises(Invalid, match="email must be an address"):
            await add_user(database, new_id(), email, now=AT_NOON)

    async def test_is_told_all_that_is_wrong(self, database: Database) -> None:
        with pytest.raises(Invalid) as wrong:
            await add_user(database, new_id(), "a@b.test", now=AT_NOON, username="x" * 129, role="king")

        assert [fault.path for fault in wrong.value.faults] == [("username",), ("role",)]

    async def test_joins_no_workspace_that_is_not_there(self, database: Database) -> None:
        with pytest.raises(NotFound, match="Workspace not found"):
            await add_user(database, new_id(), "a@b.test", now=AT_NOON)


class TestRemoving:
    async def test_leaves_the_others(self, database: Database) -> None:
        workspace_id = await an_owned_workspace(database)
        await add_user(database, workspace_id, "ann@example.test", now=AT_NOON)

        await remove_user(database, workspace_id, "Ann@example.test")

        assert [user.email for user in await database.read(users_of, workspace_id)] == ["owner@example.test"]

    async def test_of_the_last_owner_is_refused(self, database: Database) -> None:
        workspace_id = await an_owned_workspace(database)

        with pytest.raises(Conflict, match="last owner"):
            await remove_user(database, workspace_id, "owner@example.test")

    async def test_of_a_stranger_is_not_found(self, database: Database) -> None:
        workspace_id = await an_owned_workspace(database)

        with pytest.raises(NotFound, match="User not found"):
            await remove_user(database, workspace_id, "ann@example.test")

    async def test_of_both_owners_at_the_same_moment_leaves_one(self, database: Database) -> None:
        workspace_id = await an_owned_workspace(database)
        await add_user(database, workspace_id, "ann@example.test", now=AT_NOON, role="owner")
        both = ["owner@example.test", "ann@example.test"]

        done = await asyncio.gather(*(remove_user(database, workspace_id, one) for one in both), return_exceptions=True)

        assert [type(one) for one in done].count(Conflict) == 1
        assert len(await database.read(users_of, workspace_id)) == 1
