"""Lay down what a workspace, a caller number and a trunk may do: calling policy, prices, limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Unpack

from outdial.domain.errors import must_be_sound
from outdial.domain.rules import Rules, TrunkLimits, limit_faults, trunk_faults
from outdial.store import workspaces
from outdial.store.database import Connection, Database
from outdial.store.equipment import changing as equipment


async def change_rules(db: Database, workspace_id: str, change: Callable[[Rules], Rules]) -> Rules:
    """Make of a workspace's rules what ``change`` makes of them; the new ones.

    Two changes at the same moment follow each other, so that neither loses what the other one laid down.

    Raises:
        Invalid: rules that cannot be laid down; every fault names its member.
        NotFound: there is no such workspace.
        Broken: the present rules cannot be read.
    """

    def work(conn: Connection) -> Rules:
        rules = change(workspaces.hold(conn, workspace_id))
        must_be_sound(rules.faults())
        workspaces.set_rules(conn, workspace_id, rules)
        return rules

    return await db.write(work)


async def limit_number(db: Database, workspace_id: str, number_id: str, max_calls: int | None) -> None:
    """How many calls may be up from a caller number at the same moment; None: as many as the trunk carries.

    Raises:
        Invalid: no such limit.
        NotFound: the number is not the workspace's.
    """
    must_be_sound(limit_faults("max_calls", max_calls))
    await db.write(equipment.change_number, workspace_id, number_id, {"max_calls": max_calls})


async def limit_trunk(db: Database, workspace_id: str, trunk_id: str, **limits: Unpack[TrunkLimits]) -> None:
    """Set the limits named, and leave the others.

    Raises:
        Invalid: no such limit.
        NotFound: the trunk is not the workspace's.
    """
    must_be_sound(trunk_faults(limits.get("max_calls"), limits.get("calls_per_s")))
    await db.write(equipment.limit_trunk, workspace_id, trunk_id, limits)
