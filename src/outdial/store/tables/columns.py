"""What the tables are made of.

Times are whole microseconds since 1970 UTC in a BIGINT: exact, ordered and the same on both engines.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from outdial.domain.clock import from_micros, to_micros
from outdial.store.secrets.sealing import SealedJson, SealedText


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970 UTC."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)


# SQLite numbers rows itself only for a plain INTEGER primary key.
SEQ: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key() -> sa.Column[str]:
    return sa.Column("id", sa.Text, primary_key=True)


def of(table: str, *, nullable: bool = False) -> sa.Column[str]:
    singular = table.rstrip("s")
    return sa.Column(f"{singular}_id", sa.Text, sa.ForeignKey(f"{table}.id"), nullable=nullable)


def text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON, nullable=False)


def sealed_text(table: str, name: str) -> sa.Column[str]:
    """A secret; empty: there is none. It cannot be searched for: the same text is stored otherwise every time."""
    return sa.Column(name, SealedText(f"{table}.{name}"), nullable=False, server_default="")


def sealed_json(table: str, name: str, *, default: str | None = None) -> sa.Column[Any]:
    """An object or a list with secrets in it; as ``sealed_text``."""
    return sa.Column(name, SealedJson(f"{table}.{name}"), nullable=False, server_default=default)


def when(name: str, *, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, Instant, nullable=nullable)


def flag(name: str, *, default: bool = False) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.true() if default else sa.false())


def integer(name: str, default: int = 0) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default=str(default))


def micros(name: str) -> sa.Column[int]:
    """Credits, in millionths: exact in every sum."""
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def limit(name: str) -> sa.Column[int]:
    """NULL: no limit."""
    return sa.Column(name, sa.Integer)
