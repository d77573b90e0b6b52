"""``outdial user``: the people of the workspace."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import typer
from rich.console import Console

from outdial.cli.additions import opened
from outdial.cli.console import console
from outdial.cli.environment import settings
from outdial.commands.users import ROLES, add_user, remove_user
from outdial.domain.clock import utc_now
from outdial.store.users import users_of

people = typer.Typer(no_args_is_help=True)
_PAGE: Final = 1000

Email = Annotated[str, typer.Argument(help="Their address; nobody writes to it.")]


@people.command("add")
def user_add(
    email: Email,
    name: Annotated[str, typer.Option(help="Default: what stands before the @.")] = "",
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")] = "member",
) -> None:
    """Add somebody to the workspace. Users are names: what opens it are keys."""
    asyncio.run(_add(console(), email, name, role))


@people.command("remove")
def user_remove(email: Email) -> None:
    """Remove somebody; the last owner stays."""
    asyncio.run(_remove(console(), email))


@people.command("list")
def user_list() -> None:
    """Print the people of the workspace: address, name, role."""
    asyncio.run(_list(console()))


async def _add(out: Console, email: str, name: str, role: str) -> None:
    async with opened(settings()) as (database, mine):
        user_id = await add_user(database, mine.workspace_id, email, now=utc_now, username=name, role=role)
    out.print(f"{email} added as {role} ({user_id})", markup=False)


async def _remove(out: Console, email: str) -> None:
    async with opened(settings()) as (database, mine):
        await remove_user(database, mine.workspace_id, email)
    out.print(f"{email} removed", markup=False)


async def _list(out: Console) -> None:
    async with opened(settings()) as (database, mine):
        shown = 0
        while page := await database.read(users_of, mine.workspace_id, limit=_PAGE, offset=shown):
            for user in page:
                out.print(f"{user.email:<40}{user.username:<24}{user.role}", markup=False)
            shown += len(page)
