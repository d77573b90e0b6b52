"""A year of calls on a virtual clock: each rings only within its window and its callee's hours, and never too often."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from attempt_builders import a_result, a_talk
from dialer_builders import SettableClock, World, ask, claim_due, finish
from outdial.domain.call import TERMINAL, WAITING, CallState
from outdial.domain.events import EventType
from outdial.domain.outcome import ANSWERED, RETRY_CLASS, Outcome
from outdial.domain.request import Overrides
from outdial.domain.rules import CallingHours, CallingPolicy, Rules
from outdial.store import schema
from outdial.store.calls import leases
from outdial.store.calls.calendar import Claim
from outdial.store.database import Database
from outdial.store.events import append, events_of_call
from store_builders import a_database
from workspace_builders import Office, an_office

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
NINE_TO_EIGHT = Rules(CallingPolicy(CallingHours(time(9), time(20)), per_day=2, per_week=3))
HOMES = {
    "+12025550143": "America/New_York",
    "+17095550143": "America/St_Johns",
    "+442071234567": "Europe/London",
    "+919876543210": "Asia/Kolkata",
    "+9779812345678": "Asia/Kathmandu",
    "+61881234567": "Australia/Adelaide",
    "+61212345678": "Australia/Sydney",
    "+64211234567": "Pacific/Auckland",
    "+6857212345": "Pacific/Apia",
    "+5511987654321": "America/Sao_Paulo",
    "+56221234567": "America/Santiago",
    "+27821234567": "Africa/Johannesburg",
    "+4930123456": "Europe/Berlin",
    "+18085550143": "Pacific/Honolulu",
}
"""Numbers, and a zone each of them is in whatever else it may be in."""
CUSTOMERS_ZONES = ("Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Chatham", "Europe/London", "UTC")


@dataclass(frozen=True)
class Story:
    """One call: whom, when, how often, and what each dial comes to."""

    to_number: str
    scheduled: timedelta
    window: tuple[time, time, str] | None
    retries: int
    outcomes: Sequence[Outcome]

    @property
    def overrides(self) -> Overrides:
        start, end, zone = self.window or (None, None, None)
        return Overrides(
            retry_count=self.retries,
            retry_busy_min=30,
            retry_not_picked_min=600,
            retry_failed_min=0,
            scheduled_at=NEW_YEAR + self.scheduled,
            window_start=start,
            window_end=end,
            timezone=zone,
            has_window=self.window is not None,
        )

    def allows(self, at: datetime) -> bool:
        """By the clocks on the walls, minute by minute: nothing of the product's own arithmetic."""
        at_home = at.astimezone(ZoneInfo(HOMES[self.to_number])).time()
        if not time(9) <= at_home < time(20):
            return False
        if self.window is None:
            return True
        start, end, zone = self.window
        minute = at.astimezone(ZoneInfo(zone)).time().replace(second=0, microsecond=0)
        return start <= minute <= end if start <= end else minute >= start or minute <= end


