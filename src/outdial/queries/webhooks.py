"""Endpoints of webhooks for their readers: those with a secret of their own, and those that are ill."""

from __future__ import annotations

from typing import Final

from outdial.domain.errors import NotFound
from outdial.domain.webhook_endpoint import EndpointState, WebhookEndpoint
from outdial.store import webhook_endpoints as endpoints
from outdial.store.database import Database

_ILL_AT_MOST: Final = 100


async def endpoint_page(
    db: Database, workspace_id: str, *, state: EndpointState | None = None, after: str = "", limit: int
) -> tuple[list[WebhookEndpoint], bool]:
    """Endpoints in the order of their ids, from the one that follows ``after``; whether more follow."""
    async with db.reading() as conn:
        found = await endpoints.page(conn, workspace_id, state=state, after=after, limit=limit + 1)
    return found[:limit], len(found) > limit


async def webhook_endpoint(db: Database, workspace_id: str, endpoint_id: str) -> WebhookEndpoint:
    """
    Raises:
        NotFound: the workspace has no such endpoint.
    """
    async with db.reading() as conn:
        found = await endpoints.one_of(conn, workspace_id, endpoint_id)
    if found is None:
        raise NotFound("Webhook endpoint not found", field="endpoint_id")
    return found


async def ill_endpoints(db: Database) -> list[WebhookEndpoint]:
    """Of all workspaces those that keep failing or are disabled, at most a hundred: for operators."""
    async with db.reading() as conn:
        failing = await endpoints.page(conn, state=EndpointState.FAILING, limit=_ILL_AT_MOST)
        disabled = await endpoints.page(conn, state=EndpointState.DISABLED, limit=_ILL_AT_MOST)
    return [*disabled, *(one for one in failing if one.keeps_failing)][:_ILL_AT_MOST]
