"""Which calls a list holds: by what customers wrote on them, by how they ended, by their list."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from api_builders import NATIVE_KEY, NUMBER_ID, Doors, a_ringg_body, keep, open_doors, seed
from api_records import AGENT, a_call, the_answered_call, the_unanswered_call
from outdial.domain.call import CallState
from outdial.domain.ids import new_id
from outdial.domain.outcome import Outcome
from outdial.store.database import Database

LIST = "cccccccc-cccc-4ccc-8ccc-cccccccccccc"


@pytest.fixture
async def doors(database: Database, tmp_path: Path) -> AsyncIterator[Doors]:
    """On either engine: they look into JSON in different ways."""
    await seed(database)
    async with open_doors(database, tmp_path) as opened:
        yield opened


async def listed(doors: Doors, query: Mapping[str, str]) -> httpx.Response:
    return await doors.http.get("/v1/calls", params=dict(query), headers={"Authorization": f"Bearer {NATIVE_KEY}"})


async def names(doors: Doors, query: Mapping[str, str]) -> set[str]:
    response = await listed(doors, query)
    assert response.status_code == 200, response.text
    return {call["callee_name"] for call in response.json()["calls"]}


async def place(doors: Doors, name: str, **more: Any) -> None:
    body = {"to_number": "+12025550143", "agent_id": AGENT, "from_number_ids": [NUMBER_ID], "callee_name": name}
    headers = {"Authorization": f"Bearer {NATIVE_KEY}"}
    assert (await doors.http.post("/v1/calls", json=body | more, headers=headers)).status_code == 201


class TestWhatStandsOnACall:
    METADATA: Mapping[str, Any] = {
        "order_id": "ORD-7",
        "größe": "übergroß",
        'a"b.c': "dotted",
        "count": 7,
        "share": 2.5,
        "vip": True,
        "nothing": None,
        "deep": {"order_id": "ORD-8"},
        "list": ["x"],
        "empty": "",
    }

    QUESTIONS = (
        ("order_id", "ORD-7", True),
        ("order_id", "ord-7", False),
        ("order_id", "ORD-8", False),
        ("größe", "übergroß", True),
        ('a"b.c', "dotted", True),
        ("count", "7", True),
        ("count", "7.0", False),
        ("share", "2.5", True),
        ("vip", "true", True),
        ("vip", "1", False),
        ("nothing", "null", False),
        ("nothing", "", False),
        ("deep", '{"order_id": "ORD-8"}', False),
        ("deep.order_id", "ORD-8", False),
        ("list", '["x"]', False),
        ("empty", "", True),
        ("absent", "", False),
        ("", "", False),
    )
    """A name, a text, and whether such a call is found."""

    async def test_is_compared_as_text(self, doors: Doors) -> None:
        await place(doors, "with", metadata=self.METADATA, variables=self.METADATA)
        await place(doors, "without")
        await doors.ringg(a_ringg_body(name="ringg", metadata=self.METADATA))

        for part in ("metadata", "variables"):
            found = [
                (name, text, bool(await names(doors, {f"{part}.{name}": text}))) for name, text, _ in self.QUESTIONS
            ]
            assert found == list(self.QUESTIONS), part

    async def test_finds_calls_of_every_door_by_their_variables(self, doors: Doors) -> None:
        await place(doors, "native", variables={"company": "Ex"})
        await doors.ringg(a_ringg_body(name="ringg", custom_args_values={"company": "Ex"}))

        assert len(await names(doors, {"variables.company": "Ex"})) == 2

    async def test_must_hold_all_that_is_asked_for(self, doors: Doors) -> None:
        await place(doors, "both", metadata={"a": 1, "b": 2}, variables={"c": 3})
        await place(doors, "one", metadata={"a": 1})

        assert await names(doors, {"metadata.a": "1"}) == {"both", "one"}
        assert await names(doors, {"metadata.a": "1", "metadata.b": "2", "variables.c": "3"}) == {"both"}

    async def test_is_looked_for_page_by_page(self, doors: Doors) -> None:
        for number in range(5):
            await place(doors, f"{number}", metadata={"a": number % 2})
        seen: list[str] = []
        cursor: dict[str, str] = {}

        while True:
            page = (await listed(doors, {"metadata.a": "0", "limit": "2", **cursor})).json()
            seen += [call["callee_name"] for call in page["calls"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}

        assert sorted(seen) == ["0", "2", "4"]


class TestHowItEnded:
    QUESTIONS: Sequence[tuple[Mapping[str, str], set[str]]] = (
        ({"outcome": "busy"}, {"busy"}),
        ({"outcome": "completed,busy"}, {"busy", "talked"}),
        ({"outcome": "no_answer"}, set()),
        ({"bulk_list_id": LIST}, {"listed"}),
        ({"bulk_list_id": LIST.upper(), "outcome": "busy"}, set()),
    )

    async def test_or_its_list(self, doors: Doors) -> None:
        busy = a_call(id=new_id(), callee_name="busy", state=CallState.FAILED, outcome=Outcome.BUSY)
        waits = the_unanswered_call(callee_name="waits")
        on_list = a_call(id=new_id(), callee_name="listed", bulk_list_id=LIST)
        await keep(doors.database, the_answered_call(callee_name="talked"), busy, waits, on_list)

        assert [await names(doors, query) for query, _ in self.QUESTIONS] == [found for _, found in self.QUESTIONS]

    async def test_must_be_a_question_that_makes_sense(self, doors: Doors) -> None:
        nonsense = [
            ("outcome", "talked"),
            ("outcome", ""),
            ("bulk_list_id", "x"),
            ("metadata.a", "\0"),
            ("variables.\0", "x"),
        ]

        for name, value in nonsense:
            response = await listed(doors, {name: value})
            assert (response.status_code, response.json()["errors"][0]["parameter"]) == (400, name)
