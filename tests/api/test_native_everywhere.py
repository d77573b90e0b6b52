"""What holds at every route of the native door that shows the same thing: it shows all of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from typing import Any

import httpx
import pytest

from api_builders import NATIVE_KEY, NUMBER_ID, Doors, keep
from api_records import (
    AGENT,
    ANALYSED,
    ANSWERED_CALL,
    UNANSWERED_CALL,
    VERSION,
    at,
    the_answered_attempt,
    the_answered_call,
)
from outdial.domain.call import AttemptState, CallState
from outdial.domain.outcome import Outcome
from outdial.domain.request import Window

HOURS = Window(start=time(9, 0), end=time(17, 0), timezone="UTC")


async def ask(doors: Doors, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
    return await doors.http.request(
        method, f"/v1{path}", json=body, headers={"Authorization": f"Bearer {NATIVE_KEY}"}, **more
    )


class TestACall:
    async def test_shows_how_each_of_its_dials_went(self, doors: Doors) -> None:
        (turn, *others) = the_answered_attempt().turns
        told = the_answered_attempt(sip_code=200, reason="", turns=(replace(turn, interrupted=True), *others))
        await keep(doors.database, the_answered_call(attempts=(told,), window=HOURS))

        shown = (await ask(doors, "GET", f"/calls/{ANSWERED_CALL}")).json()
        (row,) = (await ask(doors, "GET", "/calls")).json()["calls"]

        (attempt,) = shown["attempts"]
        assert (shown["reason"], attempt["sip_code"], attempt["reason"]) == ("", 200, "")
        assert shown["window"] == {"start": "09:00", "end": "17:00", "timezone": "UTC"}
        first, second = attempt["transcript"][:2]
        assert (first["began_ms"], first["ended_ms"], first["interrupted"]) == (200, 1200, True)
        assert (second["speaker"], second["text"], second["interrupted"]) == ("callee", "Yes, go ahead.", False)
        assert row["attempts"] == shown["attempts"]

    @pytest.mark.parametrize(
        ("state", "method", "path", "body"),
        [
            (CallState.RETRY, "PATCH", "", {"scheduled_at": None}),
            (CallState.RETRY, "POST", "/cancel", None),
            (CallState.ACTIVE, "POST", "/hang-up", None),
        ],
    )
    async def test_is_shown_whole_when_it_was_changed(
        self, doors: Doors, state: CallState, method: str, path: str, body: Any
    ) -> None:
        over = the_answered_attempt(outcome=Outcome.BUSY)
        goes_on = the_answered_attempt(number=2, sid="CA2", state=AttemptState.TALKING, ended_at=None, outcome=None)
        attempts = (over, goes_on) if state is CallState.ACTIVE else (over,)
        call = the_answered_call(
            state=state, ended_at=None, outcome=None, ended_by=None, attempts=attempts, window=HOURS, analysis=ANALYSED
        )
        await keep(doors.database, call)

        changed = await ask(doors, method, f"/calls/{ANSWERED_CALL}{path}", body)

        assert changed.status_code in {200, 202}, changed.text
        assert changed.json() == (await ask(doors, "GET", f"/calls/{ANSWERED_CALL}")).json()

    async def test_that_is_over_gets_no_other_moment(self, doors: Doors) -> None:
        await keep(doors.database, the_answered_call())

        response = await ask(doors, "PATCH", f"/calls/{ANSWERED_CALL}", {"scheduled_at": None})

        assert (response.status_code, response.json()["type"]) == (409, "urn:outdial:problem:conflict")

    async def test_keeps_how_it_is_to_be_rung_and_led(self, doors: Doors) -> None:
        asked = {
            "to_number": "+12025550143",
            "agent_id": AGENT,
            "version_id": VERSION,
            "from_number_ids": [NUMBER_ID],
            "retry": {"count": 2, "busy_min": 5, "not_picked_min": 6, "failed_min": 7},
            "limits": {"idle_warning_s": 11, "idle_end_s": 22, "max_length_s": 120},
        }
        placed = await ask(doors, "POST", "/calls", asked)

        assert placed.status_code == 201, placed.text
        shown = (await ask(doors, "GET", f"/calls/{placed.json()['id']}")).json()
        assert shown["version_id"] == VERSION

    async def test_tells_its_facts_from_a_number_on(self, doors: Doors) -> None:
        body = {"to_number": "+12025550143", "agent_id": AGENT, "from_number_ids": [NUMBER_ID]}
        call_id = (await ask(doors, "POST", "/calls", body)).json()["id"]
        path = f"/calls/{call_id}/events"

        (registered,) = (await ask(doors, "GET", path)).json()["events"]
        later = await ask(doors, "GET", path, params={"after": str(registered["seq"])})
        wrong = await ask(doors, "GET", path, params={"after": "soon"})

        assert (datetime.fromisoformat(registered["at"]), registered["data"]) == (at("09:15:04.120331"), {})
        assert later.json()["events"] == []
        assert wrong.status_code == 400


class TestALine:
    async def test_is_listed_as_it_is_shown_and_page_by_page(self, doors: Doors) -> None:
        secret = {"auth_user": "me", "password": "hush hush", "display_name": "Desk", "srtp": "mandatory"}
        wanted = {"name": "carrier", "host": "sip.example.test", "transport": "tls", **secret}
        made = await ask(doors, "POST", "/trunks", wanted)
        assert made.status_code == 201, made.text

        first = (await ask(doors, "GET", "/trunks", params={"limit": "1"})).json()
        second = (await ask(doors, "GET", "/trunks", params={"limit": "1", "cursor": first["next"]})).json()

        assert second["next"] is None
        (shown,) = [one for one in first["trunks"] + second["trunks"] if one["id"] == made.json()["id"]]
        assert shown == made.json()
        assert [shown[name] for name in ("auth_user", "has_password", "display_name", "srtp")] == [
            "me",
            True,
            "Desk",
            "mandatory",
        ]

    async def test_is_changed_in_its_account_its_name_and_its_keys(self, doors: Doors) -> None:
        made = await ask(doors, "POST", "/trunks", {"name": "carrier", "host": "sip.example.test", "transport": "tls"})
        change = {"auth_user": "you", "display_name": "Front", "srtp": "mandatory"}

        changed = await ask(doors, "PATCH", f"/trunks/{made.json()['id']}", change)

        assert changed.status_code == 200, changed.text
        assert changed.json() == {**made.json(), **change}

    async def test_pool_is_listed_page_by_page(self, doors: Doors) -> None:
        await ask(doors, "POST", "/pools", {"name": "Second"})

        first = (await ask(doors, "GET", "/pools", params={"limit": "1"})).json()
        second = (await ask(doors, "GET", "/pools", params={"limit": "1", "cursor": first["next"]})).json()

        assert {one["name"] for one in first["pools"] + second["pools"]} == {"Main", "Second"}
        assert second["next"] is None

    @pytest.mark.parametrize(
        ("method", "path"),
        [("POST", "/pools"), ("PATCH", f"/pools/{UNANSWERED_CALL}"), ("POST", "/policy/check"), ("POST", "/numbers")],
    )
    async def test_refuses_what_is_no_object(self, doors: Doors, method: str, path: str) -> None:
        assert (await ask(doors, method, path, [])).status_code == 400
