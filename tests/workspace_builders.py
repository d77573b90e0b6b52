"""A workspace that can call, and requests to it: builders that name only what matters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from outdial.commands.keys import create_key
from outdial.commands.place_call import Placed, place_call
from outdial.commands.provision import add_agent, add_number, add_trunk, create_workspace
from outdial.domain.agent import Definition, Voice
from outdial.domain.attempt import Trunk
from outdial.domain.clock import Clock
from outdial.domain.request import CallRequest
from outdial.store.database import Database
from store_builders import NOON

AVA = Voice(id="11111111-1111-4111-8111-111111111111", name="ava", engine="local", languages=("en-US", "en-GB"))
LUZ = Voice(id="22222222-2222-4222-8222-222222222222", name="luz", engine="local", languages=("es-ES",))
VOICES = {voice.id: voice for voice in (AVA, LUZ)}
CALLEE = "+12025550143"
CALLER = "+12025550100"
GREETING = Definition(greeting="Hello @{{callee_name}}.", language="en-US", voice_id=AVA.id)


def at(moment: datetime) -> Clock:
    """A clock that stands still."""
    return lambda: moment


AT_NOON: Clock = at(NOON)


@dataclass(frozen=True)
class Office:
    """A workspace with a trunk, a number, an agent and a key."""

    db: Database
    workspace_id: str
    trunk_id: str
    number_id: str
    agent_id: str
    key: str

    def request(self, **facts: Any) -> CallRequest:
        """A request for a call to ``CALLEE``; ``facts`` are fields of ``CallRequest``."""
        named: dict[str, Any] = dict(facts)
        if not {"agent_id", "agent_tag"} & facts.keys():
            named["agent_id"] = self.agent_id
        if not {"from_number_ids", "from_numbers", "number_pool_id"} & facts.keys():
            named["from_number_ids"] = (self.number_id,)
        base = CallRequest(
            workspace_id=self.workspace_id,
            dialect="ringg",
            to_number=CALLEE,
            callee_name="Sam Sample",
            variables={"callee_name": "Sam Sample", "mobile_number": CALLEE},
        )
        return replace(base, **named)

    async def place(self, now: Clock = AT_NOON, **facts: Any) -> Placed:
        return await place_call(self.db, self.request(**facts), voices=VOICES, now=now)


async def an_office(db: Database, definition: Definition = GREETING, *, now: Clock = AT_NOON) -> Office:
    workspace_id = await create_workspace(db, "Example Dental", now=now)
    trunk_id = await add_trunk(db, workspace_id, Trunk(id="", name="main", host="127.0.0.1", password="hush"), now=now)
    return Office(
        db=db,
        workspace_id=workspace_id,
        trunk_id=trunk_id,
        number_id=await add_number(db, workspace_id, trunk_id, CALLER, now=now),
        agent_id=await add_agent(db, workspace_id, definition, "Ava", now=now),
        key=await create_key(db, workspace_id, "ringg", now=now),
    )
