"""The documentation's exchanges, replayed: the same requests get the same answers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from api_builders import Doors, keep, open_doors
from api_examples import example, ordered_keys, without
from api_records import (
    ANALYSED,
    an_attempt,
    at,
    the_answered_call,
    the_unanswered_call,
)
from outdial.domain.call import AttemptState
from outdial.domain.ids import parse_uuid
from outdial.domain.outcome import Outcome
from outdial.domain.record import CallRecord
from outdial.store.database import Database


async def replay(doors: Doors, exchange: dict[str, Any]) -> httpx.Response:
    asked = exchange["request"]
    return await doors.http.request(
        exchange["method"],
        exchange["path"],
        headers=asked["headers"],
        params=asked.get("query"),
        **({"json": asked["body"]} if "body" in asked else {}),
    )


def accepted_at(exchange: dict[str, Any]) -> Callable[[], datetime]:
    text = exchange["response"]["body"]["data"]["initiated_at"]
    moment = datetime.fromisoformat(text + "+00:00")
    return lambda: moment


class TestAnAcceptedCall:
    @pytest.mark.parametrize("number", ["01", "02", "03", "04"])
    async def test_is_answered_as_documented(self, sqlite: Database, tmp_path: Path, number: str) -> None:
        exchange = example("ringg", number)
        wanted = exchange["response"]["body"]
        async with open_doors(sqlite, tmp_path, now=accepted_at(exchange)) as doors:
            response = await replay(doors, exchange)

            assert response.status_code == exchange["response"]["status"]
            assert without(response.json(), "call_id", "Unique Call ID") == without(wanted, "call_id", "Unique Call ID")
            assert ordered_keys(response.json()) == ordered_keys(wanted)
            assert await doors.calls_stored() == 1

    async def test_has_one_id_wherever_it_is_looked_for(self, doors: Doors) -> None:
        response = await replay(doors, example("ringg", "01"))

        data = response.json()["data"]
        assert data["call_id"] == data["Unique Call ID"] == parse_uuid(data["call_id"])

    async def test_is_scheduled_by_the_clock_on_its_wall(self, sqlite: Database, tmp_path: Path) -> None:
        exchange = example("ringg", "03")
        async with open_doors(sqlite, tmp_path, now=accepted_at(exchange)) as doors:
            call_id = (await replay(doors, exchange)).json()["data"]["call_id"]

            details = (await doors.ringg_get("/calling/call-details", call_id=call_id)).json()["data"]

        wanted = example("ringg", "13")["response"]["body"]["data"]
        assert without(details, "id", "call_id") == without(wanted, "id", "call_id")
        assert ordered_keys(details) == ordered_keys(wanted)


class TestARefusedCall:
    @pytest.mark.parametrize("number", ["05", "06", "07", "08", "09"])
    async def test_is_answered_as_documented(self, doors: Doors, number: str) -> None:
        exchange = example("ringg", number)

        response = await replay(doors, exchange)

        assert response.status_code == exchange["response"]["status"]
        assert without(response.json(), "request_id") == without(exchange["response"]["body"], "request_id")
        assert ordered_keys(response.json()) == ordered_keys(exchange["response"]["body"])
        assert response.json()["request_id"] == response.headers["X-Request-Id"]
        assert await doors.calls_stored() == 0

    async def test_over_the_rate_says_when_to_come_back(self, sqlite: Database, tmp_path: Path) -> None:
        exchange = example("ringg", "10")
        async with open_doors(sqlite, tmp_path, requests_per_s=0.5, seconds=lambda: 0.0) as doors:
            first = await replay(doors, exchange)
            second = await replay(doors, exchange)

            assert first.status_code == 200
            assert second.status_code == 429
            assert second.headers["Retry-After"] == exchange["response"]["headers"]["Retry-After"]
            assert without(second.json(), "request_id") == without(exchange["response"]["body"], "request_id")
            assert await doors.calls_stored() == 1


class TestReading:
    async def test_history(self, doors: Doors) -> None:
        exchange = example("ringg", "11")
        await keep(doors.database, the_answered_call(), the_call_dialed_twice())

        response = await replay(doors, exchange)

        ignored = "audio_recording"
        assert response.status_code == 200
        assert without(response.json(), ignored) == without(exchange["response"]["body"], ignored)
        assert ordered_keys(response.json()) == ordered_keys(exchange["response"]["body"])

    async def test_details_of_a_completed_call(self, doors: Doors) -> None:
        exchange = example("ringg", "12")
        await keep(doors.database, the_answered_call(analysis=ANALYSED))

        response = await replay(doors, exchange)

        wanted = exchange["response"]["body"]["data"]
        got = response.json()["data"]
        assert without(got, "recording_url") == without(wanted, "recording_url")
        assert ordered_keys(got) == ordered_keys(wanted)

    async def test_details_of_a_talk_nothing_is_known_of_yet(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call())

        got = (await replay(doors, example("ringg", "12"))).json()["data"]

        empty = example("ringg", "29")["payload"]["platform_analysis"]
        assert got["platform_analysis"] == {**empty, "call_disconnect_reason": "user_hangup"}
        assert got["client_analysis"] == {}

    async def test_details_between_two_attempts(self, sqlite: Database, tmp_path: Path) -> None:
        exchange = example("ringg", "14")
        await keep(sqlite, the_unanswered_call(window=None))
        async with open_doors(sqlite, tmp_path, now=lambda: at("09:20:00")) as doors:
            response = await replay(doors, exchange)

        assert response.json() == exchange["response"]["body"]
        assert ordered_keys(response.json()) == ordered_keys(exchange["response"]["body"])

    async def test_agents(self, doors: Doors) -> None:
        exchange = example("ringg", "42")

        rows = (await replay(doors, exchange)).json()["data"]["agents"]

        (wanted,) = exchange["response"]["body"]["data"]["agents"]
        (got,) = [row for row in rows if row["id"] == wanted["id"]]
        assert without(got, "call_count") == without(wanted, "call_count")
        assert ordered_keys(got) == ordered_keys(wanted)
        assert not any(row["is_archived"] for row in rows)


def the_call_dialed_twice() -> CallRecord:
    """The second row of the history example: tried from both numbers of its pool."""
    first = the_unanswered_call().attempts[0]
    second = an_attempt(
        2,
        from_number="+12025550101",
        state=AttemptState.ENDED,
        ended_at=first.ended_at,
        outcome=Outcome.BUSY,
    )
    first = replace(first, dialed_at=at("09:10:41"))
    return the_unanswered_call(
        callee_name="Sam Sample", from_numbers=("+12025550100", "+12025550101"), attempts=(first, second)
    )
