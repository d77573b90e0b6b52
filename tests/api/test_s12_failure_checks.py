"""The page's "common failure checks" as required behaviour (§12), through the door a customer stands in front of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from api_builders import RINGG, RINGG_KEY, SURVEY_AGENT, Doors, a_ringg_body, open_doors
from attempt_builders import a_result
from dialer_builders import World
from outdial.commands.keys import create_key
from outdial.domain.health import FAILURES_IN_A_ROW
from outdial.domain.outcome import Outcome
from outdial.domain.rules import Price, Rules
from store_builders import Ready

INDIVIDUAL = f"{RINGG}/calling/outbound/individual"
CONFIG: Mapping[str, Mapping[str, str]] = {
    "window": {"call_start_time": "17:00", "call_end_time": "18:00", "timezone": "UTC"},
    "schedule": {"scheduled_at": "2026-03-02T14:00:00Z"},
}
"""What a request holds for such a cause, at noon of that day; the others are conditions of the workspace."""
CAUSES = ("schedule", "window", "credits", "provider_health")
IN_DB = {"schedule", "window", "credits"}
MOMENTS: Mapping[str, str] = {"schedule": "2026-03-02T14:00:00", "window": "2026-03-02T17:00:00"}


@dataclass
class Customer:
    """A workspace that dials, and its Ringg key."""

    world: World
    doors: Doors
    key: str

    async def place(self, *causes: str) -> str:
        """A call that all of these hold back; its id."""
        if "credits" in causes:
            await self.world.has_rules(Rules(price=Price(per_minute_micros=1_000_000)))
        hours: dict[str, str] = {}
        for cause in causes:
            hours |= CONFIG.get(cause, {})
        return await self.placed(hours)

    async def placed(self, hours: Mapping[str, str]) -> str:
        body = a_ringg_body(
            agent_id=self.world.agent_id,
            from_number_id=self.world.number_ids[0],
            call_config={"call_time": dict(hours)} if hours else ...,
        )
        answer = await self.doors.ringg(body, key=self.key)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["data"]["call_id"])

    async def provider_fails(self) -> None:
        for _ in range(FAILURES_IN_A_ROW):
            await self.world.call()
        for one in await self.world.claims(await self.world.holder()):
            await self.world.asked(one)
            await self.world.finished(one, a_result(Outcome.TRUNK_FAILED, at=self.world.clock()))

    async def details(self, call_id: str) -> dict[str, Any]:
        data: dict[str, Any] = (await self.doors.ringg_get("/calling/call-details", self.key, id=call_id)).json()[
            "data"
        ]
        return data

    async def taken_up(self) -> list[str]:
        """The ids of the calls a dialer would dial now; it does."""
        return [one.call_id for one in await self.world.claims(await self.world.holder())]

    async def goes_at(self, *moments: datetime) -> list[int]:
        """How many calls go at each of these moments."""
        gone = []
        for moment in moments:
            self.world.clock.now = moment
            gone.append(len(await self.taken_up()))
        return gone


@pytest.fixture
async def customer(ready_databases: Ready, tmp_path: Path) -> AsyncIterator[Customer]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(ready_databases.database("sqlite", tmp_path))
        world = await World(database).set_up()
        key = await create_key(database, world.workspace_id, "ringg", now=world.clock)
        yield Customer(world, await stack.enter_async_context(open_doors(database, tmp_path, now=world.clock)), key)


class TestUnauthorized:
    async def test_s12_a_key_rotated_between_two_requests(self, doors: Doors) -> None:
        body = a_ringg_body()
        old = {"X-API-KEY": RINGG_KEY}
        before = await doors.http.post(INDIVIDUAL, headers=old, json=body)

        rotated = await doors.http.patch(f"{RINGG}/workspace/api-key", headers=old)
        with_the_old = await doors.http.post(INDIVIDUAL, headers=old, json=body)
        with_the_new = await doors.http.post(
            INDIVIDUAL, headers={"X-API-KEY": rotated.json()["new_api_key"]}, json=body
        )

        assert [one.status_code for one in (before, rotated, with_the_old, with_the_new)] == [200, 200, 401, 200]
        assert with_the_old.json()["message"] == "API key is missing or not valid"
        assert await doors.calls_stored() == 2


class TestValidationError:
    async def test_s12_a_missing_field_both_caller_numbers_and_an_invalid_number_are_all_named(
        self, doors: Doors
    ) -> None:
        body = a_ringg_body(name=..., mobile_number="202 555 0143", from_number="+12025550100")

        answer = await doors.ringg(body)

        fields = [detail["loc"][-1] for detail in answer.json()["details"]]
        assert answer.status_code == 400
        assert fields == ["name", "mobile_number", "from_number"]
        assert await doors.calls_stored() == 0


class TestACallThatRemainsQueued:
    @pytest.mark.parametrize("causes", [*((cause,) for cause in CAUSES), *combinations(CAUSES, 2)])
    async def test_s12_each_cause_alone_and_two_together(self, customer: Customer, causes: tuple[str, ...]) -> None:
        if "provider_health" in causes:
            await customer.provider_fails()

        call_id = await customer.place(*causes)
        details = await customer.details(call_id)

        assert await customer.taken_up() == []
        assert details["call_status"] == "registered"
        assert details["call_sub_status"] == ("IN_DB" if IN_DB & {*causes} else "RATE_LIMITED")
        assert set(details["blocked_by"]) == set(causes)
        at = details["next_eligible_at"]
        if "credits" in causes:
            assert at is None
        elif known := [MOMENTS[cause] for cause in causes if cause in MOMENTS]:
            assert at.startswith(max(known))
        else:
            assert at is not None
        assert details["retry_count"] == 0

    @pytest.mark.parametrize("cause", CAUSES)
    async def test_s12_goes_by_itself_once_the_cause_is_gone(self, customer: Customer, cause: str) -> None:
        if cause == "provider_health":
            await customer.provider_fails()
        call_id = await customer.place(cause)
        assert await customer.taken_up() == []
        at = (await customer.details(call_id))["next_eligible_at"]

        if cause == "credits":
            await customer.world.has_rules(Rules())
        else:
            customer.world.clock.now = datetime.fromisoformat(at)

        assert await customer.taken_up() == [call_id]

    async def test_s12_a_scheduled_call_outside_its_window_waits_for_the_window(self, customer: Customer) -> None:
        at = datetime(2026, 3, 2, tzinfo=UTC)
        await customer.placed({**CONFIG["window"], **CONFIG["schedule"]})

        assert await customer.goes_at(at.replace(hour=14), at.replace(hour=16, minute=59), at.replace(hour=17)) == [
            0,
            0,
            1,
        ]

    async def test_s12_a_window_that_opens_across_midnight(self, customer: Customer) -> None:
        at = datetime(2026, 3, 2, tzinfo=UTC)
        hours = {"call_start_time": "22:00", "call_end_time": "02:00", "timezone": "UTC"}
        await customer.placed(hours)
        later = await customer.placed({**hours, "scheduled_at": "2026-03-03T01:30:00Z"})
        too_late = await customer.placed({**hours, "scheduled_at": "2026-03-03T02:30:00Z"})

        gone = await customer.goes_at(at.replace(hour=21, minute=59), at.replace(hour=22))
        customer.world.clock.now = at + timedelta(days=1, hours=1, minutes=30)
        assert gone == [0, 1]
        assert await customer.taken_up() == [later]
        customer.world.clock.now = at + timedelta(days=1, hours=21, minutes=59)
        assert await customer.taken_up() == []
        customer.world.clock.now += timedelta(minutes=1)
        assert await customer.taken_up() == [too_late]

    async def test_s12_a_window_that_opens_across_a_clock_change(self, customer: Customer) -> None:
        """Berlin's clocks skip from 02:00 to 03:00 on 29 March 2026: 09:00 comes at 07:00 UTC, not at 08:00."""
        customer.world.clock.now = datetime(2026, 3, 28, 17, 0, tzinfo=UTC)
        await customer.placed({"call_start_time": "09:00", "call_end_time": "17:00", "timezone": "Europe/Berlin"})
        sunday = datetime(2026, 3, 29, 7, 0, tzinfo=UTC)

        assert await customer.goes_at(sunday - timedelta(seconds=1), sunday) == [0, 1]


class TestWrongData:
    async def test_s12_a_prompt_with_company_name_called_with_companyName(self, doors: Doors) -> None:  # noqa: N802
        values = {"companyName": "Example Ltd"}

        wrong = await doors.ringg(a_ringg_body(agent_id=SURVEY_AGENT, custom_args_values=values))
        call_id = wrong.json()["data"]["call_id"]
        details = (await doors.ringg_get("/calling/call-details", id=call_id)).json()["data"]
        right = await doors.ringg(a_ringg_body(agent_id=SURVEY_AGENT, custom_args_values={"company_name": "Example"}))

        assert wrong.json()["warnings"] == details["warnings"]
        assert {"missing_variable:company_name", "unused_variable:companyName"} <= set(details["warnings"])
        assert not [one for one in right.json().get("warnings", []) if "company" in one]
