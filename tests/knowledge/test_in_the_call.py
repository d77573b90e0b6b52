"""From a file that was sent over HTTP to what the model is told in the call: nothing between them is made up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from api_builders import RINGG, RINGG_KEY, open_doors, seed
from chat_endpoint import an_endpoint, text
from dialer_builders import World, ground, order_for
from knowledge_builders import a_pdf, read_all
from outdial.conversation.ports import Say
from outdial.domain.agent import Definition, PromptSection
from outdial.domain.attempt import Order
from outdial.domain.clock import utc_now
from outdial.knowledge.index import Index
from outdial.knowledge.shelf import Shelf
from outdial.language.chat import ChatLanguage, ChatSettings
from outdial.store.database import Database

FACT = "A check-up costs 49 dollars."


async def sent(http: httpx.AsyncClient) -> str:
    answer = await http.post(
        f"{RINGG}/external/kb",
        headers={"X-API-KEY": RINGG_KEY},
        data={"kb_name": "Prices", "faqs": json.dumps([{"question": "Where are you?", "answer": "In Elm Street."}])},
        files={"files": ("prices.pdf", a_pdf(FACT), "application/pdf")},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["kb_id"])


class TestAFactFromAFile:
    async def test_is_before_the_model_when_it_is_asked_about(self, database: Database, tmp_path: Path) -> None:
        await seed(database)
        async with open_doors(database, tmp_path) as doors:
            base_id = await sent(doors.http)
        await read_all(database, clock=utc_now)
        await Shelf(database, tmp_path / "knowledge").step()

        asked = await _asked(database, base_id, tmp_path / "knowledge", "How much is a check up?")

        assert json.dumps(FACT) in asked["messages"][0]["content"]
        assert "Elm Street" not in asked["messages"][0]["content"]
        assert asked["messages"][-1] == {"role": "user", "content": "How much is a check up?"}

    async def test_of_a_deleted_base_is_nowhere(self, database: Database, tmp_path: Path) -> None:
        await seed(database)
        shelf = Shelf(database, tmp_path / "knowledge")
        async with open_doors(database, tmp_path) as doors:
            base_id = await sent(doors.http)
            await read_all(database, clock=utc_now)
            await shelf.step()
            await doors.http.delete(f"{RINGG}/external/kb/{base_id}", headers={"X-API-KEY": RINGG_KEY})
        await shelf.step()

        asked = await _asked(database, base_id, tmp_path / "knowledge", "How much is a check up?")

        assert FACT not in asked["messages"][0]["content"]


async def _asked(db: Database, base_id: str, folder: Path, question: str) -> dict[str, Any]:
    """What the model is asked when an agent with that base hears ``question``, its order built as for any call."""
    world = await World(db).set_up(
        definition=Definition(prompt=(PromptSection("", "You sell."),), knowledge=(base_id,))
    )
    await world.call()
    claim = await world.claimed()
    order = await db.read(order_for, claim, replace(ground(), knowledge=folder))
    assert isinstance(order, Order)
    index = Index()
    async with an_endpoint(text("Forty-nine dollars.")) as endpoint:
        language = ChatLanguage(ChatSettings(endpoint.base_url, model="tiny"), search=index.search)
        moves = [move async for move in language.open(order.brief).reply(question, ())]
        await language.close()
    index.close()
    assert moves == [Say("Forty-nine dollars.")]
    return endpoint.requests[0]
