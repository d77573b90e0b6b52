"""``outdial agent list`` and ``agent versions``: who talks, and in which version."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import typer
from rich.console import Console

from outdial.cli.additions import opened
from outdial.cli.console import console
from outdial.cli.environment import settings
from outdial.domain.errors import NotFound
from outdial.store.agents.reading import AgentWhole, agent_page
from outdial.store.database import Database

_PAGE: Final = 100


def agent_list() -> None:
    """Print the agents in use: id, tag, active version, name."""
    asyncio.run(_list(console()))


def agent_versions(agent: Annotated[str, typer.Argument(help="Tag or id of the agent.")]) -> None:
    """Print an agent's versions, the active one first: id, number, day of its last change, description."""
    asyncio.run(_versions(console(), agent.strip()))


async def _list(out: Console) -> None:
    async with opened(settings()) as (database, mine):
        for one in await _all(database, mine.workspace_id):
            out.print(f"{one.id}  {one.tag:<28}v{one.active.number:<4}{one.name}", markup=False)


async def _versions(out: Console, wanted: str) -> None:
    """Raises NotFound: there is no such agent."""
    async with opened(settings()) as (database, mine):
        found = [one for one in await _all(database, mine.workspace_id) if wanted in (one.tag, one.id)]
    if not found:
        raise NotFound(f"there is no agent {wanted}; outdial agent list names them", field="agent")
    for version in found[0].versions:
        talks = "  active" if version.id == found[0].active.id else ""
        line = f"{version.id}  v{version.number:<4}{version.updated_at:%Y-%m-%d}  {version.description}".rstrip()
        out.print(line + talks, markup=False)


async def _all(database: Database, workspace_id: str) -> list[AgentWhole]:
    found, place = await database.read(agent_page, workspace_id, limit=_PAGE, after=None)
    while place is not None:
        more, place = await database.read(agent_page, workspace_id, limit=_PAGE, after=place)
        found += more
    return found
