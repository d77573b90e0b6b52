"""What a fresh installation is given once: a workspace, keys, an agent and a number on the simulated network."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from outdial.bootstrap.agent_file import read_agent
from outdial.bootstrap.database import open_database
from outdial.commands.keys import create_key
from outdial.commands.provision import add_agent, add_number, add_trunk, create_workspace
from outdial.commands.users import add_user
from outdial.domain.attempt import Trunk
from outdial.domain.clock import Clock, utc_now
from outdial.domain.errors import NotFound, Refused
from outdial.settings import Settings
from outdial.store.database import Database
from outdial.store.inventory import agent, workspace

_OWNER: Final = "owner@localhost"
"""The first user of the first workspace; nobody writes to that address."""
SIMULATED_TRUNK: Final = Trunk(id="", name="simulated", host="127.0.0.1", port=5060, kind="simulator")
"""Where the simulated network listens is filled in when a call is dialled."""
FIRST_NUMBER: Final = "+15550009999"
_FILE: Final = "installation.json"


@dataclass(frozen=True)
class Installation:
    workspace_id: str
    ringg_key: str
    ringly_key: str
    native_key: str
    agent_id: str
    agent_tag: str
    number: str
    number_id: str
    base_url: str


async def installation(settings: Settings, *, now: Clock = utc_now) -> Installation:
    """Create it, once; afterwards read it back. The keys stand in a file only its owner can read.

    Raises:
        Refused: the file is there but damaged, or its database is not: one of the two was moved or deleted.
        Unreachable: the database cannot be reached.
    """
    async with open_database(settings) as database:
        file = settings.secrets_dir / _FILE
        if file.exists():
            known = _read(file, settings.public_url)
            await _must_be_there(database, known, file)
            return known
        made = await _create(database, settings, now)
        try:
            _keep(file, made)
        except FileExistsError:
            # Another command was first; the workspace made here stays empty.
            return _read(file, settings.public_url)
        return made


async def _create(database: Database, settings: Settings, now: Clock) -> Installation:
    workspace_id = await create_workspace(database, "First workspace", now=now)
    await add_user(database, workspace_id, _OWNER, now=now, role="owner")
    trunk_id = await add_trunk(database, workspace_id, SIMULATED_TRUNK, now=now)
    number_id = await add_number(
        database, workspace_id, trunk_id, FIRST_NUMBER, now=now, display_name="Simulated network"
    )
    file = read_agent(resources.files(__package__).joinpath("demo_agent.yaml").read_text("utf-8"))
    agent_id = await add_agent(
        database, workspace_id, file.definition, file.name, now=now, tag=file.tag, description=file.description
    )
    return Installation(
        workspace_id=workspace_id,
        ringg_key=await create_key(database, workspace_id, "ringg", now=now),
        ringly_key=await create_key(database, workspace_id, "ringly", now=now),
        native_key=await create_key(database, workspace_id, "native", now=now),
        agent_id=agent_id,
        agent_tag=(await database.read(agent, workspace_id, agent_id)).tag,
        number=FIRST_NUMBER,
        number_id=number_id,
        base_url=settings.public_url,
    )


def _read(file: Path, base_url: str) -> Installation:
    try:
        return Installation(**json.loads(file.read_text("utf-8")) | {"base_url": base_url})
    except (ValueError, TypeError) as error:
        raise Refused(f"{file} is damaged ({error}): restore it, or delete it and its keys are replaced") from error


async def _must_be_there(database: Database, known: Installation, file: Path) -> None:
    try:
        await database.read(workspace, known.workspace_id)
    except NotFound as error:
        raise Refused(
            f"{file} names a workspace that is not in the database: restore the database, or delete that file"
        ) from error


def _keep(file: Path, made: Installation) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as sink:
        json.dump(asdict(made), sink, indent=2)
