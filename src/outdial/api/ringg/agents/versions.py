"""The operations of ``PATCH /agent/v1`` on an agent's versions beside each other: copies, descriptions, A/B tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from outdial.api.ringg import fields
from outdial.commands import agent_versions as commands
from outdial.commands.agents import activate
from outdial.domain.bounds import text_faults
from outdial.domain.clock import Clock
from outdial.domain.errors import Fault, Invalid, must_be_sound
from outdial.domain.ids import parse_uuid
from outdial.domain.limits import MAX_DESCRIPTION_LETTERS
from outdial.store.database import Database

TRAFFIC: Final = "ab_versions"
_Object = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """One operation: whose agent, which one, which of its versions (empty: none is named), and all that was sent."""

    db: Database
    workspace_id: str
    agent_id: str
    version_id: str
    body: _Object
    now: Clock


async def _add(asked: Asked) -> _Object:
    made = await commands.copy_version(
        asked.db,
        asked.workspace_id,
        asked.agent_id,
        version_id=asked.version_id,
        description=_description(asked.body, needed=False),
        now=asked.now,
    )
    return {"version_id": made.version_id}


async def _describe(asked: Asked) -> _Object:
    description = _description(asked.body, needed=True)
    version_id = _named(asked)
    await commands.describe_version(
        asked.db, asked.workspace_id, asked.agent_id, version_id, description, now=asked.now
    )
    return {"version_id": version_id}


async def _delete(asked: Asked) -> _Object:
    version_id = _named(asked)
    await commands.delete_version(asked.db, asked.workspace_id, asked.agent_id, version_id, now=asked.now)
    return {}


async def _activate(asked: Asked) -> _Object:
    version_id = _named(asked)
    await activate(asked.db, asked.workspace_id, asked.agent_id, version_id, now=asked.now)
    return {"version_id": version_id}


async def _share_out(asked: Asked) -> _Object:
    shares = {parse_uuid(version_id) or version_id: share for version_id, share in _shares(asked.body).items()}
    await commands.set_traffic(asked.db, asked.workspace_id, asked.agent_id, shares, field=TRAFFIC, now=asked.now)
    return {}


async def _toggle(asked: Asked) -> _Object:
    live = asked.body.get("enabled")
    if live is None:
        raise Invalid(Fault(("enabled",), "enabled is required", "missing"))
    if not isinstance(live, bool):
        raise Invalid(Fault(("enabled",), "enabled must be a boolean", "type"))
    await commands.toggle_test(asked.db, asked.workspace_id, asked.agent_id, live=live, now=asked.now)
    return {}


OPERATIONS: Final[Mapping[str, Callable[[Asked], Awaitable[_Object]]]] = {
    "add_new_ab_version": _add,
    "edit_version_description": _describe,
    "delete_version": _delete,
    "push_to_prod": _activate,
    "edit_traffic": _share_out,
    "toggle_ab_testing": _toggle,
}
"""Each carries its operation out and returns what the answer says besides the usual.

Raises:
    Invalid: with every fault.
    NotFound: there is no such agent or version.
    Refused: the operation itself is refused.
"""


def _named(asked: Asked) -> str:
    if not asked.version_id:
        raise Invalid(Fault(("version_id",), "version_id is required", "missing"))
    return asked.version_id


def _description(body: _Object, *, needed: bool) -> str:
    text = body.get("description")
    if text is None and not needed:
        return ""
    if text is None:
        raise Invalid(Fault(("description",), "description is required", "missing"))
    if not isinstance(text, str):
        raise Invalid(Fault(("description",), "description must be a string", "type"))
    must_be_sound(text_faults(text, MAX_DESCRIPTION_LETTERS, "description"))
    return text.strip()


def _shares(body: _Object) -> Mapping[str, float]:
    asked = body.get(TRAFFIC)
    if asked is None:
        raise Invalid(Fault((TRAFFIC,), f"{TRAFFIC} is required", "missing"))
    if not isinstance(asked, dict):
        raise Invalid(Fault((TRAFFIC,), f"{TRAFFIC} must be an object", "type"))
    shares = {version_id: fields.as_number(share) for version_id, share in asked.items()}
    faults = [
        Fault((TRAFFIC, version_id), f"the share of {version_id[:64]} must be a number", "type")
        for version_id, share in shares.items()
        if share is None
    ]
    must_be_sound(faults)
    return {version_id: share for version_id, share in shares.items() if share is not None}
