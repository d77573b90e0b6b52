"""The workspace through the Ringg door: its credits, numbers and people, and how a key is changed for another."""

import asyncio

import pytest
import sqlalchemy as sa

from api_builders import (
    NEIGHBOUR_KEY,
    NUMBER_ID,
    OWNER,
    RINGG,
    RINGG_KEY,
    SECOND_NUMBER_ID,
    Doors,
    keep,
)
from api_examples import example, ordered_keys, without
from api_records import AGENT, ANSWERED_CALL, WORKSPACE, a_call, an_attempt, at, the_answered_call
from outdial.commands.credits import add_credits, set_price
from outdial.commands.users import add_user
from outdial.domain.call import CallState
from outdial.domain.ids import parse_uuid
from outdial.domain.rules import MICROS, Price
from outdial.store import schema
from outdial.store.database import Database


async def with_credits(database: Database) -> None:
    """3,025 credits, 25 of them set aside for a call that is being dialled."""
    await set_price(database, WORKSPACE, Price(MICROS))
    await add_credits(database, WORKSPACE, 3025 * MICROS, now=lambda: at("08:00:00"), note="")
    await keep(database, a_call(state=CallState.ACTIVE, attempts=(an_attempt(),)))
    held = schema.attempts.update().where(schema.attempts.c.call_id == ANSWERED_CALL).values(hold=25 * MICROS)
    await database.write(lambda conn: conn.execute(held))


class TestTheWorkspace:
    async def test_is_answered_as_documented(self, doors: Doors) -> None:
        await with_credits(doors.database)
        exchange = example("ringg", "60")

        got = (await doors.replay(exchange)).json()

        assert got == exchange["response"]["body"]
        assert ordered_keys(got) == ordered_keys(exchange["response"]["body"])

    async def test_is_the_only_one_of_its_key(self, doors: Doors) -> None:
        await with_credits(doors.database)
        exchange = example("ringg", "62")

        got = (await doors.replay(exchange)).json()

        assert got == exchange["response"]["body"]
        assert ordered_keys(got) == ordered_keys(exchange["response"]["body"])

    async def test_that_counts_no_credits_has_plenty(self, doors: Doors) -> None:
        (row,) = (await doors.ringg_get("/workspace/all")).json()["workspaces"]

        assert (row["credits"], row["locked_credits"]) == (999_999_999, 0)


class TestNumbers:
    async def test_are_answered_as_documented(self, doors: Doors) -> None:
        exchange = example("ringg", "61")

        rows = (await doors.replay(exchange)).json()["workspace_numbers"]

        for wanted in exchange["response"]["body"]["workspace_numbers"]:
            (got,) = [row for row in rows if row["id"] == wanted["id"]]
            assert without(got, "call_count") == without(wanted, "call_count")
            assert ordered_keys(got) == ordered_keys(wanted)

    async def test_count_the_dials_made_from_them(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call())

        rows = (await doors.ringg_get("/workspace/numbers")).json()["workspace_numbers"]

        assert {row["id"]: row["call_count"] for row in rows}[NUMBER_ID] == 1
        assert sum(row["call_count"] for row in rows) == 1

    async def test_belong_to_no_agent_that_is_out_of_use(self, doors: Doors) -> None:
        archived = schema.agents.update().where(schema.agents.c.id == AGENT).values(archived_at=at("08:00:00"))
        await doors.database.write(lambda conn: conn.execute(archived))

        rows = (await doors.ringg_get("/workspace/numbers")).json()["workspace_numbers"]

        (row,) = [row for row in rows if row["id"] == SECOND_NUMBER_ID]
        assert (row["agent"], row["is_inbound_enabled"]) == (None, False)

    async def test_of_a_workspace_without_users_have_no_owner(self, doors: Doors) -> None:
        (row,) = (await doors.ringg_get("/workspace/numbers", key=NEIGHBOUR_KEY)).json()["workspace_numbers"]

        assert row["owner"] == ""

    async def test_come_page_by_page(self, doors: Doors) -> None:
        page = (await doors.ringg_get("/workspace/numbers", limit="1", offset="1", page="7")).json()
        beyond = (await doors.ringg_get("/workspace/numbers", offset="50")).json()

        assert len(page["workspace_numbers"]) == 1
        assert beyond == {"workspace_numbers": []}


