"""Endpoints of webhooks: give them a secret of their own, another one, let them be sent to again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from outdial.domain.clock import Clock
from outdial.domain.errors import Conflict, Fault, Invalid, NotFound
from outdial.domain.ids import new_id
from outdial.domain.limits import MAX_URL_LETTERS, MAX_WEBHOOK_ENDPOINTS
from outdial.domain.web_addresses import is_web_address
from outdial.domain.webhook_endpoint import MAX_ROTATION_GRACE, ROTATION_GRACE, WebhookEndpoint, endpoint_of
from outdial.domain.webhook_secret import PREFIX, key_of, new_secret
from outdial.store.database import Connection, Database
from outdial.store.webhooks import endpoints

_Change = Callable[[WebhookEndpoint], WebhookEndpoint]


async def register_endpoint(
    db: Database, workspace_id: str, url: str, secret: str = "", *, now: Clock
) -> WebhookEndpoint:
    """An endpoint with a secret of its own: a new one, unless one is given. Signed with it is whatever is sent from
    then on, what waits already included.

    Raises:
        Invalid: the URL is no web address, or the secret none.
        Conflict: the endpoint has a secret, or the workspace too many endpoints.
    """
    if len(url) > MAX_URL_LETTERS or not is_web_address(url):
        raise Invalid(Fault(("url",), "url must be an http or https URL"))
    at = now()
    made = WebhookEndpoint(
        id=new_id(),
        workspace_id=workspace_id,
        url=endpoint_of(url),
        created_at=at,
        updated_at=at,
        registered=True,
        secret=_chosen(secret),
    )

    def work(conn: Connection) -> WebhookEndpoint:
        if endpoints.count(conn, workspace_id) >= MAX_WEBHOOK_ENDPOINTS:
            raise Conflict(f"a workspace has at most {MAX_WEBHOOK_ENDPOINTS} endpoints with a secret of their own")
        if not endpoints.put(conn, made):
            raise Conflict("this endpoint has a secret already: rotate it")
        return endpoints.find(conn, {(workspace_id, made.url)})[workspace_id, made.url]

    return await db.write(work)


async def rotate_secret(
    db: Database,
    workspace_id: str,
    endpoint_id: str,
    secret: str = "",
    *,
    now: Clock,
    grace: timedelta = ROTATION_GRACE,
) -> WebhookEndpoint:
    """Another secret; the one before stays valid beside it for ``grace``, and every request bears both signatures.

    Raises:
        NotFound: the workspace has no such endpoint.
        Invalid: the secret is none, or the time too long.
        Conflict: somebody else changed it at the same moment.
    """
    if not timedelta(0) <= grace <= MAX_ROTATION_GRACE:
        raise Invalid(Fault(("grace_s",), f"grace_s must be from 0 to {MAX_ROTATION_GRACE // timedelta(seconds=1)}"))
    chosen, at = _chosen(secret), now()

    def rotated(before: WebhookEndpoint) -> WebhookEndpoint:
        return replace(
            before,
            registered=True,
            secret=chosen,
            previous_secret=before.secret if grace else "",
            previous_until=at + grace if grace and before.secret else None,
            updated_at=max(at, before.updated_at + timedelta(microseconds=1)),
        )

    return await _changed(db, workspace_id, endpoint_id, rotated)


async def enable_endpoint(db: Database, workspace_id: str, endpoint_id: str, *, now: Clock) -> WebhookEndpoint:
    """Send there again although it answered 410, or asked to be left alone. What was given up is not sent by this.

    Raises:
        NotFound: the workspace has no such endpoint.
    """

    def work(conn: Connection) -> WebhookEndpoint:
        before = _the(conn, workspace_id, endpoint_id)
        endpoints.enable(conn, workspace_id, [before.url], now())
        return _the(conn, workspace_id, endpoint_id)

    return await db.write(work)


async def remove_endpoint(db: Database, workspace_id: str, endpoint_id: str) -> None:
    """Forget the endpoint and its secrets: from then on it is like any other URL.

    Raises:
        NotFound: the workspace has no such endpoint.
    """

    def work(conn: Connection) -> None:
        if not endpoints.remove(conn, workspace_id, endpoint_id):
            raise NotFound("Webhook endpoint not found", field="endpoint_id")

    await db.write(work)


async def _changed(db: Database, workspace_id: str, endpoint_id: str, change: _Change) -> WebhookEndpoint:
    def work(conn: Connection) -> WebhookEndpoint:
        before = _the(conn, workspace_id, endpoint_id)
        after = change(before)
        if not endpoints.change_secrets(conn, after, before):
            raise Conflict("somebody else changed the endpoint at the same moment: look at it again")
        return after

    return await db.write(work)


def _the(conn: Connection, workspace_id: str, endpoint_id: str) -> WebhookEndpoint:
    found = endpoints.one_of(conn, workspace_id, endpoint_id)
    if found is None:
        raise NotFound("Webhook endpoint not found", field="endpoint_id")
    return found


def _chosen(secret: str) -> str:
    if not secret:
        return new_secret()
    key_of(secret, "secret")
    return PREFIX + secret.strip().removeprefix(PREFIX)
