"""New calls with what belongs to them, as rows to be stored together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from outdial.store.bell import ring
from outdial.store.events import lock_numbers
from outdial.store.inserts import Inserts, Row


class Rows(NamedTuple):
    """What one caller wants stored, all of it or nothing; encoded by ``Inserts``.

    ``wake``: some of it is due at once, so that whoever looks at the calendar is told.
    """

    calls: Sequence[Row] = ()
    call_requests: Sequence[Row] = ()
    events: Sequence[Row] = ()
    answers: Sequence[Row] = ()
    wake: bool = False


class Creates:
    """What callers submit at the same moment; ``store`` is a kind of a ``Batcher``."""

    def __init__(self, inserts: Inserts) -> None:
        self._inserts = inserts

    def store(self, conn: Connection, members: Sequence[Rows]) -> Sequence[None]:
        """
        Raises:
            IntegrityError: some of them cannot be stored.
        """
        # First, so that a request that came twice costs nothing else; in order, so that two nodes whose members have
        # keys in common wait for each other in one direction only.
        self._inserts.answers.write(conn, sorted(row for member in members for row in member.answers))
        write_rows(conn, self._inserts, members)
        return [None] * len(members)


def write_rows(conn: Connection, inserts: Inserts, members: Sequence[Rows]) -> None:
    """Insert the calls of ``members`` with their requests and events, and wake the dialers if one of them says so: the
    last thing a transaction does, see ``events.lock_numbers``."""
    inserts.calls.write(conn, [row for member in members for row in member.calls])
    inserts.call_requests.write(conn, [row for member in members for row in member.call_requests])
    if any(member.wake for member in members):
        ring(conn)
    lock_numbers(conn)
    inserts.events.write(conn, [row for member in members for row in member.events])
