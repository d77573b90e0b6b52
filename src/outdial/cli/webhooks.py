"""``outdial webhooks``: receivers of webhooks, their secrets, and sending again what they missed."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console

from outdial.cli.additions import opened
from outdial.cli.console import console
from outdial.cli.environment import settings
from outdial.commands import webhooks
from outdial.commands.deliveries import Selected, replay, replay_all
from outdial.domain.clock import utc_now
from outdial.domain.errors import Fault, Invalid, NotFound
from outdial.domain.ids import parse_uuid
from outdial.domain.webhook_endpoint import ROTATION_GRACE
from outdial.store.webhooks.endpoints import endpoint_page

app = typer.Typer(help="Receivers of webhooks, and sending again.", no_args_is_help=True)
_PAGE = 100
_Secret = Annotated[str, typer.Option(help="whsec_ and base64 of 24 to 64 bytes. Default: a new one.")]
_EndpointId = Annotated[str, typer.Argument(help="Its id, as `outdial webhooks list` shows it.")]


@app.command("list")
def list_all() -> None:
    """Print the endpoints that have a secret of their own, fail or are disabled."""
    asyncio.run(_list(console()))


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="Where webhooks go; its query is left out.")], secret: _Secret = ""
) -> None:
    """Give an endpoint a secret of its own and print it, this once."""
    asyncio.run(_add(console(), url, secret))


@app.command()
def rotate(
    endpoint_id: _EndpointId,
    secret: _Secret = "",
    grace_h: Annotated[float, typer.Option(help="Hours the secret before stays valid.", min=0, max=168)] = (
        ROTATION_GRACE / timedelta(hours=1)
    ),
) -> None:
    """Give an endpoint another secret and print it, this once."""
    asyncio.run(_rotate(console(), _id(endpoint_id), secret, timedelta(hours=grace_h)))


@app.command()
def enable(endpoint_id: _EndpointId) -> None:
    """Send again to an endpoint that answered 410, or asked to be left alone."""
    asyncio.run(_enable(console(), _id(endpoint_id)))


@app.command()
def remove(endpoint_id: _EndpointId) -> None:
    """Forget an endpoint and its secrets."""
    asyncio.run(_remove(console(), _id(endpoint_id)))


@app.command("replay")
def replay_some(  # noqa: PLR0917 - Typer reads a command from its arguments
    delivery: Annotated[str, typer.Argument(help="Id of one delivery; or choose by the options.")] = "",
    call: Annotated[str, typer.Option(help="Those of this call.")] = "",
    endpoint: Annotated[str, typer.Option(help="Those to this endpoint, by its id.")] = "",
    since: Annotated[str, typer.Option(help="Made from then on: 2026-03-03T15:00+01:00.")] = "",
    before: Annotated[str, typer.Option(help="Made before then.")] = "",
    arrived: Annotated[bool, typer.Option("--arrived", help="Those that arrived, too.")] = False,
) -> None:
    """Send webhooks again: one, or all of a call, an endpoint or a span that failed."""
    if delivery:
        asyncio.run(_replay_one(console(), _id(delivery, "Delivery")))
        return
    chosen = Selected(
        call_id=_id(call, "Call") if call else "",
        endpoint_id=_id(endpoint) if endpoint else "",
        since=_moment("--since", since),
        before=_moment("--before", before),
        only_failed=not arrived,
    )
    if chosen.is_everything:
        raise Invalid(Fault(("DELIVERY",), "name a DELIVERY, or --call, --endpoint, --since or --before"))
    asyncio.run(_replay(console(), chosen))


async def _list(out: Console) -> None:
    async with opened(settings()) as (database, mine):
        after, more = "", True
        while more:
            found, more = await database.read(endpoint_page, mine.workspace_id, after=after, limit=_PAGE)
            for one in found:
                signed = "own secret" if one.secret else "-"
                out.print(f"{one.id:<38}{one.state:<10}{signed:<12}{one.url}  {one.last_error}".rstrip(), markup=False)
                after = one.id


async def _add(out: Console, url: str, secret: str) -> None:
    async with opened(settings()) as (database, mine):
        made = await webhooks.register_endpoint(database, mine.workspace_id, url, secret, now=utc_now)
    out.print(f"{made.id} {made.secret}", markup=False)


async def _rotate(out: Console, endpoint_id: str, secret: str, grace: timedelta) -> None:
    async with opened(settings()) as (database, mine):
        made = await webhooks.rotate_secret(database, mine.workspace_id, endpoint_id, secret, now=utc_now, grace=grace)
    out.print(f"{made.id} {made.secret}", markup=False)


async def _enable(out: Console, endpoint_id: str) -> None:
    async with opened(settings()) as (database, mine):
        await webhooks.enable_endpoint(database, mine.workspace_id, endpoint_id, now=utc_now)
    out.print(f"{endpoint_id} enabled; send what it missed: outdial webhooks replay --endpoint {endpoint_id}")


async def _remove(out: Console, endpoint_id: str) -> None:
    async with opened(settings()) as (database, mine):
        await webhooks.remove_endpoint(database, mine.workspace_id, endpoint_id)
    out.print(f"{endpoint_id} removed")


async def _replay_one(out: Console, delivery_id: str) -> None:
    async with opened(settings()) as (database, mine):
        await replay(database, mine.workspace_id, delivery_id, now=utc_now)
    out.print("1 goes out again")


async def _replay(out: Console, chosen: Selected) -> None:
    async with opened(settings()) as (database, mine):
        done = await replay_all(database, mine.workspace_id, chosen, now=utc_now)
    out.print(f"{done.count} go out again" + ("; there are more: say it once more" if done.more else ""))


def _id(text: str, what: str = "Webhook endpoint") -> str:
    known = parse_uuid(text)
    if known is None:
        raise NotFound(f"{what} not found: {text}")
    return known


def _moment(option: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Invalid(Fault((option,), f"{option} {text!r} is no moment such as 2026-03-03T15:00+01:00"))
    return at
