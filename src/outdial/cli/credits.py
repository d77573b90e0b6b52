"""``outdial credits``: what is left, pay in, take back, and what a minute costs."""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal
from typing import Annotated, Final

import typer
from rich.console import Console

from outdial.cli.additions import opened
from outdial.cli.console import console
from outdial.cli.environment import settings
from outdial.commands.credits import add_credits, set_price
from outdial.domain.clock import utc_now
from outdial.domain.errors import Fault, Invalid
from outdial.domain.rules import MICROS, Price
from outdial.settings import Settings
from outdial.store.database import Database
from outdial.store.inventory import workspace
from outdial.store.policy.credits import Funds

_AMOUNT: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{1,6})?")

app = typer.Typer(invoke_without_command=True)
Amount = Annotated[str, typer.Argument(help="Credits, to six decimals.")]
Note = Annotated[str, typer.Option(help="What it is for; kept in the ledger.")]


@app.callback()
def show(context: typer.Context) -> None:
    """Show how many credits there are, how many are set aside for calls under way, and what a minute costs."""
    if context.invoked_subcommand is None:
        asyncio.run(_show(settings(), console()))


@app.command("add")
def add(amount: Amount, note: Note = "") -> None:
    """Pay credits in."""
    asyncio.run(_change(settings(), console(), _micros(amount, "amount"), note))


@app.command("take")
def take(amount: Amount, note: Note = "") -> None:
    """Take credits back, as far as they are free."""
    asyncio.run(_change(settings(), console(), -_micros(amount, "amount"), note))


@app.command("price")
def price(
    per_minute: Annotated[str, typer.Option(help="Credits a minute of talk costs.")] = "",
    pulse: Annotated[int, typer.Option(help="Seconds that are counted whole once begun.", min=1)] = 60,
    off: Annotated[bool, typer.Option("--off", help="Count no credits any more.")] = False,
) -> None:
    """Set what a talk costs; from then on credits are counted."""
    if bool(per_minute) == off:
        raise Invalid(Fault(("--per-minute",), "give either --per-minute or --off"))
    asyncio.run(_set_price(settings(), console(), None if off else Price(_micros(per_minute, "--per-minute"), pulse)))


async def _show(mine: Settings, out: Console) -> None:
    async with opened(mine) as (database, its):
        await _say(database, its.workspace_id, out)


async def _change(mine: Settings, out: Console, micros: int, note: str) -> None:
    async with opened(mine) as (database, its):
        await add_credits(database, its.workspace_id, micros, now=utc_now, note=note)
        await _say(database, its.workspace_id, out)


async def _set_price(mine: Settings, out: Console, to: Price | None) -> None:
    async with opened(mine) as (database, its):
        await set_price(database, its.workspace_id, to)
        await _say(database, its.workspace_id, out)


async def _say(database: Database, workspace_id: str, out: Console) -> None:
    """How things stand now."""
    row = await database.read(workspace, workspace_id)
    out.print(_balance(row.funds))
    out.print(_price(row.price))


def _balance(funds: Funds) -> str:
    held = f", {_credits(funds.held_micros)} of them set aside for calls under way" if funds.held_micros else ""
    return f"credits: {_credits(funds.balance_micros)}{held}"


def _price(price: Price | None) -> str:
    if price is None:
        return "price: none; credits are not counted"
    return f"price: {_credits(price.per_minute_micros)} a minute, every {price.pulse_s} s begun"


def _credits(micros: int) -> str:
    return f"{Decimal(micros) / MICROS:f}"


def _micros(text: str, name: str) -> int:
    """Credits as they are typed, in millionths."""
    if not _AMOUNT.fullmatch(text):
        raise Invalid(Fault((name,), f"{name} must be a number with six decimals at most, not {text!r}"))
    return int(Decimal(text) * MICROS)