class TestUsers:
    async def test_are_answered_as_documented(self, doors: Doors) -> None:
        exchange = example("ringg", "63")

        got = (await doors.replay(exchange)).json()

        assert got == exchange["response"]["body"]
        assert ordered_keys(got) == ordered_keys(exchange["response"]["body"])

    async def test_come_in_the_order_they_joined(self, doors: Doors) -> None:
        for name in ("zoe", "ann"):
            await add_user(doors.database, WORKSPACE, f"{name}@example.test", now=lambda: at("08:00:00"))

        first = (await doors.ringg_get("/workspace/users", limit="1")).json()["workspace_users"]
        rest = (await doors.ringg_get("/workspace/users", offset="1")).json()["workspace_users"]

        assert [row["email"] for row in first] == [OWNER]
        assert {(row["username"], row["role"]) for row in rest} == {("zoe", "member"), ("ann", "member")}

    async def test_of_another_workspace_are_not_shown(self, doors: Doors) -> None:
        assert (await doors.ringg_get("/workspace/users", key=NEIGHBOUR_KEY)).json() == {"workspace_users": []}

    async def test_says_what_it_cannot_read(self, doors: Doors) -> None:
        response = await doors.ringg_get("/workspace/users", limit="many")

        assert (response.status_code, response.json()["message"]) == (400, "limit must be a whole number")


class TestRotation:
    async def rotate(self, doors: Doors, **headers: str) -> tuple[int, str]:
        response = await doors.http.patch(f"{RINGG}/workspace/api-key", headers=headers)
        return response.status_code, response.json().get("new_api_key", "")

    async def test_is_answered_as_documented(self, doors: Doors) -> None:
        exchange = example("ringg", "64")

        response = await doors.replay(exchange)

        assert response.status_code == 200
        assert list(response.json()) == list(exchange["response"]["body"])
        assert parse_uuid(response.json()["new_api_key"]) == response.json()["new_api_key"]

    async def test_kills_the_calling_key_at_once_and_the_new_one_opens(self, doors: Doors) -> None:
        _, new = await self.rotate(doors, **{"X-API-KEY": RINGG_KEY})

        assert (await doors.ringg_get("/workspace", key=RINGG_KEY)).status_code == 401
        assert (await doors.ringg_get("/workspace", key=new)).json()["workspace_info"]["id"] == WORKSPACE

    async def test_takes_the_key_from_authorization_too(self, doors: Doors) -> None:
        status, new = await self.rotate(doors, Authorization=f"Bearer {RINGG_KEY}")

        assert (status, (await doors.ringg_get("/workspace", key=RINGG_KEY)).status_code) == (200, 401)
        assert (await doors.ringg_get("/workspace", key=new)).status_code == 200

    async def test_can_be_done_again_with_the_new_key(self, doors: Doors) -> None:
        _, second = await self.rotate(doors, **{"X-API-KEY": RINGG_KEY})
        status, third = await self.rotate(doors, **{"X-API-KEY": second})

        assert (status, second != third) == (200, True)
        assert (await self.rotate(doors, **{"X-API-KEY": second}))[0] == 401

    async def test_of_one_key_at_the_same_moment_gives_one_new_key(self, doors: Doors) -> None:
        answers = await asyncio.gather(*(self.rotate(doors, **{"X-API-KEY": RINGG_KEY}) for _ in range(5)))

        assert sorted(status for status, _ in answers) == [200, 401, 401, 401, 401]
        open_keys = sa.select(sa.func.count()).where(
            schema.api_keys.c.workspace_id == WORKSPACE,
            schema.api_keys.c.dialect == "ringg",
            schema.api_keys.c.revoked_at.is_(None),
        )
        assert await doors.database.read(lambda conn: conn.scalar(open_keys)) == 1

    async def test_by_nobody_changes_nothing(self, doors: Doors) -> None:
        assert (await self.rotate(doors))[0] == 401
        assert (await doors.ringg_get("/workspace")).status_code == 200


@pytest.mark.parametrize("path", ["/workspace", "/workspace/all", "/workspace/users", "/workspace/numbers"])
async def test_nothing_of_a_workspace_is_shown_without_a_key(doors: Doors, path: str) -> None:
    assert (await doors.ringg_get(path, key="")).status_code == 401
