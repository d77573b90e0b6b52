"""The same request again is answered again, and done once: creates that carry an ``Idempotency-Key``.

The answer is made before anything is stored, and stored in the transaction of what it speaks of. So there is no
moment at which one exists without the other, and no third state for a crash to leave behind.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from outdial.domain.clock import Clock
from outdial.domain.errors import Reused
from outdial.store.answers import StoredAnswer, answers_by_key, forget_expired, row_of
from outdial.store.calls.creates import Rows
from outdial.store.database import Database
from outdial.store.trouble import IntegrityError


@dataclass(frozen=True)
class Once:
    """Under which name a request may be repeated; ``fingerprint`` tells it from any other."""

    workspace_id: str
    dialect: str
    key: str
    fingerprint: str


@dataclass(frozen=True)
class Answer:
    """What the client reads. ``replayed``: it was stored when the same was asked before."""

    status: int
    body: bytes
    replayed: bool = False


def fingerprint_of(operation: str, body: Mapping[str, Any]) -> str:
    """SHA-256 of what was asked, whatever the order of its members and the blanks between them."""
    canonical = json.dumps([operation, body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


async def create_once(
    db: Database, once: Once | None, create: Callable[[], Awaitable[tuple[Rows, Answer]]], *, now: Clock
) -> Answer:
    """Store what ``create`` makes, and return its answer; or the first answer, if that was asked before.

    Of equal requests at the same moment one is stored: the others' rows are refused by the store, and they are
    answered as the first was. What ``create`` refuses is not kept.

    Raises:
        Reused: the key has been used for another request.
        IntegrityError: the rows cannot be stored, for another reason than the key.
        and what ``create`` and ``Database.submit`` raise.
    """
    if once is None:
        rows, answer = await create()
        await db.submit(rows)
        return answer
    if kept := await _kept(db, once, now):
        return kept
    rows, answer = await create()
    stored = StoredAnswer(once.fingerprint, answer.status, answer.body.decode(), now())
    try:
        await db.submit(rows._replace(answers=(db.inserts.answers.row(row_of(_asked(once), stored)),)))
    except IntegrityError:
        if kept := await _kept(db, once, now):
            return kept
        raise
    return answer


async def _kept(db: Database, once: Once, now: Clock) -> Answer | None:
    asked = _asked(once)
    stored = (await db.find(answers_by_key, [asked])).get(asked)
    if stored is None:
        return None
    moment = now()
    if stored.has_expired(moment):
        await db.write(forget_expired, asked, moment)
        return None
    if stored.fingerprint != once.fingerprint:
        raise Reused("This Idempotency-Key was used for another request")
    return Answer(stored.status, stored.body.encode(), replayed=True)


def _asked(once: Once) -> tuple[str, str, str]:
    return once.workspace_id, once.dialect, once.key
