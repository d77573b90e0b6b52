"""What creates with an ``Idempotency-Key`` were answered, kept for whoever asks the same again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from outdial.store.schema import answers

LIFE: Final = timedelta(hours=24)
"""How long an answer is promised; one that is older counts as none."""

Asked = tuple[str, str, str]
"""Workspace, dialect and key: where a key means one thing."""


@dataclass(frozen=True)
class StoredAnswer:
    """``fingerprint`` is the digest of the request that got ``body``, which is repeated byte for byte."""

    fingerprint: str
    status: int
    body: str
    created_at: datetime

    def has_expired(self, now: datetime) -> bool:
        return self.created_at <= now - LIFE


def row_of(asked: Asked, answer: StoredAnswer) -> dict[str, Any]:
    workspace_id, dialect, key = asked
    return {"workspace_id": workspace_id, "dialect": dialect, "key": key, **vars(answer)}


def answers_by_key(conn: Connection, asked: Collection[Asked]) -> Mapping[Asked, StoredAnswer]:
    """The answers kept, expired ones included."""
    found = conn.execute(
        sa.select(answers).where(sa.tuple_(answers.c.workspace_id, answers.c.dialect, answers.c.key).in_(asked))
    )
    return {
        (row.workspace_id, row.dialect, row.key): StoredAnswer(row.fingerprint, row.status, row.body, row.created_at)
        for row in found
    }


def forget_expired(conn: Connection, asked: Asked, now: datetime) -> None:
    """Make room for another answer under this key; one that somebody stored meanwhile stays."""
    workspace_id, dialect, key = asked
    conn.execute(
        answers.delete().where(
            answers.c.workspace_id == workspace_id,
            answers.c.dialect == dialect,
            answers.c.key == key,
            answers.c.created_at <= now - LIFE,
        )
    )


def forget(conn: Connection, now: datetime) -> None:
    """Delete every expired answer; they are found by an index."""
    conn.execute(answers.delete().where(answers.c.created_at <= now - LIFE))
