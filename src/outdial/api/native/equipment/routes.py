"""What calls are made with: caller numbers, trunks, pools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, TypeVar

from fastapi import Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from outdial.api.native import listing, requests
from outdial.api.native.calls import translate
from outdial.api.native.door import Routing, admit, body_of, path_id
from outdial.api.native.equipment import responses
from outdial.api.openapi import body_of as body
from outdial.api.parts import Parts
from outdial.carriers.sip.addresses import Unfit, route
from outdial.carriers.sip.guard import must_lead_outside
from outdial.commands import equipment as change
from outdial.commands.provision import add_number, add_trunk
from outdial.domain.attempt import Dial, Trunk
from outdial.domain.errors import Fault, Invalid
from outdial.domain.ids import parse_uuid
from outdial.domain.rules import TrunkLimits
from outdial.store.equipment import reading as read
from outdial.store.equipment.trunks import load_trunk

Model = TypeVar("Model", bound=BaseModel)
_LIMITS: Final = ("max_calls", "calls_per_s")
_LEADS: Final = frozenset({"host", "port", "transport", "outbound_proxy"})
"""What says where a trunk leads."""
_ANYBODY: Final = "+15550000000"


def install(parts: Parts, to: Routing) -> None:
    numbers, trunks, pools = _Numbers(parts), _Trunks(parts), _Pools(parts)
    to("GET /numbers", numbers.page, responses.NumberPage, 400)
    to("POST /numbers", numbers.add, responses.Number, 400, 404, 409, 413, status=201, extra=body(responses.NumberIn))
    to("GET /numbers/{number_id}", numbers.one, responses.Number, 404)
    to(
        "PATCH /numbers/{number_id}",
        numbers.change,
        responses.Number,
        400,
        404,
        413,
        extra=body(responses.NumberChange),
    )
    to("DELETE /numbers/{number_id}", numbers.remove, None, 404, 409, status=204)
    to("GET /trunks", trunks.page, responses.TrunkPage, 400)
    to("POST /trunks", trunks.add, responses.Trunk, 400, 409, 413, status=201, extra=body(responses.TrunkIn))
    to("GET /trunks/{trunk_id}", trunks.one, responses.Trunk, 404)
    to(
        "PATCH /trunks/{trunk_id}",
        trunks.change,
        responses.Trunk,
        400,
        404,
        409,
        413,
        extra=body(responses.TrunkChange),
    )
    to("DELETE /trunks/{trunk_id}", trunks.remove, None, 404, 409, status=204)
    to("GET /pools", pools.page, responses.PoolPage, 400)
    to("POST /pools", pools.add, responses.Pool, 400, 404, 413, status=201, extra=body(responses.PoolIn))
    to("GET /pools/{pool_id}", pools.one, responses.Pool, 404)
    to("PATCH /pools/{pool_id}", pools.change, responses.Pool, 400, 404, 413, extra=body(responses.PoolChange))
    to("DELETE /pools/{pool_id}", pools.remove, None, 404, 409, status=204)


class _Numbers:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._db = parts.database

    async def page(self, request: Request, query: Annotated[listing.PageQuery, Query()]) -> responses.NumberPage:
        """Caller numbers, oldest first."""
        workspace_id = await admit(self._parts, request)
        limit, after = listing.limit_of(query), listing.place_of(query.cursor)
        found, end = await self._db.read(read.number_page, workspace_id, limit=limit, after=after)
        return responses.NumberPage(numbers=[_number(row) for row in found], next=listing.cursor_of(end))

    async def one(self, request: Request, number_id: str) -> responses.Number:
        """One caller number."""
        workspace_id = await admit(self._parts, request)
        return await self._read(workspace_id, path_id(number_id, "Number", "number_id"))

    async def add(self, request: Request, response: Response) -> responses.Number:
        """A number that calls can be made from."""
        workspace_id = await admit(self._parts, request)
        new = requests.read(responses.NumberIn, await body_of(request))
        number_id = await add_number(
            self._db,
            workspace_id,
            _id(new.trunk_id),
            new.number,
            now=self._parts.now,
            number_pool_id=None if new.number_pool_id is None else _id(new.number_pool_id),
            display_name=new.display_name,
            outbound=new.outbound,
            spam=new.spam,
            tags=new.tags,
            max_calls=new.max_calls,
        )
        return _made(request, response, await self._read(workspace_id, number_id))

    async def change(self, request: Request, number_id: str) -> responses.Number:
        """Change what is named; calls that are up stay as they are."""
        workspace_id = await admit(self._parts, request)
        known = path_id(number_id, "Number", "number_id")
        given = _given(requests.read(responses.NumberChange, await body_of(request)))
        ids = {name: _id(given[name]) for name in ("trunk_id", "number_pool_id") if given.get(name) is not None}
        await change.change_number(self._db, workspace_id, known, {**given, **ids})
        return await self._read(workspace_id, known)

    async def remove(self, request: Request, number_id: str) -> Response:
        """Take away a number that was never used; one that was is switched off with ``outbound``."""
        workspace_id = await admit(self._parts, request)
        await change.remove_number(self._db, workspace_id, path_id(number_id, "Number", "number_id"))
        return Response(status_code=204)

    async def _read(self, workspace_id: str, number_id: str) -> responses.Number:
        return _number(await read.one_number(self._db, workspace_id, number_id))


class _Trunks:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._db = parts.database

    async def page(self, request: Request, query: Annotated[listing.PageQuery, Query()]) -> responses.TrunkPage:
        """Trunks, oldest first."""
        workspace_id = await admit(self._parts, request)
        limit, after = listing.limit_of(query), listing.place_of(query.cursor)
        found, end = await self._db.read(read.trunk_page, workspace_id, limit=limit, after=after)
        return responses.TrunkPage(trunks=[_trunk(row) for row in found], next=listing.cursor_of(end))

    async def one(self, request: Request, trunk_id: str) -> responses.Trunk:
        """One trunk."""
        workspace_id = await admit(self._parts, request)
        return await self._read(workspace_id, path_id(trunk_id, "Trunk", "trunk_id"))

    async def add(self, request: Request, response: Response) -> responses.Trunk:
        """An account at a carrier that speaks SIP."""
        workspace_id = await admit(self._parts, request)
        given = requests.read(responses.TrunkIn, await body_of(request)).model_dump()
        max_calls, calls_per_s = (given.pop(name) for name in _LIMITS)
        trunk = _dialable(Trunk(id="", added_by="api", **given | {"codecs": tuple(given["codecs"])}))
        await self._must_lead_outside(trunk)
        trunk_id = await add_trunk(
            self._db, workspace_id, trunk, now=self._parts.now, max_calls=max_calls, calls_per_s=calls_per_s
        )
        return _made(request, response, await self._read(workspace_id, trunk_id))

    async def change(self, request: Request, trunk_id: str) -> responses.Trunk:
        """Change what is named; calls that are up stay as they are."""
        workspace_id = await admit(self._parts, request)
        known = path_id(trunk_id, "Trunk", "trunk_id")
        given = _given(requests.read(responses.TrunkChange, await body_of(request)))
        limits = TrunkLimits(**{name: given.pop(name) for name in _LIMITS if name in given})  # type: ignore[typeddict-item]
        if "codecs" in given:
            given["codecs"] = tuple(given["codecs"])
        if _LEADS & set(given):
            stored = await self._db.read(load_trunk, known, workspace_id)
            if stored is not None and (changed := _changed(stored, given)).added_by == "api":
                await self._must_lead_outside(_dialable(changed))
        await change.change_trunk(
            self._db, workspace_id, known, lambda trunk: _dialable(_changed(trunk, given)), limits
        )
        return await self._read(workspace_id, known)

    async def remove(self, request: Request, trunk_id: str) -> Response:
        """Take away a trunk that was never used; one that was is switched off with ``max_calls`` 0."""
        workspace_id = await admit(self._parts, request)
        await change.remove_trunk(self._db, workspace_id, path_id(trunk_id, "Trunk", "trunk_id"))
        return Response(status_code=204)

    async def _must_lead_outside(self, trunk: Trunk) -> None:
        """Raises Invalid: it leads where only the operator may lead one; each dial looks again."""
        try:
            await must_lead_outside(trunk, self._parts.trunk_targets)
        except Unfit as wrong:
            raise Invalid(Fault((wrong.field,), str(wrong))) from wrong

    async def _read(self, workspace_id: str, trunk_id: str) -> responses.Trunk:
        return _trunk(await read.one_trunk(self._db, workspace_id, trunk_id))


class _Pools:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._db = parts.database

    async def page(self, request: Request, query: Annotated[listing.PageQuery, Query()]) -> responses.PoolPage:
        """Pools of caller numbers, oldest first."""
        workspace_id = await admit(self._parts, request)
        limit, after = listing.limit_of(query), listing.place_of(query.cursor)
        found, end = await self._db.read(read.pool_page, workspace_id, limit=limit, after=after)
        return responses.PoolPage(pools=[_pool(row) for row in found], next=listing.cursor_of(end))

    async def one(self, request: Request, pool_id: str) -> responses.Pool:
        """One pool with its numbers."""
        workspace_id = await admit(self._parts, request)
        return await self._read(workspace_id, path_id(pool_id, "Number pool", "pool_id"))

    async def add(self, request: Request, response: Response) -> responses.Pool:
        """A pool that calls can be made from, whichever of its numbers has rested longest."""
        workspace_id = await admit(self._parts, request)
        new = requests.read(responses.PoolIn, await body_of(request))
        ids = [_id(number_id) for number_id in new.number_ids]
        pool_id = await change.add_pool(self._db, workspace_id, new.name, ids, now=self._parts.now)
        return _made(request, response, await self._read(workspace_id, pool_id))

    async def change(self, request: Request, pool_id: str) -> responses.Pool:
        """Another name, or other numbers."""
        workspace_id = await admit(self._parts, request)
        known = path_id(pool_id, "Number pool", "pool_id")
        given = _given(requests.read(responses.PoolChange, await body_of(request)))
        ids = given.get("number_ids")
        await change.change_pool(
            self._db,
            workspace_id,
            known,
            name=given.get("name"),
            number_ids=None if ids is None else [_id(number_id) for number_id in ids],
        )
        return await self._read(workspace_id, known)

    async def remove(self, request: Request, pool_id: str) -> Response:
        """Take away a pool no call waits for; its numbers stay."""
        workspace_id = await admit(self._parts, request)
        await change.remove_pool(self._db, workspace_id, path_id(pool_id, "Number pool", "pool_id"))
        return Response(status_code=204)

    async def _read(self, workspace_id: str, pool_id: str) -> responses.Pool:
        return _pool(await read.one_pool(self._db, workspace_id, pool_id))


def _given(sent: BaseModel) -> dict[str, Any]:
    """The members that were sent, null or not."""
    return sent.model_dump(exclude_unset=True)


def _id(text: str) -> str:
    return parse_uuid(text) or text


def _made(request: Request, response: Response, made: Model) -> Model:
    path: Mapping[str, Any] = request.scope
    response.headers["Location"] = f"{path['root_path']}{path['route'].path}/{made.model_dump()['id']}"
    return made


def _changed(trunk: Trunk, given: Mapping[str, Any]) -> Trunk:
    """With ``given`` in place. Who says where a trunk leads answers for it."""
    changed = replace(trunk, **given)
    leads_elsewhere = any(getattr(changed, name) != getattr(trunk, name) for name in _LEADS)
    return replace(changed, added_by="api") if leads_elsewhere else changed


def _dialable(trunk: Trunk) -> Trunk:
    """Raises Invalid: a setting that every call over the trunk would fail by."""
    try:
        route(Dial("", 1, _ANYBODY, _ANYBODY, trunk))
    except Unfit as wrong:
        raise Invalid(Fault((wrong.field,), str(wrong))) from wrong
    return trunk


def _number(row: read.Number) -> responses.Number:
    used_at = None if row.used_at is None else translate.instant(row.used_at)
    return responses.Number(**vars(row) | {"used_at": used_at, "created_at": translate.instant(row.created_at)})


def _trunk(row: read.TrunkRow) -> responses.Trunk:
    members = {**row.definition, **vars(row), "created_at": translate.instant(row.created_at)}
    del members["definition"]
    return responses.Trunk(**members)


def _pool(row: read.Pool) -> responses.Pool:
    return responses.Pool(**vars(row) | {"created_at": translate.instant(row.created_at)})
