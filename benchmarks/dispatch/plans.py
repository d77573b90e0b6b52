"""What the engines really do for one claim among a million waiting calls: every statement, with its plan and its time.

Statements are caught as the product sends them, so that no list of them grows old here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import sqlalchemy as sa
from benchmarks.dispatch.measure import long_due
from benchmarks.dispatch.places import WIDE
from benchmarks.dispatch.platforms import Outdial
from benchmarks.dispatch.scale import Scale
from benchmarks.dispatch.shelf import Shelf
from benchmarks.dispatch.tables import table
from sqlalchemy import Connection

from outdial.domain.clock import utc_now
from outdial.store.calls import leases
from outdial.store.calls.calendar import claim
from outdial.store.calls.lanes import lanes_due
from outdial.store.database import Database

_DUE: Final = 100
_LARGE: Final = "calls|call_requests|attempts|events"
"""Tables that grow; the others are small, and read whole where that is cheapest."""
_WHOLE: Final = re.compile(rf"\bSCAN (c|{_LARGE})\b|Seq Scan on ({_LARGE})\b")
_ACCESS: Final = re.compile(rf"\b(SCAN|SEARCH) (c|{_LARGE})\b|\bon ({_LARGE})\b|\bIndex Cond:|Bitmap Index Scan")
_EXPLAIN: Final = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN (COSTS OFF) "}
_OF_THE_CALENDAR: Final = re.compile(rf"\b({_LARGE})\b")
_OF_ONE_TERM: Final = re.compile(r"(?<=[a-z])_\d+\b|'[^']*'(::\w+)?")
"""What differs from term to term of a UNION: the engine's numbers, and values."""


@dataclass
class Sent:
    sql: str
    values: Any
    took_ms: float = 0.0
    plan: list[str] = field(default_factory=list)

    @property
    def reads_whole(self) -> bool:
        return any(_WHOLE.search(line) for line in self.plan)

    @property
    def begins(self) -> str:
        return " ".join(self.sql.split())[:90]


async def plans(shelf: Shelf, scale: Scale) -> str:
    future = scale.futures[-1]
    rows, details = [], []
    for engine in scale.engines:
        platform = await shelf.outdial(engine, future, WIDE)
        sent = await _of_one_claim(platform)
        whole = [one for one in sent if one.reads_whole]
        verdict = "**reads a table whole**" if whole else "seeks only"
        rows.append((engine, str(len(sent)), f"{sum(one.took_ms for one in sent):.1f}", verdict))
        details += [_detail(engine, one) for one in sent]
    header = ("", "statements on the calendar", "ms", "plans")
    title = f"One claim of {_DUE} due calls with {future:,} waiting for tomorrow"
    return table(title, header, rows) + "\n" + "\n".join(details)


def _detail(engine: str, one: Sent) -> str:
    access = [line.strip(" ->") for line in one.plan if _ACCESS.search(line)]
    mark = "WHOLE " if one.reads_whole else ""
    distinct = list(dict.fromkeys(_OF_ONE_TERM.sub("", line) for line in access))
    return "\n".join([f"{mark}{engine} {one.took_ms:.2f} ms: {one.begins}", *(f"      {line}" for line in distinct)])


class _Undone(Exception):
    """Rolls the transaction back."""


async def _of_one_claim(platform: Outdial) -> Sequence[Sent]:
    """Claims twice in one transaction that is rolled back: the second time, with warm caches, is the one told of."""
    await platform.schedule(long_due(2 * _DUE))
    db = await Database.open(platform.url, migrate=False)
    asked: list[Sent] = []

    def work(conn: Connection) -> None:
        holder = leases.acquire(conn, "plans", utc_now(), 30)
        with _caught() as sent:
            for _ in range(2):
                sent.clear()
                now = utc_now()
                claim(conn, holder, lanes_due(conn, now), _DUE, now, rng=Random(7))
        asked.extend(one for one in sent if _OF_THE_CALENDAR.search(one.sql))
        for one in asked:
            one.plan = _plan(conn, _EXPLAIN[platform.engine], one)
        raise _Undone

    try:
        with suppress(_Undone):
            await db.write(work)
    finally:
        await db.close()
        await platform.give_up()
    return asked


@contextmanager
def _caught() -> Iterator[list[Sent]]:
    """Filled with what any engine sends meanwhile; rows that are inserted have no plan worth a look."""
    sent: list[Sent] = []
    began_s = 0.0

    def before(*_: Any) -> None:
        nonlocal began_s
        began_s = time.perf_counter()

    def after(_: Any, __: Any, sql: str, values: Any, ___: Any, many: bool) -> None:
        if not many and not sql.startswith(("INSERT", "EXPLAIN")):
            sent.append(Sent(sql, values, 1000 * (time.perf_counter() - began_s)))

    hooks = (("before_cursor_execute", before), ("after_cursor_execute", after))
    for name, hook in hooks:
        sa.event.listen(sa.Engine, name, hook)
    try:
        yield sent
    finally:
        for name, hook in hooks:
            sa.event.remove(sa.Engine, name, hook)


def _plan(conn: Connection, explain: str, one: Sent) -> list[str]:
    lines = conn.exec_driver_sql(explain + one.sql, tuple(one.values))
    return [str(row[-1]) for row in lines]
