"""Trunks in the database: everything but the password and who added it as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.attempt import Trunk
from outdial.store.schema import trunks


def load_trunk(conn: Connection, trunk_id: str, workspace_id: str | None = None) -> Trunk | None:
    """The trunk, of that workspace if one is named, with its password in clear: for dialling, never for showing."""
    asked = sa.select(trunks).where(trunks.c.id == trunk_id)
    if workspace_id is not None:
        asked = asked.where(trunks.c.workspace_id == workspace_id)
    row = conn.execute(asked).mappings().first()
    return trunk_of(row) if row else None


def trunk_ca_files(conn: Connection) -> list[str]:
    """Every PEM file some trunk wants its TLS certificates checked against."""
    definitions = conn.execute(sa.select(trunks.c.definition)).scalars()
    return sorted({definition["ca_file"] for definition in definitions if definition.get("ca_file")})


def trunk_of(row: Mapping[Any, Any]) -> Trunk:
    definition = row["definition"]
    return Trunk(
        **{**definition, "codecs": tuple(definition["codecs"])},
        id=row["id"],
        name=row["name"],
        password=row["password"],
        added_by=row["added_by"],
    )


def trunk_to_row(trunk: Trunk) -> dict[str, Any]:
    """The columns ``id``, ``name``, ``definition``, ``password`` and ``added_by``."""
    definition = asdict(trunk)
    return {name: definition.pop(name) for name in ("id", "name", "password", "added_by")} | {"definition": definition}
