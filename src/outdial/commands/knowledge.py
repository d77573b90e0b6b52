"""Knowledge bases: made, changed, deleted. What was sent is on disk at once; its text is read in the background."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from outdial.domain.clock import Clock
from outdial.domain.errors import Fault, Invalid, NotFound, must_be_sound
from outdial.domain.ids import new_id
from outdial.domain.job import JobKind
from outdial.domain.knowledge import (
    BASE_BYTES,
    BASE_ITEMS,
    NAME_LETTERS,
    Faq,
    ItemKind,
    ItemState,
    KnowledgeItem,
    Upload,
    upload_faults,
)
from outdial.store import jobs
from outdial.store.database import Connection, Database
from outdial.store.knowledge import items as knowledge
from outdial.store.policy.quotas import must_have_room

_APART: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class BaseMade:
    id: str
    files: tuple[KnowledgeItem, ...]


@dataclass(frozen=True)
class Removal:
    """Items to take out, each named by its id; pages also by their URL. What a base does not hold is passed over."""

    files: frozenset[str] = field(default_factory=frozenset)
    urls: frozenset[str] = field(default_factory=frozenset)
    faqs: frozenset[str] = field(default_factory=frozenset)

    def names(self, item: KnowledgeItem) -> bool:
        match item.kind:
            case ItemKind.FILE:
                return item.id in self.files
            case ItemKind.URL:
                return item.id in self.urls or item.name in self.urls
            case ItemKind.FAQ:
                return item.id in self.faqs


@dataclass(frozen=True)
class BaseEdited:
    removed: int
    files: tuple[KnowledgeItem, ...]
    """Those that are new."""


async def create_base(db: Database, workspace_id: str, name: str, upload: Upload, *, now: Clock) -> BaseMade:
    """
    Raises:
        Invalid: its name is missing or too long, or the upload is over a limit; every fault is listed.
    """
    faults = [*_name_faults(name), *upload_faults(upload)]
    must_be_sound(faults)
    base_id, at = new_id(), now()
    items, contents = _items(upload, at)

    def work(conn: Connection) -> None:
        must_have_room(conn, workspace_id, db.quotas, "knowledge_bases")
        knowledge.add_base(conn, workspace_id, base_id, name.strip(), at)
        knowledge.add_items(conn, base_id, items, contents)
        _add_jobs(conn, workspace_id, items, at)

    await db.write(work)
    return BaseMade(base_id, _files(items))


async def edit_base(
    db: Database, workspace_id: str, base_id: str, removal: Removal, upload: Upload, *, now: Clock
) -> BaseEdited:
    """Take items out, then add others, both or neither.

    Raises:
        NotFound: the workspace has no such base.
        Invalid: the upload is over a limit, or the base would be; every fault is listed.
    """
    faults = upload_faults(upload, prefix="new_")
    must_be_sound(faults)
    at = now()
    items, contents = _items(upload, at)

    def work(conn: Connection) -> int:
        _lock(conn, workspace_id, base_id)
        there = knowledge.items_of(conn, base_id)
        gone = [item for item in there if removal.names(item)]
        _must_fit([item for item in there if item not in gone], items)
        _drop_jobs(conn, gone)
        knowledge.delete_items(conn, [item.id for item in gone])
        knowledge.add_items(conn, base_id, items, contents)
        _add_jobs(conn, workspace_id, items, at)
        knowledge.moved(conn, base_id, at)
        return len(gone)

    return BaseEdited(await db.write(work), _files(items))


async def delete_base(db: Database, workspace_id: str, base_id: str, *, now: Clock) -> None:
    """For good; agents that looked things up in it do not any more.

    Raises:
        NotFound: the workspace has no such base.
    """
    at = now()

    def work(conn: Connection) -> None:
        knowledge.detach(conn, workspace_id, base_id, at)
        _lock(conn, workspace_id, base_id)
        _drop_jobs(conn, knowledge.items_of(conn, base_id))
        knowledge.delete_base(conn, base_id)

    await db.write(work)


def must_own(conn: Connection, workspace_id: str, base_id: str) -> None:
    """For the transaction that attaches a base to an agent: it cannot be deleted before that one ends.

    Raises:
        NotFound: the workspace has no such base.
    """
    _lock(conn, workspace_id, base_id, only_keep=True)


def _lock(conn: Connection, workspace_id: str, base_id: str, *, only_keep: bool = False) -> None:
    if not knowledge.lock(conn, base_id, workspace_id, only_keep=only_keep):
        raise NotFound("Knowledge base not found", field="kb_id")


def _name_faults(name: str) -> Iterator[Fault]:
    if not name.strip():
        yield Fault(("kb_name",), "kb_name is required", "missing")
    if len(name) > NAME_LETTERS:
        yield Fault(("kb_name",), f"kb_name has at most {NAME_LETTERS} characters", "too_long")


def _items(upload: Upload, at: datetime) -> tuple[list[KnowledgeItem], dict[str, bytes]]:
    """The items of an upload, and the content of its files by item. A question and its answer need no reading."""
    contents: dict[str, bytes] = {}
    items: list[KnowledgeItem] = []
    for file in upload.files:
        items.append(_item(ItemKind.FILE, file.name, at, file_type=file.file_type, size=len(file.content)))
        contents[items[-1].id] = file.content
    items += [_item(ItemKind.URL, url, at, file_type="url") for url in dict.fromkeys(upload.urls)]
    items += [_item(ItemKind.FAQ, faq.question, at, file_type="faq", faq=faq) for faq in upload.faqs]
    # A microsecond apart, so that they stay in the order they were sent in.
    return [replace(item, created_at=at + place * _APART) for place, item in enumerate(items)], contents


def _item(
    kind: ItemKind, name: str, at: datetime, *, file_type: str, size: int = 0, faq: Faq | None = None
) -> KnowledgeItem:
    if faq:
        size = len((faq.question + faq.answer).encode())
    state = ItemState.COMPLETED if faq else ItemState.PENDING
    return KnowledgeItem(new_id(), kind, name, file_type, size, state, "", faq, at)


def _files(items: Sequence[KnowledgeItem]) -> tuple[KnowledgeItem, ...]:
    return tuple(item for item in items if item.kind is ItemKind.FILE)


def _must_fit(kept: Sequence[KnowledgeItem], new: Sequence[KnowledgeItem]) -> None:
    if not new:
        return
    together = [*kept, *new]
    if len(together) > BASE_ITEMS:
        raise Invalid(Fault(("new_files",), f"a knowledge base holds at most {BASE_ITEMS} items", "too_long"))
    if sum(item.size for item in together) > BASE_BYTES:
        raise Invalid(Fault(("new_files",), "a knowledge base holds at most 25 MB", "too_long"))


def _add_jobs(conn: Connection, workspace_id: str, items: Sequence[KnowledgeItem], at: datetime) -> None:
    for item in items:
        if item.state is ItemState.PENDING:
            jobs.add(conn, JobKind.KNOWLEDGE, item.id, workspace_id, at)


def _drop_jobs(conn: Connection, items: Sequence[KnowledgeItem]) -> None:
    for item in items:
        if item.state is ItemState.PENDING:
            jobs.drop(conn, JobKind.KNOWLEDGE, item.id)
