"""Endpoints of webhooks: their secrets, shown once, and how they fare; and sending again what they missed."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final, Literal

from fastapi import Query
from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from outdial.api.native import listing, requests
from outdial.api.native.calls import translate
from outdial.api.native.door import Routing, admit, body_of, path_id
from outdial.api.native.requests import Moment, Strict
from outdial.api.openapi import body_of as body
from outdial.api.parts import Parts
from outdial.commands import webhooks
from outdial.commands.deliveries import Selected, replay_all
from outdial.domain.errors import Fault, Invalid
from outdial.domain.ids import parse_uuid
from outdial.domain.limits import MAX_REPLAYED_AT_ONCE
from outdial.domain.webhook_endpoint import MAX_ROTATION_GRACE, ROTATION_GRACE, EndpointState, WebhookEndpoint
from outdial.store.webhooks.endpoints import endpoint_page, webhook_endpoint

_WHAT: Final = "Webhook endpoint"
Secret = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_SECRET: Final = "whsec_ and base64 of 24 to 64 bytes; left out, one is made"


class WebhookEndpointIn(Strict):
    url: requests.Url = Field(
        description="Its query and fragment are left out", examples=["https://hooks.example.test/outdial"]
    )
    secret: Secret | None = Field(default=None, description=_SECRET)


class RotationIn(Strict):
    secret: Secret | None = Field(default=None, description=_SECRET)
    grace_s: int = Field(
        default=ROTATION_GRACE // timedelta(seconds=1),
        ge=0,
        le=MAX_ROTATION_GRACE // timedelta(seconds=1),
        description="How long the secret before stays valid",
    )


class ReplayIn(Strict):
    """Of all that is given here, what all of it says; at least one of the first four is needed."""

    call_id: str | None = None
    endpoint_id: str | None = None
    created_from: Moment | None = Field(default=None, description="RFC 3339 with offset, inclusive")
    created_to: Moment | None = Field(default=None, description="RFC 3339 with offset, exclusive")
    state: Literal["failed", "any"] = Field(default="failed", description="any: those that arrived, too")


class WebhookEndpointOut(BaseModel):
    """A receiver; never its secret."""

    id: str
    url: str
    state: str = Field(description="active, failing: its last try failed; disabled: it answered 410")
    signed: bool = Field(description="Whether it has a secret of its own")
    previous_until: str | None = Field(description="Until when the secret before is valid, too")
    failures: int = Field(description="Failed tries in a row")
    failing_since: str | None
    last_error: str
    paused_until: str | None = Field(description="It asked to be left alone until then")
    disabled_at: str | None
    created_at: str


class WebhookEndpointMade(WebhookEndpointOut):
    secret: str = Field(description="This once: it is not shown again")


class WebhookEndpointPage(BaseModel):
    endpoints: list[WebhookEndpointOut]
    next: str | None = Field(description="after of the next page; null: this is the last")


class ReplayedOut(BaseModel):
    replayed: int = Field(description="Deliveries that go out again now")
    more: bool = Field(description=f"There were more than {MAX_REPLAYED_AT_ONCE}: ask once more")


BODIES = (WebhookEndpointIn, RotationIn, ReplayIn)


class EndpointsQuery(listing.Paging):
    state: str | None = Field(default=None, description="active, failing or disabled")
    after: str | None = Field(default=None, description="next of the page before")


def install(parts: Parts, to: Routing) -> None:
    routes = _Endpoints(parts)
    making, rotating, replaying = body(WebhookEndpointIn), body(RotationIn, required=False), body(ReplayIn)
    one = "/webhook-endpoints/{endpoint_id}"
    to("GET /webhook-endpoints", routes.page, WebhookEndpointPage, 400)
    to("POST /webhook-endpoints", routes.add, WebhookEndpointMade, 400, 409, 413, status=201, extra=making)
    to(f"GET {one}", routes.one, WebhookEndpointOut, 404)
    to(f"DELETE {one}", routes.remove, None, 404, status=204)
    to(f"POST {one}/rotate", routes.rotate, WebhookEndpointMade, 400, 404, 409, 413, extra=rotating)
    to(f"POST {one}/enable", routes.enable, WebhookEndpointOut, 404)
    to(f"POST {one}/replay", routes.replay_failed, ReplayedOut, 404, status=202)
    to("POST /deliveries/replay", routes.replay, ReplayedOut, 400, 404, 413, status=202, extra=replaying)


class _Endpoints:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def page(self, request: Request, query: Annotated[EndpointsQuery, Query()]) -> WebhookEndpointPage:
        """Endpoints with a secret of their own, and those that fail or are disabled."""
        workspace_id = await admit(self._parts, request)
        limit, state = listing.limit_of(query), query.state
        if state is not None and state not in set(EndpointState):
            raise Invalid(Fault(("state",), f"state must be one of {', '.join(EndpointState)}"))
        after = "" if query.after is None else parse_uuid(query.after)
        if after is None:
            raise Invalid(Fault(("after",), "after must be the next of a page"))
        found, more = await self._parts.database.read(
            endpoint_page,
            workspace_id,
            state=None if state is None else EndpointState(state),
            after=after,
            limit=limit,
        )
        return WebhookEndpointPage(endpoints=[_shown(one) for one in found], next=found[-1].id if more else None)

    async def add(self, request: Request) -> WebhookEndpointMade:
        """Give an endpoint a secret of its own. It is shown in this answer and never again."""
        workspace_id = await admit(self._parts, request)
        wish = requests.read(WebhookEndpointIn, await body_of(request))
        made = await webhooks.register_endpoint(
            self._parts.database, workspace_id, wish.url, wish.secret or "", now=self._parts.now
        )
        return WebhookEndpointMade(**_shown(made).model_dump(), secret=made.secret)

    async def one(self, request: Request, endpoint_id: str) -> WebhookEndpointOut:
        """One endpoint, and how it fares."""
        workspace_id = await admit(self._parts, request)
        known = path_id(endpoint_id, _WHAT, "endpoint_id")
        return _shown(await self._parts.database.read(webhook_endpoint, workspace_id, known))

    async def remove(self, request: Request, endpoint_id: str) -> Response:
        """Forget the endpoint and its secrets."""
        workspace_id = await admit(self._parts, request)
        known = path_id(endpoint_id, _WHAT, "endpoint_id")
        await webhooks.remove_endpoint(self._parts.database, workspace_id, known)
        return Response(status_code=204)

    async def rotate(self, request: Request, endpoint_id: str) -> WebhookEndpointMade:
        """Another secret, shown this once; the one before stays valid beside it for a while."""
        workspace_id = await admit(self._parts, request)
        known = path_id(endpoint_id, _WHAT, "endpoint_id")
        wish = requests.read(RotationIn, await body_of(request, may_be_empty=True))
        made = await webhooks.rotate_secret(
            self._parts.database,
            workspace_id,
            known,
            wish.secret or "",
            now=self._parts.now,
            grace=timedelta(seconds=wish.grace_s),
        )
        return WebhookEndpointMade(**_shown(made).model_dump(), secret=made.secret)

    async def enable(self, request: Request, endpoint_id: str) -> WebhookEndpointOut:
        """Send there again. What was given up meanwhile is sent by replay."""
        workspace_id = await admit(self._parts, request)
        known = path_id(endpoint_id, _WHAT, "endpoint_id")
        enabled = await webhooks.enable_endpoint(self._parts.database, workspace_id, known, now=self._parts.now)
        self._parts.placed()
        return _shown(enabled)

    async def replay_failed(self, request: Request, endpoint_id: str) -> ReplayedOut:
        """Send again at once whatever the endpoint has not taken."""
        workspace_id = await admit(self._parts, request)
        known = path_id(endpoint_id, _WHAT, "endpoint_id")
        return await self._replay(workspace_id, Selected(endpoint_id=known))

    async def replay(self, request: Request) -> ReplayedOut:
        """Send again the deliveries of a call, of an endpoint, or made in a span; those that failed, or any."""
        workspace_id = await admit(self._parts, request)
        wish = requests.read(ReplayIn, await body_of(request))
        chosen = Selected(
            call_id=_id("call_id", wish.call_id),
            endpoint_id=_id("endpoint_id", wish.endpoint_id),
            since=wish.created_from,
            before=wish.created_to,
            only_failed=wish.state == "failed",
        )
        if chosen.is_everything:
            message = "name a call_id, an endpoint_id, created_from or created_to"
            raise Invalid(Fault(("call_id",), message))
        return await self._replay(workspace_id, chosen)

    async def _replay(self, workspace_id: str, chosen: Selected) -> ReplayedOut:
        done = await replay_all(self._parts.database, workspace_id, chosen, now=self._parts.now)
        self._parts.placed()
        return ReplayedOut(replayed=done.count, more=done.more)


def _id(name: str, text: str | None) -> str:
    known = "" if text is None else parse_uuid(text)
    if known is None:
        raise Invalid(Fault((name,), f"{name} must be a UUID"))
    return known


def _shown(one: WebhookEndpoint) -> WebhookEndpointOut:
    moments = {
        name: translate.instant(at) if (at := getattr(one, name)) else None
        for name in ("previous_until", "failing_since", "paused_until", "disabled_at")
    }
    return WebhookEndpointOut(
        id=one.id,
        url=one.url,
        state=one.state.value,
        signed=bool(one.secret),
        failures=one.failures,
        last_error=one.last_error,
        created_at=translate.instant(one.created_at),
        **moments,
    )
