"""Driver errors in words: which database is in trouble, why, and what to look at. One line, no password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa

from outdial.domain.errors import Unreachable

# SQLSTATE classes and codes that mean "the server", not "the statement":
# 08 connection, 28 authorization, 3D no such database, 53 resources, 57 operator intervention, 58 system,
# 25P03 idle in transaction, 55P03 lock not available, 40 given up for the sake of others (a deadlock): try again.
_POSTGRES_TROUBLE: Final = ("08", "28", "3D", "40", "53", "57", "58", "25P03", "55P03")
_SQLITE_TROUBLE: Final = frozenset(
    {"BUSY", "LOCKED", "CANTOPEN", "IOERR", "FULL", "READONLY", "NOTADB", "CORRUPT", "PERM", "AUTH", "PROTOCOL"}
)


class IntegrityError(Exception):
    """A row cannot be stored: one with such a unique value is there already, or what it refers to is not."""


@contextmanager
def translate_db_errors(url: sa.URL) -> Iterator[None]:
    """Turn what a driver raises into errors of ours; faults in a statement pass.

    Raises:
        Unreachable: the database cannot be reached or used; the message names it and what to check.
        IntegrityError: a row cannot be stored.
    """
    try:
        yield
    except sa.exc.IntegrityError as error:
        raise IntegrityError(_first_line(error)) from error
    except (sa.exc.DBAPIError, sa.exc.TimeoutError, OSError) as error:
        if not is_trouble(error):
            raise
        raise Unreachable(_line(url, error)) from error


def is_trouble(error: BaseException) -> bool:
    """Whether ``error`` speaks of the database as a whole rather than of one statement or row."""
    if not isinstance(error, sa.exc.DBAPIError):
        return isinstance(error, sa.exc.TimeoutError | OSError)
    if error.connection_invalidated or isinstance(error, sa.exc.InterfaceError):
        return True
    state: str = getattr(error.orig, "sqlstate", None) or ""
    name: str = getattr(error.orig, "sqlite_errorname", None) or ""
    return state.startswith(_POSTGRES_TROUBLE) or any(part in _SQLITE_TROUBLE for part in name.split("_"))


def _line(url: sa.URL, error: BaseException) -> str:
    why = _first_line(error)
    if url.get_backend_name() == "sqlite":
        return (
            f"the database file {url.database} cannot be used ({why}): check that its folder exists, is writable "
            "and has free space, and that no other program keeps the file locked"
        )
    shown = url.render_as_string(hide_password=True)
    return (
        f"the database {shown} does not answer ({why}): check that PostgreSQL runs at that address and that "
        "the name, user and password in OUTDIAL_DATABASE_URL are right"
    )


def _first_line(error: BaseException) -> str:
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig is not None else error
    text = str(cause).strip() or type(cause).__name__
    text = text.splitlines()[0]
    # SQLAlchemy's asyncpg adapter puts the class of the driver's error before its message.
    return text.partition(">: ")[2] or text
