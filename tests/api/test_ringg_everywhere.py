"""Leniencies that hold at every route of the Ringg door: what nobody knows changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent_builders import KNOWLEDGE, add_knowledge, agent_doors
from api_builders import RINGG, RINGG_KEY, SURVEY_AGENT, Doors, a_ringg_body, keep
from api_examples import NOBODYS_ID, example, without
from api_records import AGENT, ANSWERED_CALL, the_answered_call
from outdial.domain.request import without_credentials
from outdial.store import schema
from outdial.store.database import Database

UNKNOWN = {"page": "2", "page_size": "1", "search": "x", "sort[]": "-a"}
KEYED = {"X-API-KEY": RINGG_KEY}
INDIVIDUAL = "/calling/outbound/individual"


@pytest.fixture
async def doors(sqlite: Database, tmp_path: Path) -> AsyncIterator[Doors]:
    await add_knowledge(sqlite)
    await keep(sqlite, the_answered_call())
    async with agent_doors(sqlite, tmp_path) as opened:
        yield opened


async def test_l13_unknown_parameters_change_no_answer(doors: Doors) -> None:
    document = (await doors.http.get(f"{RINGG}/openapi.json")).json()
    named = {"call_id": ANSWERED_CALL, "agent_id": AGENT, "kb_id": KNOWLEDGE, "bulk_list_id": NOBODYS_ID}
    asked = [path.format_map(named) for path, methods in document["paths"].items() if "get" in methods]

    for path in asked:
        plain = await doors.http.get(RINGG + path, headers=KEYED)
        more = await doors.http.get(RINGG + path, headers=KEYED, params=UNKNOWN)

        varying = ("request_id", "recording_url", "audio_recording")
        assert more.status_code == plain.status_code < 500, path
        assert without(more.json(), *varying) == without(plain.json(), *varying), path
    assert len(asked) > 10


BODIES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", INDIVIDUAL, a_ringg_body()),
    ("POST", "/public/agent", example("ringg", "40")["request"]["body"]),
    ("PATCH", f"/public/agent/{SURVEY_AGENT}", {"name": "Another"}),
    ("PATCH", "/agent/v1", example("ringg", "46")["request"]["body"] | {"agent_id": SURVEY_AGENT}),
    ("POST", f"/calling/{ANSWERED_CALL}/feedback", example("ringg", "81")["request"]["body"]),
]


@pytest.mark.parametrize(("method", "path", "body"), BODIES, ids=[path for _, path, _ in BODIES])
async def test_l25_unknown_keys_change_no_answer(doors: Doors, method: str, path: str, body: dict[str, Any]) -> None:
    unknown = {"nobody_knows": {"this": [1, None]}, "metadata2": "x"}

    plain = await doors.http.request(method, RINGG + path, headers=KEYED, json=body)
    more = await doors.http.request(method, RINGG + path, headers=KEYED, json={**unknown, **body})

    assert (plain.status_code, more.status_code) == (200, 200)
    assert "nobody_knows" not in more.text
    assert set(more.json()) == set(plain.json())


@pytest.mark.parametrize("path", ["/calling/v2/outbound/individual", "/calling/outbound/individual/v2"])
async def test_l24_every_alias_takes_and_answers_all_that_the_first_does(doors: Doors, path: str) -> None:
    body = example("ringg", "02")["request"]["body"]
    first = await doors.ringg(body)
    alias = await doors.ringg(body, path=path)

    ids = ("call_id", "Unique Call ID")
    assert (first.status_code, alias.status_code) == (200, 200)
    assert without(alias.json(), *ids) == without(first.json(), *ids)
    stored = await doors.database.read(
        lambda conn: [dict(row._mapping) for row in conn.execute(schema.call_requests.select())]
    )
    assert [row["body"] for row in stored[-2:]] == [without_credentials(body)] * 2


async def test_l24_details_by_their_path_are_those_by_their_id(doors: Doors) -> None:
    by_id = await doors.ringg_get("/calling/call-details", id=ANSWERED_CALL)
    by_path = await doors.ringg_get(f"/calling/history/{ANSWERED_CALL}")

    assert by_path.status_code == 200
    assert without(by_path.json(), "recording_url") == without(by_id.json(), "recording_url")


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("GET", "/agent/all", {"params": {"limit": "x"}}, 400),
        ("GET", "/workspace/numbers", {"params": {"limit": "x"}}, 400),
        ("GET", f"/calling/history/{NOBODYS_ID}", {}, 404),
        ("GET", "/calling/history/x", {"params": {"send_analysis": "perhaps"}}, 400),
        ("PATCH", "/campaign/terminate/agent", {"json": {}}, 400),
        ("POST", "/calling/outbound/individual/v2", {"json": {}}, 400),
        ("POST", "/calling/outbound/individual/v2", {"json": a_ringg_body(agent_id=NOBODYS_ID)}, 404),
    ],
)
async def test_refusals_of_every_alias(doors: Doors, method: str, path: str, sent: dict[str, Any], status: int) -> None:
    response = await doors.http.request(method, RINGG + path, headers=KEYED, **sent)

    assert response.status_code == status
    assert response.json()["detail"] == response.json()["message"] == response.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/calling/v2/outbound/individual", "/calling/outbound/individual/v2"])
async def test_422_to_another_body_under_the_key_of_a_call_at_every_alias(doors: Doors, path: str) -> None:
    again = KEYED | {"Idempotency-Key": "k"}

    first = await doors.http.post(RINGG + path, json=a_ringg_body(), headers=again)
    other = await doors.http.post(RINGG + path, json=a_ringg_body(name="Ann"), headers=again)

    assert (first.status_code, other.status_code) == (200, 422)
    assert await doors.calls_stored() == 2
