"""What an agent is tied to outside itself: knowledge bases it may look into, numbers it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.errors import NotFound, Refused
from outdial.store.schema import agents, knowledge_bases, numbers


@dataclass(frozen=True)
class NumberLink:
    """A number to be tied to an agent, or set free from it."""

    number_id: str
    attached: bool


def must_own_knowledge(conn: Connection, workspace_id: str, ids: Sequence[str], field: str) -> None:
    """Held until the transaction ends: a knowledge base that is just being deleted is either found or gone.

    Raises:
        NotFound: one is not the workspace's.
    """
    if not ids:
        return
    asked = sa.select(knowledge_bases.c.id).where(
        knowledge_bases.c.workspace_id == workspace_id, knowledge_bases.c.id.in_(ids)
    )
    if not set(ids) <= set(conn.scalars(asked.with_for_update(read=True))):
        raise NotFound("Knowledge Base not found", field=field)


def must_call_from(conn: Connection, workspace_id: str, number_ids: Sequence[str]) -> None:
    """
    Raises:
        NotFound: a number is not the workspace's.
        Refused: one may not call out.
    """
    if not number_ids:
        return
    mine = sa.select(numbers.c.id, numbers.c.outbound).where(
        numbers.c.workspace_id == workspace_id, numbers.c.id.in_(number_ids)
    )
    found = {row.id: row.outbound for row in conn.execute(mine)}
    if not set(number_ids) <= found.keys():
        raise NotFound("Number not found", field="number_id")
    if not all(found.values()):
        raise Refused("Number is not enabled for outbound calls")


def link_number(conn: Connection, workspace_id: str, agent_id: str, link: NumberLink) -> None:
    """
    Raises:
        NotFound: the number is not the workspace's.
        Refused: it is tied to another agent in use, or is to be set free from an agent it is not tied to.
    """
    this = (numbers.c.id == link.number_id) & (numbers.c.workspace_id == workspace_id)
    row = conn.execute(sa.select(numbers.c.agent_id).where(this).with_for_update()).first()
    if row is None:
        raise NotFound("Number not found", field="number_id")
    if not link.attached and row.agent_id != agent_id:
        raise Refused("Number is not attached to this agent")
    if link.attached and row.agent_id not in (None, agent_id):
        in_use = sa.select(agents.c.id).where(agents.c.id == row.agent_id, agents.c.archived_at.is_(None))
        if conn.scalar(in_use) is not None:
            raise Refused("Number is attached to another agent")
    conn.execute(numbers.update().where(this).values(agent_id=agent_id if link.attached else None))


def release_numbers(conn: Connection, agent_id: str) -> None:
    conn.execute(numbers.update().where(numbers.c.agent_id == agent_id).values(agent_id=None))
