"""People of a workspace: added, and removed. They are names beside its calls: keys open doors, not users."""

from __future__ import annotations

import re
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from outdial.domain.clock import Clock
from outdial.domain.errors import Conflict, Fault, Invalid, NotFound
from outdial.domain.ids import new_id
from outdial.store.database import Database
from outdial.store.schema import users, workspaces

OWNER: Final = "owner"
ROLES: Final = (OWNER, "admin", "member")
_EMAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@]{1,189}")
_MAX_NAME: Final = 128


async def add_user(
    db: Database, workspace_id: str, email: str, *, now: Clock, username: str = "", role: str = "member"
) -> str:
    """A further user; their id. ``username``: default is what stands before the ``@``. No mail is sent.

    Raises:
        Invalid: no email, name or role that can be used.
        NotFound: there is no such workspace.
        Conflict: the workspace has a user of that email.
    """
    address = email.strip().lower()
    name = username.strip() or address.partition("@")[0]
    if faults := _faults(address, name, role):
        raise Invalid(*faults)
    identity, created_at = new_id(), now()

    async def work(conn: AsyncConnection) -> None:
        await _lock(conn, workspace_id)
        await conn.execute(
            users.insert().values(
                id=identity,
                workspace_id=workspace_id,
                username=name,
                email=address,
                role=role,
                invite_status="success",
                created_at=created_at,
            )
        )

    try:
        await db.write(work)
    except sa.exc.IntegrityError as error:
        raise Conflict(f"the workspace already has a user {address}") from error
    return identity


async def remove_user(db: Database, workspace_id: str, email: str) -> None:
    """
    Raises:
        NotFound: the workspace has no user of that email.
        Conflict: the last owner stays.
    """
    address = email.strip().lower()

    async def work(conn: AsyncConnection) -> None:
        await _lock(conn, workspace_id)
        theirs = sa.select(users.c.email, users.c.role).where(users.c.workspace_id == workspace_id)
        roles = {row.email: row.role for row in await conn.execute(theirs)}
        if address not in roles:
            raise NotFound("User not found", field="email")
        if roles[address] == OWNER and list(roles.values()).count(OWNER) == 1:
            raise Conflict(f"{address} is the last owner of the workspace: add another one first")
        await conn.execute(users.delete().where(users.c.workspace_id == workspace_id, users.c.email == address))

    await db.write(work)


async def _lock(conn: AsyncConnection, workspace_id: str) -> None:
    """Two owners cannot remove each other at the same moment."""
    locked = sa.select(workspaces.c.id).where(workspaces.c.id == workspace_id).with_for_update()
    if await conn.scalar(locked) is None:
        raise NotFound("Workspace not found", field="workspace_id")


def _faults(address: str, name: str, role: str) -> list[Fault]:
    faults = []
    if not _EMAIL.fullmatch(address) or not address.isprintable():
        faults.append(Fault(("email",), "email must be an address like name@example.com"))
    elif len(name) > _MAX_NAME or not name.isprintable():
        faults.append(Fault(("username",), f"username must be printable, at most {_MAX_NAME} characters"))
    if role not in ROLES:
        faults.append(Fault(("role",), f"role must be one of {', '.join(ROLES)}"))
    return faults
