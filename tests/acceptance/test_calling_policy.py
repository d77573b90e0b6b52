"""What an operator lays down from the command line holds for the calls customers place over the API."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from platform_builders import Platform, a_platform

pytestmark = pytest.mark.timeout(300)
BUSY, DECLINES = "+15550002001", "+15550002003"


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    async with a_platform(tmp_path_factory.mktemp("policy") / "home", SPEECH="scripted") as running:
        yield running


async def facts(platform: Platform, call_id: str) -> list[str]:
    return [event["type"] for event in await platform.events(call_id)]


class TestANumberOnTheSuppressionList:
    async def test_is_accepted_as_a_callee_and_never_rung(self, platform: Platform) -> None:
        await platform.outdial("suppress", "add", BUSY, "--reason", "asked not to be rung")

        call_id = await platform.place(BUSY)
        details = await platform.ended(call_id)

        assert (details["call_status"], details["call_sub_status"]) == ("cancelled", "DND_SKIPPED")
        assert "dialing" not in await facts(platform, call_id)

    async def test_is_rung_again_once_it_is_taken_off(self, platform: Platform) -> None:
        await platform.outdial("suppress", "add", DECLINES)
        await platform.outdial("suppress", "remove", DECLINES)

        call_id = await platform.place(DECLINES)
        await platform.ended(call_id)

        assert "dialing" in await facts(platform, call_id)


class TestQuietHours:
    async def test_let_nobody_be_rung_of_whom_nobody_knows_the_time_of_day(self, platform: Platform) -> None:
        await platform.outdial("policy", "set", "--hours", "08:00-21:00")

        # 555 is nobody's area code.
        call_id = await platform.place(DECLINES)
        details = await platform.ended(call_id)
        await platform.outdial("policy", "set", "--hours", "off")

        assert (details["call_status"], details["call_sub_status"]) == ("cancelled", "DND_SKIPPED")
        assert "dialing" not in await facts(platform, call_id)
