"""When somebody may be rung, held against a clerk who looks at every clock once a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outdial.domain.calling import Callee, Leave, leave_to_ring
from outdial.domain.request import Window
from outdial.domain.rules import CallingHours, CallingPolicy
from outdial.domain.waiting import Cause
from outdial.domain.zones import zones_of

NEW_YORKER = Callee("+12125550100")
BY_DAY = CallingPolicy(CallingHours(time(8), time(21)))
OFF = CallingPolicy()
DAY, WEEK, HORIZON = timedelta(days=1), timedelta(days=7), timedelta(days=14)
MINUTE = timedelta(minutes=1)

# Numbers of zones with half-hour and 45-minute offsets, on both sides of the date line, of several zones at once.
NUMBERS = {
    "+12125550100": "New York",
    "+17095550123": "Newfoundland",
    "+442079460018": "London",
    "+919876543210": "India",
    "+9779841234567": "Nepal",
    "+989121234567": "Iran",
    "+212650123456": "Morocco",
    "+5511961234567": "São Paulo",
    "+61881234567": "Adelaide and Perth",
    "+61412345678": "all of Australia, Lord Howe included",
    "+6433050123": "Chatham",
    "+6857212345": "Samoa",
    "+68672012345": "all of Kiribati",
    "+79161234567": "all of Russia",
    "+18005550100": "all of North America",
}
ZONES = [
    "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Australia/Adelaide", "America/St_Johns",
    "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati", "Africa/Casablanca", "America/Sao_Paulo",
    "Europe/London", "America/New_York", "Asia/Tehran", "UTC",
]  # fmt: skip
# Iran, Brazil and Samoa have stopped changing their clocks; Samoa left out a day on its way over the date line.
YEARS = [(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 2, 1, tzinfo=UTC)) for year in (2011, 2018, 2026)]


@lru_cache
def clock_changes(number: str) -> list[datetime]:
    """Roughly, every change of a clock the number may go by in ``YEARS``."""
    return [
        first + step * DAY / 4
        for first, last in YEARS
        for zone in map(ZoneInfo, zones_of(number))
        for step in range((last - first) * 4 // DAY)
        if (first + step * DAY / 4).astimezone(zone).utcoffset()
        != (first + (step + 1) * DAY / 4).astimezone(zone).utcoffset()
    ] or [first for first, _ in YEARS]


MINUTES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
HALF_HOURS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
TIMES = HALF_HOURS | MINUTES
HOURS = st.builds(CallingHours, TIMES, TIMES).filter(lambda hours: hours.opens != hours.closes)
CAPS = st.none() | st.integers(1, 4)
POLICIES = st.builds(CallingPolicy, st.none() | HOURS, CAPS, CAPS)
WINDOWS = st.none() | st.builds(Window, TIMES, TIMES, st.sampled_from(ZONES))
SPANS = st.builds(timedelta, seconds=st.integers(-20 * 3600, 10 * 3600))
ANYTIME = st.sampled_from(YEARS).flatmap(
    lambda year: st.datetimes(*(end.replace(tzinfo=None) for end in year), timezones=st.just(UTC))
)


def asking(number: str) -> st.SearchStrategy[tuple[str, datetime]]:
    """A number and a moment, mostly one shortly before or after a change of its clock."""
    around = st.builds(lambda change, span: change + span, st.sampled_from(clock_changes(number)), SPANS)
    return st.tuples(st.just(number), around | ANYTIME)


ASKING = st.sampled_from(sorted(NUMBERS)).flatmap(asking)
AGO = st.lists(st.timedeltas(timedelta(), WEEK - timedelta(microseconds=1)), max_size=6)
STRANGE = settings(max_examples=60, deadline=None)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@lru_cache(maxsize=200_000)
def wall_minute(minute: datetime, zone: str) -> int:
    wall = minute.astimezone(ZoneInfo(zone))
    return wall.hour * 60 + wall.minute


def in_window(instant: datetime, window: Window | None) -> bool:
    if window is None:
        return True
    start, end = (at.hour * 60 + at.minute for at in (window.start, window.end))
    shown = wall_minute(instant.replace(second=0, microsecond=0), window.timezone)
    if start == end:
        return True
    return start <= shown <= end if start < end else shown >= start or shown <= end


def in_hours(instant: datetime, policy: CallingPolicy, number: str) -> bool:
    if policy.hours is None:
        return True
    opens, closes = (at.hour * 60 + at.minute for at in (policy.hours.opens, policy.hours.closes))
    minute = instant.replace(second=0, microsecond=0)
    shown = [wall_minute(minute, zone) for zone in zones_of(number)]
    if opens < closes:
        return all(opens <= minute < closes for minute in shown)
    return all(minute >= opens or minute < closes for minute in shown)


def in_caps(instant: datetime, policy: CallingPolicy, dials: tuple[datetime, ...]) -> bool:
    a_day = sum(dial > instant - DAY for dial in dials)
    a_week = sum(dial > instant - WEEK for dial in dials)
    return (policy.per_day is None or a_day < policy.per_day) and (policy.per_week is None or a_week < policy.per_week)


def the_clerk_says(now: datetime, dials: tuple[datetime, ...], *allowed: Callable[[datetime], bool]) -> datetime | None:
    """The first moment at which all allow it, of those at which anything can change; None: none for three weeks."""
    ends = sorted({dial + span for dial in dials for span in (DAY, WEEK) if dial + span > now})
    minute = now.replace(second=0, microsecond=0)
    moment: datetime | None = now
    while moment is not None and moment <= now + WEEK + HORIZON:
        if all(allows(moment) for allows in allowed):
            return moment
        minute += MINUTE
        while ends and ends[0] < minute:
            if all(allows(ends[0]) for allows in allowed):
                return ends[0]
            ends.pop(0)
        moment = minute
    return None


class TestQuietHours:
    @pytest.mark.parametrize(
        ("asked", "allowed"),
        [
            ("2026-03-02T07:59:59-05:00", "2026-03-02T08:00:00-05:00"),
            ("2026-03-02T08:00:00-05:00", "2026-03-02T08:00:00-05:00"),
            ("2026-03-02T20:59:59-05:00", "2026-03-02T20:59:59-05:00"),
            ("2026-03-02T21:00:00-05:00", "2026-03-03T08:00:00-05:00"),
        ],
    )
    def test_go_by_the_clock_of_the_person_and_end_with_the_minute_named(self, asked: str, allowed: str) -> None:
        assert leave_to_ring(at(asked), None, BY_DAY, NEW_YORKER).at == at(allowed)

    def test_may_cross_midnight(self) -> None:
        by_night = CallingPolicy(CallingHours(time(22), time(6)))

        assert leave_to_ring(at("2026-03-02T05:59:59-05:00"), None, by_night, NEW_YORKER).causes == ()
        assert leave_to_ring(at("2026-03-02T06:00:00-05:00"), None, by_night, NEW_YORKER) == Leave(
            at("2026-03-02T22:00:00-05:00"), (Cause.POLICY_HOURS,)
        )

    def test_until_midnight_close_at_midnight(self) -> None:
        evening = CallingPolicy(CallingHours(time(18), time(0)))

        assert leave_to_ring(at("2026-03-02T23:59:59-05:00"), None, evening, NEW_YORKER).causes == ()
        assert leave_to_ring(at("2026-03-03T00:00:00-05:00"), None, evening, NEW_YORKER).at == at(
            "2026-03-03T18:00:00-05:00"
        )

    def test_of_a_single_minute_are_open_for_that_minute(self) -> None:
        a_minute = CallingPolicy(CallingHours(time(8), time(8, 1)))

        assert leave_to_ring(at("2026-03-02T08:00:59-05:00"), None, a_minute, NEW_YORKER).causes == ()
        assert leave_to_ring(at("2026-03-02T08:01:00-05:00"), None, a_minute, NEW_YORKER).at == at(
            "2026-03-03T08:00:00-05:00"
        )

    def test_hold_wherever_the_person_may_be(self) -> None:
        newfoundland_or_labrador = Callee("+17095550123")

        opens = leave_to_ring(at("2026-03-02T00:00:00-04:00"), None, BY_DAY, newfoundland_or_labrador).at
        closed = leave_to_ring(at("2026-03-02T21:00:00-03:30"), None, BY_DAY, newfoundland_or_labrador).at

        assert opens == at("2026-03-02T08:00:00-04:00")
        assert closed == at("2026-03-03T08:00:00-04:00")

    def test_that_never_come_everywhere_at_once_forbid_the_call(self) -> None:
        an_hour = CallingPolicy(CallingHours(time(9), time(10)))

        leave = leave_to_ring(at("2026-03-02T12:00:00Z"), None, an_hour, Callee("+79161234567"))

        assert leave.at is None
        assert leave.forbidden.startswith(
            "within 14 days there is no moment in the calling policy's hours (09:00-10:00"
        )

    def test_that_never_meet_the_window_forbid_the_call(self) -> None:
        window = Window(time(9), time(17), "Asia/Kolkata")

        leave = leave_to_ring(at("2026-03-02T12:00:00Z"), window, BY_DAY, NEW_YORKER)

        assert leave == Leave(
            None,
            forbidden="within 14 days there is no moment in the calling policy's hours (08:00-21:00 America/New_York) "
            "and in the call's window (09:00-17:00 Asia/Kolkata)",
        )

    def test_forbid_a_number_that_tells_no_zone(self) -> None:
        leave = leave_to_ring(at("2026-03-02T12:00:00Z"), None, BY_DAY, Callee("+881612345678"))

        assert leave.at is None
        assert "time zone" in leave.forbidden

    def test_that_are_off_ask_for_no_zone(self) -> None:
        now = at("2026-03-02T03:00:00Z")

        assert leave_to_ring(now, None, OFF, Callee("+881612345678")) == Leave(now)


class TestAWindow:
    def test_nobody_can_read_forbids_the_call(self) -> None:
        leave = leave_to_ring(at("2026-03-02T12:00:00Z"), Window(timezone="Mars/Olympus"), OFF, NEW_YORKER)

        assert leave.at is None
        assert "'Mars/Olympus' is not a known time zone" in leave.forbidden

    def test_that_is_closed_is_a_cause_of_its_own(self) -> None:
        window = Window(time(9), time(17), "America/New_York")

        leave = leave_to_ring(at("2026-03-02T08:30:00-05:00"), window, BY_DAY, NEW_YORKER)

        assert leave == Leave(at("2026-03-02T09:00:00-05:00"), (Cause.WINDOW,))

    def test_and_policy_are_both_named_when_both_are_closed(self) -> None:
        window = Window(time(9), time(17), "America/New_York")

        leave = leave_to_ring(at("2026-03-02T07:30:00-05:00"), window, BY_DAY, NEW_YORKER)

        assert leave == Leave(at("2026-03-02T09:00:00-05:00"), (Cause.WINDOW, Cause.POLICY_HOURS))

    def test_and_policy_are_both_named_when_one_opens_after_the_other_has_closed(self) -> None:
        window = Window(time(20), time(7), "America/New_York")

        leave = leave_to_ring(at("2026-03-02T06:00:00-05:00"), window, BY_DAY, NEW_YORKER)

        assert leave == Leave(at("2026-03-02T20:00:00-05:00"), (Cause.WINDOW, Cause.POLICY_HOURS))

    def test_and_policy_are_both_named_when_the_policy_has_closed_before_the_window_opens(self) -> None:
        window = Window(time(22), time(9), "America/New_York")

        leave = leave_to_ring(at("2026-03-02T20:00:00-05:00"), window, BY_DAY, NEW_YORKER)

        assert leave == Leave(at("2026-03-03T08:00:00-05:00"), (Cause.WINDOW, Cause.POLICY_HOURS))


class TestSuppression:
    def test_forbids_the_call(self) -> None:
        leave = leave_to_ring(at("2026-03-02T12:00:00Z"), None, OFF, replace(NEW_YORKER, suppressed=True))

        assert leave == Leave(None, forbidden="the number is on the suppression list")

    def test_that_is_switched_off_forbids_nothing(self) -> None:
        now = at("2026-03-02T12:00:00Z")

        leave = leave_to_ring(now, None, CallingPolicy(suppression=False), replace(NEW_YORKER, suppressed=True))

        assert leave == Leave(now)


class TestCaps:
    NOW = at("2026-03-02T12:00:00Z")

    def rung(self, *hours_ago: float) -> Callee:
        return replace(NEW_YORKER, dials=tuple(self.NOW - timedelta(hours=hours) for hours in hours_ago))

    def test_of_a_day_wait_until_one_dial_is_a_day_old(self) -> None:
        twice = CallingPolicy(per_day=2)

        assert leave_to_ring(self.NOW, None, twice, self.rung(30, 3)) == Leave(self.NOW)
        assert leave_to_ring(self.NOW, None, twice, self.rung(30, 5, 3)) == Leave(
            self.NOW + timedelta(hours=19), (Cause.POLICY_HOURS,)
        )

    def test_of_a_week_wait_until_one_dial_is_a_week_old(self) -> None:
        leave = leave_to_ring(self.NOW, None, CallingPolicy(per_day=2, per_week=3), self.rung(100, 50, 30))

        assert leave == Leave(self.NOW + timedelta(hours=168 - 100), (Cause.POLICY_HOURS,))

    def test_count_a_dial_until_it_is_exactly_a_day_old(self) -> None:
        once = CallingPolicy(per_day=1)

        assert leave_to_ring(self.NOW, None, once, self.rung(24)) == Leave(self.NOW)

    def test_wait_for_the_hours_too(self) -> None:
        # A day after that dial it is 03:00 in New York.
        leave = leave_to_ring(self.NOW, None, replace(BY_DAY, per_day=1), self.rung(4))

        assert leave == Leave(at("2026-03-03T08:00:00-05:00"), (Cause.POLICY_HOURS,))

    def test_of_none_forbid_every_call(self) -> None:
        leave = leave_to_ring(self.NOW, None, CallingPolicy(per_day=0), NEW_YORKER)

        assert leave == Leave(None, forbidden="the calling policy allows no dials at all")


class TestThroughAYearOfClockChanges:
    @STRANGE
    @given(ASKING, WINDOWS, POLICIES, AGO)
    def test_nothing_rings_outside_nor_later_than_it_might(
        self, asking: tuple[str, datetime], window: Window | None, policy: CallingPolicy, ago: list[timedelta]
    ) -> None:
        number, now = asking
        callee = Callee(number, dials=tuple(sorted(now - span for span in ago)))

        def by_window(moment: datetime) -> bool:
            return in_window(moment, window)

        def by_policy(moment: datetime) -> bool:
            return in_caps(moment, policy, callee.dials) and in_hours(moment, policy, number)

        leave = leave_to_ring(now, window, policy, callee)

        first = the_clerk_says(now, callee.dials, by_window, by_policy)
        if leave.at is None:
            rested = the_clerk_says(now, callee.dials, lambda moment: in_caps(moment, policy, callee.dials))
            assert rested is not None
            assert first is None or first > rested + HORIZON
            assert leave.forbidden
            return
        assert leave.at == first
        named = {
            cause
            for cause, closed, other in (
                (Cause.WINDOW, not by_window(now), by_policy),
                (Cause.POLICY_HOURS, not by_policy(now), by_window),
            )
            if closed or the_clerk_says(now, callee.dials, other) != first
        }
        assert set(leave.causes) == named
        assert leave_to_ring(leave.at, window, policy, callee) == Leave(leave.at)

    @STRANGE
    @given(
        ASKING,
        st.builds(CallingPolicy, st.just(CallingHours(time(8), time(21))), st.integers(1, 3), st.integers(1, 6)),
        st.lists(st.timedeltas(timedelta(), timedelta(hours=30)), min_size=10, max_size=30),
    )
    def test_nobody_who_waits_for_leave_rings_a_person_too_often(
        self, asking: tuple[str, datetime], policy: CallingPolicy, pauses: list[timedelta]
    ) -> None:
        number, now = asking
        dials: list[datetime] = []

        for pause in pauses:
            lately = tuple(dial for dial in dials if dial > now - WEEK)
            rings = leave_to_ring(now, None, policy, Callee(number, dials=lately)).at
            assert rings is not None
            dials.append(rings)
            now = rings + pause

        assert policy.per_day is not None
        assert policy.per_week is not None
        for dial in dials:
            assert sum(dial <= other < dial + DAY for other in dials) <= policy.per_day
            assert sum(dial <= other < dial + WEEK for other in dials) <= policy.per_week
