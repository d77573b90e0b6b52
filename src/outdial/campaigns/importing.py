"""Import a list of people: read at once, or stored and read in the background. Bodies follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from outdial.domain.campaign import Campaign
from outdial.domain.clock import Clock
from outdial.store.database import Database

Spell = Callable[[str, str], str]
"""A callee's name, and the language (BCP 47) it is to be written in: how it is said then."""


@dataclass(frozen=True)
class Draft:
    """What a customer says about a list. ``starts_at``, ``ends_at``: aware UTC; the door has compared them with now.

    ``call_config``: in the dialect's words, valid. ``mapping``: variable name -> title of its column.
    ``options``: ``remove_invalid_rows`` (bool), ``transliterate_callee_name`` (a language, or empty).
    """

    workspace_id: str
    agent_id: str
    dialect: str
    name: str
    starts_at: datetime
    ends_at: datetime
    call_config: Mapping[str, Any]
    mapping: Mapping[str, str]
    country_code: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Imported:
    """``first``: the variables of the first good rows, 100 at most. ``total_rows``: all of the file's."""

    id: str
    total_rows: int
    successful_rows: int
    failed_rows: int
    first: tuple[Mapping[str, str], ...]


async def import_list(db: Database, draft: Draft, file: BinaryIO, *, spell: Spell, now: Clock) -> Imported:
    """Read a list and keep it as a draft. All of it or nothing.

    Raises:
        NotFound: the agent is not the workspace's (``field``: ``agent_id``).
        Invalid: a mapped column is missing, no such country, or the file cannot be read (``file``).
    """
    raise NotImplementedError


async def upload_list(db: Database, draft: Draft, file: BinaryIO, *, now: Clock) -> Campaign:
    """Store a list that is read in the background; ``total_rows`` is known, the rest is not yet.

    Raises: as ``import_list``.
    """
    raise NotImplementedError
