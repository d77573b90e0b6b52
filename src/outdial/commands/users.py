"""People of a workspace: added, and removed. They are names beside its calls: keys open doors, not users."""

from __future__ import annotations

import re
from typing import Final

from outdial.domain.clock import Clock
from outdial.domain.errors import Conflict, Fault, NotFound, must_be_sound
from outdial.domain.ids import new_id
from outdial.store import users, workspaces
from outdial.store.database import Connection, Database
from outdial.store.trouble import IntegrityError

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
    must_be_sound(_faults(address, name, role))
    identity, created_at = new_id(), now()

    def work(conn: Connection) -> None:
        workspaces.hold(conn, workspace_id)
        users.add(conn, workspace_id, identity, username=name, email=address, role=role, at=created_at)

    try:
        await db.write(work)
    except IntegrityError as error:
        raise Conflict(f"the workspace already has a user {address}") from error
    return identity


async def remove_user(db: Database, workspace_id: str, email: str) -> None:
    """
    Raises:
        NotFound: the workspace has no user of that email.
        Conflict: the last owner stays.
    """
    address = email.strip().lower()

    def work(conn: Connection) -> None:
        # Two owners cannot remove each other at the same moment.
        workspaces.hold(conn, workspace_id)
        roles = users.roles(conn, workspace_id)
        if address not in roles:
            raise NotFound("User not found", field="email")
        if roles[address] == OWNER and list(roles.values()).count(OWNER) == 1:
            raise Conflict(f"{address} is the last owner of the workspace: add another one first")
        users.remove(conn, workspace_id, address)

    await db.write(work)


def _faults(address: str, name: str, role: str) -> list[Fault]:
    faults = []
    if not _EMAIL.fullmatch(address) or not address.isprintable():
        faults.append(Fault(("email",), "email must be an address like name@example.com"))
    elif len(name) > _MAX_NAME or not name.isprintable():
        faults.append(Fault(("username",), f"username must be printable, at most {_MAX_NAME} characters"))
    if role not in ROLES:
        faults.append(Fault(("role",), f"role must be one of {', '.join(ROLES)}"))
    return faults
