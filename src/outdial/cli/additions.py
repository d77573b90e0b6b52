"""``outdial trunk add``, ``number add``, ``agent add``: for real trunks what ``init`` does for the simulated one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from rich.console import Console

from outdial.bootstrap.agent_file import read_agent
from outdial.bootstrap.database import open_database
from outdial.bootstrap.installation import Installation, installation
from outdial.carriers.sip.addresses import Unfit, route
from outdial.carriers.sip.certificates import read_ca_file
from outdial.commands import provision
from outdial.domain.attempt import Dial, Trunk
from outdial.domain.clock import utc_now
from outdial.domain.errors import Fault, Invalid, NotFound
from outdial.settings import Settings
from outdial.store.database import Database
from outdial.store.inventory import agents, trunks

MOST_AGENTS: Final = 100_000
_ANYBODY: Final = "+15550000000"
_OPTIONS: Final = {"codecs": "--codec", "headers": "--header"}


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[Database, Installation]]:
    """The database and this installation's workspace, created if it is not there yet."""
    mine = await installation(settings)
    async with open_database(settings) as database:
        yield database, mine


async def add_trunk(settings: Settings, console: Console, trunk: Trunk) -> None:
    """Raises Invalid: a setting that every call over the trunk would fail by; the fault names its option."""
    _must_be_dialable(trunk)
    async with opened(settings) as (database, mine):
        trunk_id = await provision.add_trunk(database, mine.workspace_id, trunk, now=utc_now)
    console.print(f"trunk {trunk.name} added ({trunk_id})")
    console.print(f"next: outdial number add +1… --trunk {trunk.name}, then outdial doctor", highlight=False)
    if trunk.ca_file:
        console.print("a server that runs already must be started again to trust its CA file")


def _must_be_dialable(trunk: Trunk) -> None:
    try:
        route(Dial("", 1, _ANYBODY, _ANYBODY, trunk))
    except Unfit as wrong:
        option = _OPTIONS.get(wrong.field, "--" + wrong.field.replace("_", "-"))
        raise Invalid(Fault((option,), str(wrong).removeprefix(f"{wrong.field}: "))) from wrong
    if trunk.ca_file:
        try:
            read_ca_file(trunk.ca_file)
        except Invalid as wrong:
            raise Invalid(Fault(("--ca-file",), str(wrong))) from wrong


async def add_number(settings: Settings, console: Console, number: str, trunk: str, display_name: str) -> None:
    """Raises NotFound: there is no trunk of that name."""
    async with opened(settings) as (database, mine):
        known = {row.name: row.id for row in await database.read(trunks, mine.workspace_id)}
        if trunk not in known:
            raise NotFound(f"there is no trunk named {trunk}; there are: {', '.join(sorted(known))}", field="trunk")
        number_id = await provision.add_number(
            database, mine.workspace_id, known[trunk], number, now=utc_now, display_name=display_name
        )
    console.print(f"number {number} added to {trunk} ({number_id})")
    console.print(f"next: outdial call --from {number} +1…", highlight=False)


async def add_agent(settings: Settings, console: Console, text: bytes) -> None:
    """``text`` is the file's. A tag that is known already gets a new version, which becomes the active one."""
    wanted = read_agent(text)
    async with opened(settings) as (database, mine):
        rows = await database.read(agents, mine.workspace_id, limit=MOST_AGENTS)
        known = next((row for row in rows if wanted.tag and row.tag == wanted.tag), None)
        if known is not None:
            version = await provision.add_version(
                database, mine.workspace_id, known.id, wanted.definition, now=utc_now, description=wanted.description
            )
            console.print(f"agent {known.tag} has a new active version ({version})")
            return
        agent_id = await provision.add_agent(
            database,
            mine.workspace_id,
            wanted.definition,
            wanted.name,
            now=utc_now,
            tag=wanted.tag,
            description=wanted.description,
        )
    console.print(f"agent {wanted.name} added ({agent_id})")
    console.print(f"next: outdial call --agent {agent_id} +15550001111", highlight=False)
