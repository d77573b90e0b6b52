"""Knowledge bases and their items: every statement that touches them.

Whoever changes a base locks it first, then its jobs, then its items: nobody waits for somebody who waits for him.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.domain.knowledge import Entry, Faq, ItemKind, ItemState, KnowledgeBase, KnowledgeItem
from outdial.store.schema import agent_versions, agents, knowledge_bases, knowledge_items

_SHOWN: Final = tuple(column for column in knowledge_items.c if column.name not in {"raw", "text"})
_IN_ORDER: Final = (knowledge_items.c.created_at, knowledge_items.c.id)


@dataclass(frozen=True)
class Unread:
    """An item whose text is still to be read: ``raw`` is the file's content, None for a page."""

    id: str
    base_id: str
    kind: ItemKind
    name: str
    file_type: str
    raw: bytes | None


def bases_of(conn: Connection, workspace_id: str) -> list[KnowledgeBase]:
    """A workspace's, without their items, oldest first."""
    rows = conn.execute(
        sa.select(knowledge_bases)
        .where(knowledge_bases.c.workspace_id == workspace_id)
        .order_by(knowledge_bases.c.created_at, knowledge_bases.c.id)
    )
    return [_base_of(row) for row in rows.mappings()]


def base_of(conn: Connection, workspace_id: str, base_id: str) -> KnowledgeBase | None:
    """With its items, oldest first."""
    own = knowledge_bases.c.workspace_id == workspace_id
    found = conn.execute(sa.select(knowledge_bases).where(knowledge_bases.c.id == base_id, own))
    row = found.mappings().first()
    return _base_of(row, items_of(conn, base_id)) if row else None


def items_of(conn: Connection, base_id: str) -> list[KnowledgeItem]:
    rows = conn.execute(sa.select(*_SHOWN).where(knowledge_items.c.knowledge_base_id == base_id).order_by(*_IN_ORDER))
    return [_item_of(row) for row in rows.mappings()]


def lock(conn: Connection, base_id: str, workspace_id: str = "", *, only_keep: bool = False) -> bool:
    """Nobody else changes it until this transaction ends; ``only_keep``: nobody deletes it. False: there is none."""
    asked = sa.select(knowledge_bases.c.id).where(knowledge_bases.c.id == base_id)
    if workspace_id:
        asked = asked.where(knowledge_bases.c.workspace_id == workspace_id)
    found = conn.execute(asked.with_for_update(read=only_keep, key_share=only_keep))
    return found.first() is not None


def add_base(conn: Connection, workspace_id: str, base_id: str, name: str, at: datetime) -> None:
    row = {"id": base_id, "workspace_id": workspace_id, "name": name, "created_at": at, "updated_at": at}
    conn.execute(knowledge_bases.insert().values(**row))


def add_items(conn: Connection, base_id: str, items: Sequence[KnowledgeItem], contents: Mapping[str, bytes]) -> None:
    """``contents``: of files, by the item's id."""
    for item in items:
        conn.execute(
            knowledge_items.insert().values(
                id=item.id,
                knowledge_base_id=base_id,
                kind=item.kind.value,
                name=item.name,
                file_type=item.file_type,
                size=item.size,
                state=item.state.value,
                raw=contents.get(item.id),
                faq={"question": item.faq.question, "answer": item.faq.answer} if item.faq else None,
                created_at=item.created_at,
            )
        )


def moved(conn: Connection, base_id: str, at: datetime) -> None:
    """What can be looked up in it is another than before."""
    conn.execute(
        knowledge_bases.update()
        .where(knowledge_bases.c.id == base_id)
        .values(revision=knowledge_bases.c.revision + 1, updated_at=at)
    )


def delete_items(conn: Connection, ids: Collection[str]) -> None:
    conn.execute(knowledge_items.delete().where(knowledge_items.c.id.in_(ids)))


