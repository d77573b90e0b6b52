"""What others are told: deliveries, sending them once more, and the list of facts they are made from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import Field
from starlette.requests import Request

from outdial.api.native import listing
from outdial.api.native.calls import translate
from outdial.api.native.door import admit
from outdial.api.native.webhooks import responses
from outdial.api.parts import Parts
from outdial.commands.deliveries import replay
from outdial.domain.delivery import Delivery, DeliveryState
from outdial.domain.errors import Fault, Invalid, NotFound
from outdial.domain.events import Event
from outdial.domain.ids import parse_uuid
from outdial.store.webhooks import reading as deliveries
from outdial.store.webhooks.reading import Told

_HIDDEN: Final = "***"
_MAX_SEQ: Final = 2**53


def install(parts: Parts, to: Callable[..., None]) -> None:
    routes = _Routes(parts)
    to("GET /deliveries", routes.page, responses.DeliveryPage, 400)
    to("GET /deliveries/{delivery_id}", routes.one, responses.Delivery, 404)
    to("POST /deliveries/{delivery_id}/replay", routes.replay, responses.Delivery, 404, 409, status=202)
    to("GET /events", routes.facts, responses.FactPage, 400)


class DeliveriesQuery(listing.Paging):
    call_id: str | None = Field(default=None, description="Of this call; or name a state")
    state: str | None = Field(default=None, description="waiting or given_up; of a call, delivered too")
    after: str | None = Field(default=None, description="next of the page before")


class FactsQuery(listing.Paging):
    after: str = Field(default="0", description="next of the page before, or a number to begin behind")


class _Routes:
    """One method for each route, all over the same parts."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def page(self, request: Request, query: Annotated[DeliveriesQuery, Query()]) -> responses.DeliveryPage:
        """Deliveries, newest first: of a call, or those of the workspace that wait or were given up."""
        workspace_id = await admit(self._parts, request)
        limit, state = listing.limit_of(query), _state(query)
        call_id = _uuid("call_id", query.call_id) if query.call_id is not None else ""
        after = _uuid("after", query.after) if query.after is not None else ""
        found, more = await self._parts.database.read(
            deliveries.delivery_page, workspace_id, call_id=call_id, state=state, after=after, limit=limit
        )
        following = found[-1].delivery.id if more else None
        return responses.DeliveryPage(
            deliveries=[responses.DeliveryRow(**_row(told)) for told in found], next=following
        )

    async def one(self, request: Request, delivery_id: str) -> responses.Delivery:
        """One delivery: what is sent, where, and what came of every try."""
        workspace_id = await admit(self._parts, request)
        return await self._read(workspace_id, _id(delivery_id))

    async def replay(self, request: Request, delivery_id: str) -> responses.Delivery:
        """Send a delivery again that is over: the same bytes to the same URL, with as many tries as a new one."""
        workspace_id = await admit(self._parts, request)
        known = _id(delivery_id)
        await replay(self._parts.database, workspace_id, known, now=self._parts.now)
        self._parts.placed()
        return await self._read(workspace_id, known)

    async def facts(self, request: Request, query: Annotated[FactsQuery, Query()]) -> responses.FactPage:
        """The workspace's facts numbered above ``after``, oldest first; go on from ``next`` whenever you like."""
        workspace_id = await admit(self._parts, request)
        limit, text = listing.limit_of(query), query.after
        if not text.isascii() or not text.isdecimal() or len(text) > 16 or int(text) > _MAX_SEQ:
            raise Invalid(Fault(("after",), "after must be an event's number"))
        found, following = await self._parts.database.read(deliveries.facts_after, workspace_id, int(text), limit=limit)
        return responses.FactPage(events=[_fact(fact) for fact in found], next=following)

    async def _read(self, workspace_id: str, delivery_id: str) -> responses.Delivery:
        told = await self._parts.database.read(deliveries.delivery, workspace_id, delivery_id)
        sent = told.delivery
        return responses.Delivery(
            **_row(told),
            headers=dict.fromkeys(sent.headers, _HIDDEN),
            body=None if sent.body is None else sent.body.decode(),
        )


def _row(told: Told) -> dict[str, Any]:
    sent = told.delivery
    waits = sent.state is DeliveryState.WAITING
    return {
        "id": sent.id,
        "call_id": sent.call_id,
        # A campaign's end is no fact of a call: its number is below zero, and only ours to know.
        "event_seq": max(sent.event_seq, 0),
        "event_type": told.event.type if told.event else None,
        "dialect": sent.dialect,
        "kind": sent.kind,
        "method": sent.method,
        "url": sent.url,
        "state": sent.state,
        "due_at": translate.instant(sent.due_at) if waits else None,
        "tries": sent.tries,
        "created_at": translate.instant(sent.created_at),
        "ended_at": translate.instant(sent.ended_at) if sent.ended_at else None,
        "log": _log(sent),
    }


def _log(sent: Delivery) -> list[responses.Try]:
    return [
        responses.Try(at=translate.instant(one.at), ms=one.ms, status=one.status or None, error=one.error)
        for one in sent.log
    ]


def _fact(fact: Event) -> responses.Fact:
    return responses.Fact(**translate.event(fact).model_dump(), call_id=fact.call_id)


def _state(query: DeliveriesQuery) -> DeliveryState | None:
    """
    Raises:
        Invalid: no such state, or neither it nor the call narrows the list.
    """
    state = query.state
    if state is not None and state not in set(DeliveryState):
        raise Invalid(Fault(("state",), f"state must be one of {', '.join(DeliveryState)}"))
    if query.call_id is None and state in {None, DeliveryState.DELIVERED}:
        raise Invalid(Fault(("call_id",), "give a call_id, or state=waiting or state=given_up"))
    return None if state is None else DeliveryState(state)


def _uuid(name: str, text: str) -> str:
    known = parse_uuid(text)
    if known is None:
        raise Invalid(Fault((name,), f"{name} must be a UUID"))
    return known


def _id(text: str) -> str:
    known = parse_uuid(text)
    if known is None:
        raise NotFound("Delivery not found", field="delivery_id")
    return known