# Eight hours at least: every two such windows and nine to eight share a moment somewhere in the day, or never ring.
_windows = st.tuples(
    st.integers(0, 23).map(lambda hour: time(hour, 15)), st.integers(8, 20), st.sampled_from(CUSTOMERS_ZONES)
).map(lambda drawn: (drawn[0], time((drawn[0].hour + drawn[1]) % 24, 45), drawn[2]))
_stories = st.builds(
    Story,
    to_number=st.sampled_from(sorted(HOMES)),
    scheduled=st.integers(0, 364 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    window=st.none() | _windows,
    retries=st.integers(0, 4),
    outcomes=st.lists(st.sampled_from(list(Outcome)), min_size=5, max_size=5),
)


@settings(max_examples=6, deadline=None)
@given(told=st.lists(_stories, min_size=8, max_size=14))
def test_nobody_is_rung_at_the_wrong_hour_or_too_often(told: list[Story]) -> None:
    asyncio.run(_live_through(told))


async def _live_through(told: Sequence[Story]) -> None:
    with TemporaryDirectory() as folder:
        async with a_database("sqlite", Path(folder)) as database:
            clock = SettableClock(NEW_YEAR)
            office = await an_office(database, now=clock)
            await _lay_down(office, NINE_TO_EIGHT)
            calls = {
                (await office.place(clock, to_number=story.to_number, overrides=story.overrides)).call_id: story
                for story in told
            }

            dials = [dial async for dial in _a_year(database, clock, calls)]
            await World(database, clock).analysed()

            rung: dict[str, list[datetime]] = defaultdict(list)
            for call_id, at in dials:
                assert calls[call_id].allows(at), (calls[call_id], at)
                rung[calls[call_id].to_number].append(at)
            for moments in rung.values():
                assert all(count <= 2 for count in _in_any(timedelta(hours=24), moments))
                assert all(count <= 3 for count in _in_any(timedelta(days=7), moments))
            for call_id, story in calls.items():
                await database.read(_ended_once, call_id, story, dials=sum(dialled == call_id for dialled, _ in dials))


async def _lay_down(office: Office, rules: Rules) -> None:
    def work(conn: Connection) -> None:
        conn.execute(schema.workspaces.update().values(settings=rules.to_json()))

    await office.db.write(work)


async def _a_year(
    database: Database, clock: SettableClock, calls: dict[str, Story]
) -> AsyncIterator[tuple[str, datetime]]:
    """Every dial, while the clock jumps from one due moment to the next."""
    rng = Random(7)
    while (due_at := await database.read(_next_due)) is not None:
        clock.now = max(clock.now, due_at)
        assert clock.now < NEW_YEAR + 2 * YEAR, "the calendar does not come to an end"
        for one in await _claimed(database, clock(), rng):
            if await _dialled(database, one, clock()):
                yield one.call_id, clock()
                await _ends(database, one, calls[one.call_id], clock() + timedelta(seconds=20))
        clock.forward(seconds=21)


async def _claimed(database: Database, now: datetime, rng: Random) -> list[Claim]:
    def work(conn: Connection) -> list[Claim]:
        return claim_due(conn, leases.acquire(conn, "node", now, 30), now, room=100, rng=rng)

    return await database.write(work)


def _next_due(conn: Connection) -> datetime | None:
    waiting = sa.select(sa.func.min(schema.calls.c.due_at)).where(schema.calls.c.state.in_(sorted(WAITING)))
    found: datetime | None = conn.scalar(waiting)
    return found


async def _dialled(database: Database, one: Claim, now: datetime) -> bool:
    def work(conn: Connection) -> bool:
        leave = ask(conn, one, now)
        append(conn, leave.facts if leave else ())
        return leave is not None

    return await database.write(work)


async def _ends(database: Database, one: Claim, story: Story, at: datetime) -> None:
    outcome = story.outcomes[one.attempt - 1]
    result = a_result(outcome, at=at, talk=a_talk() if outcome in ANSWERED else None)

    def work(conn: Connection) -> None:
        done = finish(conn, one, result)
        assert done is not None
        append(conn, done.facts)

    await database.write(work)


def _in_any(span: timedelta, moments: Sequence[datetime]) -> Iterator[int]:
    """How many moments lie within ``span``, from each of them on."""
    for first in moments:
        yield sum(first <= other < first + span for other in moments)


def _ended_once(conn: Connection, call_id: str, story: Story, *, dials: int) -> None:
    row = conn.execute(sa.select(schema.calls).where(schema.calls.c.id == call_id)).mappings().one()
    told = [event.type for event in events_of_call(conn, call_id)]
    assert row["state"] in TERMINAL
    assert told.count(EventType.CALL_ENDED) == told.count(EventType.PROCESSED) == 1
    if row["state"] == CallState.CANCELLED and row["reason"]:
        assert dials <= story.retries, "stopped by the policy before its last dial"
    else:
        assert dials == _promised(story)


def _promised(story: Story) -> int:
    """Dials until something happens after which nobody is rung again."""
    for index, outcome in enumerate(story.outcomes[: story.retries + 1], 1):
        if outcome not in RETRY_CLASS:
            return index
    return story.retries + 1
