"""``outdial key``: what opens the doors of the workspace."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import typer
from rich.console import Console

from outdial.cli.additions import opened
from outdial.cli.console import console
from outdial.cli.environment import settings
from outdial.commands.keys import DIALECTS, issue_key, withdraw_key
from outdial.commands.rotate_secrets import rotate_secrets
from outdial.domain.access import ACCESSES, FULL
from outdial.domain.clock import utc_now
from outdial.domain.errors import NotFound
from outdial.domain.ids import parse_uuid
from outdial.store.api_keys import key_page
from outdial.store.paging import Place

app = typer.Typer(help="Keys of every door, and the key secrets are sealed with.", no_args_is_help=True)
_PAGE: Final = 100


@app.command()
def add(
    dialect: Annotated[str, typer.Argument(help=f"Whose door it opens: {', '.join(DIALECTS)}.")],
    access: Annotated[str, typer.Option(help=f"What it may do: {', '.join(ACCESSES)}.")] = FULL,
) -> None:
    """Make a key and print it, this once: it is not stored."""
    asyncio.run(_add(console(), dialect, access))


@app.command("list")
def list_all() -> None:
    """Print the valid keys: id, door, access, last characters."""
    asyncio.run(_list(console()))


@app.command()
def remove(key_id: Annotated[str, typer.Argument(help="Its id, as `outdial key list` shows it.")]) -> None:
    """Withdraw a key: it opens nothing from then on. The last full native key stays."""
    asyncio.run(_remove(console(), key_id))


@app.command("rotate-secrets")
def rotate() -> None:
    """Seal every secret in the database with a new key. Nodes may run; broken off, it goes on when it is run again."""
    asyncio.run(_rotate(console()))


async def _rotate(out: Console) -> None:
    chosen = settings()
    async with opened(chosen) as (database, _):
        done = await rotate_secrets(database, now=utc_now)
    out.print(f"{done.rows} rows are sealed with the new key {done.key_id}; the old one is gone", markup=False)
    out.print(f"next: keep a copy of {chosen.keys_path}, and copy it to every other machine", markup=False)


async def _add(out: Console, dialect: str, access: str) -> None:
    async with opened(settings()) as (database, mine):
        new = await issue_key(database, mine.workspace_id, dialect, access=access, now=utc_now)
    out.print(new.key, markup=False)


async def _list(out: Console) -> None:
    async with opened(settings()) as (database, mine):
        after: Place | None = None
        while True:
            rows, after = await database.read(key_page, mine.workspace_id, limit=_PAGE, after=after)
            for row in rows:
                out.print(f"{row.id:<38}{row.dialect:<8}{row.access:<13}…{row.hint}", markup=False)
            if after is None:
                return


async def _remove(out: Console, key_id: str) -> None:
    known = parse_uuid(key_id)
    if known is None:
        raise NotFound("API key not found", field="key_id")
    async with opened(settings()) as (database, mine):
        await withdraw_key(database, mine.workspace_id, known, now=utc_now)
    out.print(f"{known} withdrawn", markup=False)
