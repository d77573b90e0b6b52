"""Change and remove what calls are made with: caller numbers, trunks, pools. ``provision`` adds them.

What calls were made over stays, for their history names it; it is switched off instead. Nothing that a waiting call
still names is taken away from under it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from outdial.commands.provision import display_name_faults, faults_of
from outdial.domain.attempt import Trunk
from outdial.domain.clock import Clock
from outdial.domain.errors import Conflict, must_be_sound
from outdial.domain.ids import new_id
from outdial.domain.rules import TrunkLimits, limit_faults
from outdial.store.database import Connection, Database
from outdial.store.equipment import changing as equipment
from outdial.store.policy.quotas import must_have_room
from outdial.store.trouble import IntegrityError


async def change_number(db: Database, workspace_id: str, number_id: str, changes: Mapping[str, Any]) -> None:
    """Set these columns of a caller number: ``trunk_id``, ``number_pool_id`` (None: in none), ``display_name``,
    ``outbound``, ``spam``, ``tags``, ``max_calls``. Calls that are up stay as they are.

    Raises:
        Invalid: the limit is none, or SIP cannot carry the name.
        NotFound: the number, trunk or pool is not the workspace's.
    """
    named = changes.get("display_name")
    must_be_sound([*limit_faults("max_calls", changes.get("max_calls")), *display_name_faults(named or "")])

    await db.write(equipment.change_number, workspace_id, number_id, changes)


async def remove_number(db: Database, workspace_id: str, number_id: str) -> None:
    """Take away a caller number no call was made from, and no waiting call names.

    Raises:
        NotFound: the number is not the workspace's.
        Conflict: calls were made from it, or wait for it.
    """
    await db.write(equipment.remove_number, workspace_id, number_id)


async def change_trunk(
    db: Database,
    workspace_id: str,
    trunk_id: str,
    change: Callable[[Trunk], Trunk],
    limits: TrunkLimits,
) -> None:
    """Make of a trunk what ``change`` makes of it, and set the ``limits`` named. Calls that are up stay as they are.

    ``change`` is given the password in clear and may raise Invalid.

    Raises:
        Invalid: no such limit or name, or as ``change``.
        NotFound: the trunk is not the workspace's.
        Conflict: the workspace has another trunk of that name.
    """

    def judged(trunk: Trunk) -> Trunk:
        changed = change(trunk)
        must_be_sound(faults_of(changed, limits))
        return changed

    try:
        await db.write(equipment.change_trunk, workspace_id, trunk_id, judged, limits)
    except IntegrityError as error:
        raise Conflict("the workspace already has a trunk of that name") from error


async def remove_trunk(db: Database, workspace_id: str, trunk_id: str) -> None:
    """Take away a trunk that has no numbers and no calls were made over.

    Raises:
        NotFound: the trunk is not the workspace's.
        Conflict: it has numbers, or calls were made over it.
    """
    await db.write(equipment.remove_trunk, workspace_id, trunk_id)


async def add_pool(db: Database, workspace_id: str, name: str, number_ids: Collection[str], *, now: Clock) -> str:
    """A pool of these numbers, which leave the pools they were in; its id.

    Raises:
        NotFound: a number is not the workspace's.
    """
    identity, created_at = new_id(), now()

    def work(conn: Connection) -> None:
        must_have_room(conn, workspace_id, db.quotas, "number_pools")
        values = {"id": identity, "name": name, "created_at": created_at}
        equipment.add_pool(conn, workspace_id, values, number_ids)

    await db.write(work)
    return identity


async def change_pool(
    db: Database, workspace_id: str, pool_id: str, *, name: str | None = None, number_ids: Collection[str] | None = None
) -> None:
    """Rename a pool, or let exactly these numbers be in it; None leaves it as it is.

    Raises:
        NotFound: the pool or a number is not the workspace's.
    """
    await db.write(equipment.change_pool, workspace_id, pool_id, name, number_ids)


async def remove_pool(db: Database, workspace_id: str, pool_id: str) -> None:
    """Take away a pool no waiting call names; its numbers stay, in none.

    Raises:
        NotFound: the pool is not the workspace's.
        Conflict: calls wait for it.
    """
    await db.write(equipment.remove_pool, workspace_id, pool_id)