def delete_base(conn: Connection, base_id: str) -> None:
    """With its items."""
    conn.execute(knowledge_items.delete().where(knowledge_items.c.knowledge_base_id == base_id))
    conn.execute(knowledge_bases.delete().where(knowledge_bases.c.id == base_id))


def detach(conn: Connection, workspace_id: str, base_id: str, at: datetime) -> None:
    """No version of an agent looks anything up in it any more. To be called before the base is locked: agents, too,
    are locked before what they refer to."""
    own = sa.select(agents.c.id).where(agents.c.workspace_id == workspace_id).order_by(agents.c.id)
    ids = list(conn.execute(own.with_for_update()).scalars())
    named = sa.cast(agent_versions.c.definition, sa.Text).contains(base_id)
    found = conn.execute(
        sa.select(agent_versions.c.id, agent_versions.c.definition).where(agent_versions.c.agent_id.in_(ids), named)
    )
    for version_id, definition in found.all():
        kept = [one for one in definition.get("knowledge", []) if one != base_id]
        conn.execute(
            agent_versions.update()
            .where(agent_versions.c.id == version_id)
            .values(definition={**definition, "knowledge": kept}, updated_at=at)
        )


def unread(conn: Connection, item_id: str) -> Unread | None:
    """None: it is gone, or was read already."""
    found = conn.execute(
        sa.select(knowledge_items).where(
            knowledge_items.c.id == item_id, knowledge_items.c.state == ItemState.PENDING.value
        )
    )
    row = found.mappings().first()
    if row is None:
        return None
    return Unread(row["id"], row["knowledge_base_id"], ItemKind(row["kind"]), row["name"], row["file_type"], row["raw"])


def write_text(conn: Connection, item_id: str, text: str, size: int | None) -> None:
    """It was read; what was sent is not needed any more. ``size``: of what was fetched, None for a file."""
    known = {} if size is None else {"size": size}
    _end(conn, item_id, state=ItemState.COMPLETED.value, text=text, **known)


def write_trouble(conn: Connection, item_id: str, trouble: str) -> None:
    """It cannot be read."""
    _end(conn, item_id, state=ItemState.FAILED.value, trouble=trouble)


def _end(conn: Connection, item_id: str, **values: Any) -> None:
    conn.execute(knowledge_items.update().where(knowledge_items.c.id == item_id).values(raw=sa.null(), **values))


def revisions(conn: Connection) -> dict[str, int]:
    """Of every base of every workspace."""
    found = conn.execute(sa.select(knowledge_bases.c.id, knowledge_bases.c.revision))
    return {row.id: row.revision for row in found}


def entries(conn: Connection, base_id: str) -> tuple[int, list[Entry]]:
    """A base's revision, and what can be looked up in it as of then."""
    revision = conn.execute(sa.select(knowledge_bases.c.revision).where(knowledge_bases.c.id == base_id))
    rows = conn.execute(
        sa.select(knowledge_items.c.name, knowledge_items.c.text, knowledge_items.c.faq)
        .where(knowledge_items.c.knowledge_base_id == base_id, knowledge_items.c.state == ItemState.COMPLETED.value)
        .order_by(*_IN_ORDER)
    )
    found = [Entry(name, text or "", Faq(**faq) if faq else None) for name, text, faq in rows.all()]
    return revision.scalar() or 0, found


def _base_of(row: Mapping[Any, Any], items: Sequence[KnowledgeItem] = ()) -> KnowledgeBase:
    return KnowledgeBase(row["id"], row["name"], row["created_at"], row["updated_at"], tuple(items))


def _item_of(row: Mapping[Any, Any]) -> KnowledgeItem:
    return KnowledgeItem(
        id=row["id"],
        kind=ItemKind(row["kind"]),
        name=row["name"],
        file_type=row["file_type"],
        size=row["size"],
        state=ItemState(row["state"]),
        trouble=row["trouble"],
        faq=Faq(**row["faq"]) if row["faq"] else None,
        created_at=row["created_at"],
    )
