"""Keys of every door, shown once; and the workspace they open."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from outdial.api.native import listing, requests
from outdial.api.native.calls import translate
from outdial.api.native.door import Routing, admit, body_of, path_id
from outdial.api.native.requests import Strict
from outdial.api.openapi import body_of as body
from outdial.api.parts import Parts
from outdial.commands.keys import issue_key, withdraw_key
from outdial.domain.rules import MICROS, Rules
from outdial.store.api_keys import key_page
from outdial.store.inventory import WorkspaceRow, workspace

Dialect = Literal["ringg", "ringly", "native"]
Access = Literal["full", "read", "publishable"]
_ACCESS: Final = "read: it changes nothing, and places no calls; publishable: of ringg, it opens web calls from a page"


class KeyIn(Strict):
    dialect: Dialect = Field(description="Whose door it opens")
    access: Access = Field(default="full", description=_ACCESS)


class Key(BaseModel):
    """A valid key, but for the key."""

    id: str
    dialect: str
    access: str
    hint: str = Field(description="Its last characters")
    created_at: str


class KeyMade(Key):
    key: str = Field(description="This once: it is not stored")


class KeyPage(BaseModel):
    keys: list[Key]
    next: str | None = Field(description="cursor of the next page; null: this is the last")


class Policy(BaseModel):
    hours: str | None = Field(description="When anybody may be rung, by the clocks there, e.g. 08:00-21:00")
    per_day: int | None
    per_week: int | None
    suppression: bool


class Price(BaseModel):
    per_minute: float
    pulse_s: int


class Credits(BaseModel):
    """``held`` is set aside for calls that are up."""

    balance: float
    held: float
    free: float


class Workspace(BaseModel):
    id: str
    name: str
    policy: Policy
    max_calls: int | None = Field(description="Calls at the same moment; null: no limit")
    price: Price | None = Field(description="null: credits are not counted")
    credits: Credits
    created_at: str


BODIES = (KeyIn,)


def install(parts: Parts, to: Routing) -> None:
    keys = _Keys(parts)
    to("GET /keys", keys.page, KeyPage, 400)
    to("POST /keys", keys.add, KeyMade, 400, 413, status=201, extra=body(KeyIn))
    to("DELETE /keys/{key_id}", keys.remove, None, 404, 409, status=204)
    to("GET /workspace", keys.workspace, Workspace)


class _Keys:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def page(self, request: Request, query: Annotated[listing.PageQuery, Query()]) -> KeyPage:
        """Keys that open a door, oldest first."""
        workspace_id = await admit(self._parts, request)
        limit, after = listing.limit_of(query), listing.place_of(query.cursor)
        found, end = await self._parts.database.read(key_page, workspace_id, limit=limit, after=after)
        shown = [Key(**vars(row) | {"created_at": translate.instant(row.created_at)}) for row in found]
        return KeyPage(keys=shown, next=listing.cursor_of(end))

    async def add(self, request: Request) -> KeyMade:
        """Make a key. It is shown in this answer and never again."""
        workspace_id = await admit(self._parts, request)
        wish = requests.read(KeyIn, await body_of(request))
        new = await issue_key(self._parts.database, workspace_id, wish.dialect, access=wish.access, now=self._parts.now)
        return KeyMade(
            id=new.id,
            dialect=wish.dialect,
            access=wish.access,
            hint=new.key[-4:],
            created_at=translate.instant(new.created_at),
            key=new.key,
        )

    async def remove(self, request: Request, key_id: str) -> Response:
        """From the answer on the key opens nothing. The last full native key stays."""
        workspace_id = await admit(self._parts, request)
        known = path_id(key_id, "API key", "key_id")
        await withdraw_key(self._parts.database, workspace_id, known, now=self._parts.now)
        return Response(status_code=204)

    async def workspace(self, request: Request) -> Workspace:
        """What is laid down for the workspace, and its credits."""
        return _workspace(await self._parts.database.read(workspace, await admit(self._parts, request)))


def _workspace(row: WorkspaceRow) -> Workspace:
    rules = Rules.from_json(row.settings)
    hours, price = rules.policy.hours, rules.price
    return Workspace(
        id=row.id,
        name=row.name,
        policy=Policy(**vars(rules.policy) | {"hours": None if hours is None else str(hours)}),
        max_calls=rules.max_calls,
        price=None if price is None else Price(per_minute=price.per_minute_micros / MICROS, pulse_s=price.pulse_s),
        credits=Credits(
            balance=row.funds.balance_micros / MICROS,
            held=row.funds.held_micros / MICROS,
            free=row.funds.free_micros / MICROS,
        ),
        created_at=translate.instant(row.created_at),
    )
